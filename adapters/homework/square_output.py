import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    size = min((padded.shape[0] - k_h) // stride, (padded.shape[1] - k_w) // stride) + 1
    output = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            window = padded[i * stride:i * stride + k_h, j * stride:j * stride + k_w]
            output[i, j] = np.sum(window * kernel)
    return output
