"""The 8x8 handwritten digits, from a file in this folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .files import read_table, require_range

_FILE = Path(__file__).with_name("digits.csv.gz")


class Digits(NamedTuple):
    """What `load_digits` returns.

    Shapes:
        images: (1797, 8, 8), float32, integers 0 (white) to 16 (black).
        labels: (1797,), int64, the digit, 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray


def load_digits() -> Digits:
    """1,797 real handwritten digits, as `(images, labels)`: fresh arrays at every call.

    The pixels are float32, so that `images / 16` goes into a float32 network as it is (integers
    divided by 16 would become float64).

    Shapes: images (1797, 8, 8), values 0 to 16; labels (1797,), values 0 to 9.
    Errors: DataFileError if the installed file is damaged.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, CC BY 4.0.
        The test part: the 13 writers whom none of the training images came from.
    Example:
        >>> images, labels = load_digits()
        >>> images.shape, images.dtype, labels[:5]
        ((1797, 8, 8), dtype('float32'), array([0, 1, 2, 3, 4]))
        >>> for row in images[0]:
        ...     print("".join(".-oO"[int(pixel) // 5] for pixel in row))
        ..-o-...
        ..oOoO-.
        ..O..o-.
        ..o..--.
        .--..--.
        ..o..o-.
        ..o-oo..
        ..-oo...
    """
    return read_digits(_FILE)


def read_digits(path: str | os.PathLike[str]) -> Digits:
    """The digits in a file of the format that `LICENSES.md` describes.

    Errors: DataFileError if the file is not exactly that.
    """
    table = read_table(path, rows=1797, columns=65)
    pixels, labels = table[:, :64], table[:, 64]
    require_range(path, "a pixel", pixels, 0, 16, whole=True)
    require_range(path, "the label", labels, 0, 9, whole=True)
    return Digits(pixels.astype(np.float32).reshape(-1, 8, 8), labels.astype(np.int64))
