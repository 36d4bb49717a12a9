"""The programs that the lesson shows. A test runs them and holds them against the reference."""

from typing import Final

ONE_STEP: Final = """\
window = picture[0:3, 0:3]
number = np.sum(window * weights)
"""

DOUBLE_LOOP: Final = """\
feature = np.zeros((6, 5))
for i in range(6):
    for j in range(5):
        window = picture[i:i + 3, j:j + 3]
        feature[i, j] = np.sum(window * weights)
"""

COMPLETE: Final = '''\
import numpy as np


def convolve(picture, weights, padding=0, stride=1):
    """Slide the weights over the picture; sum the products at each position."""
    picture = np.pad(picture, padding)
    height, width = weights.shape
    rows = (picture.shape[0] - height) // stride + 1
    columns = (picture.shape[1] - width) // stride + 1
    feature = np.zeros((rows, columns))
    for top in range(0, rows * stride, stride):
        for left in range(0, columns * stride, stride):
            window = picture[top:top + height, left:left + width]
            feature[top // stride, left // stride] = np.sum(window * weights)
    return feature


picture = np.array([[10, 10, 10, 0, 0, 0, 0]] * 8)
weights = np.array([[1, 0, -1]] * 3)
print(convolve(picture, weights))
'''
