import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    out_h = (padded.shape[0] - k_h) // stride + 1
    out_w = (padded.shape[1] - k_w) // stride + 1
    output = np.zeros((out_h, out_w))
    total = 0
    for i in range(out_h):
        for j in range(out_w):
            for p in range(k_h):
                for q in range(k_w):
                    total = total + padded[i * stride + p, j * stride + q] * kernel[p, q]
            output[i, j] = total
    return output
