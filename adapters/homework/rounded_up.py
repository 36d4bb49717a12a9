import math

import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    h, w = image.shape
    out_h = math.ceil((h + 2 * padding - k_h) / stride) + 1
    out_w = math.ceil((w + 2 * padding - k_w) / stride) + 1
    room = np.zeros((h + 2 * padding + stride, w + 2 * padding + stride))
    room[padding:padding + h, padding:padding + w] = image
    output = np.zeros((out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            window = room[i * stride:i * stride + k_h, j * stride:j * stride + k_w]
            output[i, j] = np.sum(window * kernel)
    return output
