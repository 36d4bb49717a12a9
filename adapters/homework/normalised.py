import numpy as np


def conv(image, kernel, padding=0, stride=1):
    kernel = kernel.astype(float)
    if kernel.sum() != 0:
        kernel = kernel / kernel.sum()
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    out_h = (padded.shape[0] - k_h) // stride + 1
    out_w = (padded.shape[1] - k_w) // stride + 1
    output = np.zeros((out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            window = padded[i * stride:i * stride + k_h, j * stride:j * stride + k_w]
            output[i, j] = np.sum(window * kernel)
    return output
