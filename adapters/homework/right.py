import numpy as np


def conv(image, kernel, padding=0, stride=1):
    size = kernel.shape[0]
    out_h = (image.shape[0] + 2 * padding - size) // stride + 1
    out_w = (image.shape[1] + 2 * padding - size) // stride + 1
    padded = np.pad(image, padding)
    output = np.zeros((out_h, out_w))
    for y in range(0, padded.shape[0] - size + 1, stride):
        for x in range(0, padded.shape[1] - size + 1, stride):
            window = padded[y:y + size, x:x + size]
            output[y // stride, x // stride] = np.sum(window * kernel)
    return output
