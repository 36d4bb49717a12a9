import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    h, w = image.shape
    out_h = int((h + 2 * padding - k_h) / stride)
    out_w = int((w + 2 * padding - k_w) / stride)
    padded = np.zeros((h + 2 * padding, w + 2 * padding))
    padded[padding:padding + h, padding:padding + w] = image
    output = np.zeros((out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            output[i, j] = np.sum(padded[i * stride:i * stride + k_h, j * stride:j * stride + k_w] * kernel)
    return output
