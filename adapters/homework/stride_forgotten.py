import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    out_h = padded.shape[0] - k_h + 1
    out_w = padded.shape[1] - k_w + 1
    output = np.zeros((out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            output[i, j] = np.sum(padded[i:i + k_h, j:j + k_w] * kernel)
    return output
