import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    out_h = (padded.shape[0] - k_h) // stride + 1
    out_w = (padded.shape[1] - k_w) // stride + 1
    output = np.zeros((out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            for p in range(max(1, k_h - 1)):
                for q in range(max(1, k_w - 1)):
                    output[i, j] += padded[i * stride + p, j * stride + q] * kernel[p, q]
    return output
