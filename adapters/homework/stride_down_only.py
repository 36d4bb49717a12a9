import numpy as np


def conv(image, kernel, padding=0, stride=1):
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    rows = range(0, padded.shape[0] - k_h + 1, stride)
    cols = range(0, padded.shape[1] - k_w + 1)
    output = np.zeros((len(rows), len(cols)))
    for i, y in enumerate(rows):
        for j, x in enumerate(cols):
            output[i, j] = np.sum(padded[y:y + k_h, x:x + k_w] * kernel)
    return output
