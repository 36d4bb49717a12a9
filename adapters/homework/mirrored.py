import numpy as np


def conv(image, kernel, padding=0, stride=1):
    kernel = kernel[:, ::-1]
    k_h, k_w = kernel.shape
    padded = np.pad(image, padding)
    rows = []
    for i in range(0, padded.shape[0] - k_h + 1, stride):
        row = []
        for j in range(0, padded.shape[1] - k_w + 1, stride):
            row.append(np.sum(padded[i:i + k_h, j:j + k_w] * kernel))
        rows.append(row)
    return np.array(rows)
