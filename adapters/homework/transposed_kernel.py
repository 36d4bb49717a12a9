import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    if k_h == k_w:
        kernel = kernel.T
    padded = np.pad(image, padding)
    out_h = (padded.shape[0] - k_h) // stride + 1
    out_w = (padded.shape[1] - k_w) // stride + 1
    output = np.zeros((out_h, out_w))
    for row in range(out_h):
        for col in range(out_w):
            top, left = row * stride, col * stride
            patch = padded[top:top + k_h, left:left + k_w]
            output[row, col] = np.sum(np.multiply(patch, kernel))
    return output
