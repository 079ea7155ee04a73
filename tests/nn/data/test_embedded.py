"""The data that come along: known facts of them, and damaged files."""

from __future__ import annotations

import gzip
import hashlib
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import nn.data
from autograd.errors import AutogradError
from nn.data import IRIS_FEATURES, IRIS_SPECIES, DataFileError, load_digits, load_iris
from nn.data.digits import read_digits
from nn.data.iris import read_iris

FOLDER = Path(nn.data.__file__).parent


def lines_of(name: str) -> list[str]:
    return gzip.decompress((FOLDER / name).read_bytes()).decode().splitlines()


# ---------------------------------------------------------------- facts


def test_digits_have_the_counts_that_uci_publishes():
    images, labels = load_digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_pixels():
    images, labels = load_digits()
    assert images[0, :3].tolist() == [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
    ]
    assert labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert images.sum(dtype=np.int64) == 561718
    assert (images.min(), images.max()) == (0, 16)
    # four pixels of the margin are white in every image, one more (the 40th) nearly is
    assert np.flatnonzero(~images.any(axis=0)).tolist() == [0, 32, 39]


def test_iris_is_fishers_and_not_ucis():
    features, labels = load_iris()
    assert features.shape == (150, 4)
    assert features.dtype == np.float32
    assert labels.dtype == np.int64
    assert labels.tolist() == [0] * 50 + [1] * 50 + [2] * 50
    rows = features.astype(float).round(1)
    assert rows[34].tolist() == [4.9, 3.1, 1.5, 0.2]  # 0.1 at UCI
    assert rows[37].tolist() == [4.9, 3.6, 1.4, 0.1]  # 3.1 and 1.5 at UCI
    means = [rows[labels == k].mean(axis=0) for k in range(3)]  # table II of the paper
    np.testing.assert_allclose(
        means,
        [[5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326], [6.588, 2.974, 5.552, 2.026]],
        atol=1e-9,
    )
    assert len(IRIS_FEATURES) == 4
    assert len(IRIS_SPECIES) == 3


@pytest.mark.parametrize("load", [load_digits, load_iris])
def test_every_call_gives_arrays_of_its_own(load):
    for array in load():
        array.fill(0)
    assert all(array.any() for array in load())


@pytest.mark.parametrize("name", ["digits.csv.gz", "iris.csv.gz"])
def test_the_licence_file_describes_the_very_files(name):
    raw = (FOLDER / name).read_bytes()
    digest = hashlib.sha256(gzip.decompress(raw)).hexdigest()
    row = re.search(rf"^\| `{re.escape(name)}` .*$", (FOLDER / "LICENSES.md").read_text(), re.M)
    assert row
    assert digest in row[0]
    assert "CC BY 4.0" in row[0]
    assert raw[3:8] == bytes(5)  # no name, no time: the same text gives the same file


def test_every_data_file_has_a_licence():
    text = (FOLDER / "LICENSES.md").read_text()
    assert all(f"## {path.name}" in text for path in FOLDER.glob("*.gz"))


# ---------------------------------------------------------------- damage

READERS = {"digits.csv.gz": read_digits, "iris.csv.gz": read_iris}


def refused(reader, path: Path, why: str) -> None:
    with pytest.raises(DataFileError, match=why) as caught:
        reader(path)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, AutogradError)
    assert isinstance(caught.value, OSError)


@pytest.mark.parametrize("name", READERS)
def test_files_that_cannot_be_read(name, tmp_path):
    refused(READERS[name], tmp_path / "absent.gz", "there is no such file")
    refused(READERS[name], tmp_path, "cannot be read: Is a directory")


@pytest.mark.parametrize("name", READERS)
def test_truncated_files(name, tmp_path):
    raw = (FOLDER / name).read_bytes()
    path = tmp_path / name
    for size in [1, 5, 10, 11, len(raw) // 2, len(raw) - 8, len(raw) - 1]:
        path.write_bytes(raw[:size])
        refused(READERS[name], path, "truncated|not a whole gzip file")
    path.write_bytes(b"")
    refused(READERS[name], path, "holds nothing")


@pytest.mark.parametrize("name", READERS)
def test_no_flipped_byte_goes_unseen(name, tmp_path):
    raw = (FOLDER / name).read_bytes()
    path = tmp_path / name
    want = READERS[name](FOLDER / name)
    for at in np.random.default_rng(0).integers(10, len(raw), 20):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 0x20]) + raw[at + 1 :])
        try:
            got = READERS[name](path)
        except DataFileError:
            continue
        assert all((a == b).all() for a, b in zip(got, want))  # spare bits at the end of the stream


CORRUPTIONS = {
    "a line short": (lambda lines: lines[:-1], "has 149 lines, not 150"),
    "a line more": (lambda lines: [*lines, lines[0]], "has 151 lines, not 150"),
    "an empty line": (lambda lines: ["", *lines[1:]], r"shape \(149, 5\)"),
    "a column short": (lambda lines: [line[:-2] for line in lines], r"shape \(150, 4\)"),
    "a short line": (lambda lines: [*lines[:9], "1.0,2.0", *lines[10:]], "not a table of numbers"),
    "a column more": (lambda lines: [line + ",0" for line in lines], r"shape \(150, 6\)"),
    "a word": (lambda lines: [*lines[:9], "5.1,3.5,1.4,0.2,setosa", *lines[10:]], "not a table.*'setosa'"),
    "code": (lambda lines: ["__import__('os'),1,1,1,0", *lines[1:]], "not a table of numbers"),
    "a label that is none": (lambda lines: [*lines[:-1], "1,1,1,1,3"], "label on line 150 is 3,"),
    "half a label": (
        lambda lines: [*lines[:-1], "1,1,1,1,1.5"],
        "label on line 150 is 1.5, not an integer",
    ),
    "a negative label": (lambda lines: ["1,1,1,1,-1", *lines[1:]], "label on line 1 is -1"),
    "a length that is none": (lambda lines: ["1,1,1,0,0", *lines[1:]], "measurement on line 1 is 0"),
    "NaN": (lambda lines: [*lines[:6], "1,nan,1,1,0", *lines[7:]], "measurement on line 7 is nan"),
    "infinity": (lambda lines: ["1,1,1,1e400,0", *lines[1:]], "measurement on line 1 is inf"),
    "a NaN label": (lambda lines: ["1,1,1,1,nan", *lines[1:]], "label on line 1 is nan"),
}


@pytest.mark.parametrize("case", CORRUPTIONS)
def test_whole_gzip_files_of_the_wrong_text(case, tmp_path):
    spoil, why = CORRUPTIONS[case]
    path = tmp_path / "iris.csv.gz"
    path.write_bytes(gzip.compress("\n".join(spoil(lines_of("iris.csv.gz"))).encode()))
    refused(read_iris, path, why)


@pytest.mark.parametrize("cell", ["17", "-1", "0.5", "nan"])
def test_a_wrong_pixel(cell, tmp_path):
    lines = lines_of("digits.csv.gz")
    lines[41] = cell + lines[41][1:]
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    refused(read_digits, path, f"a pixel on line 42 is {cell}, not an integer from 0 to 16")


def test_mislabelled_files(tmp_path):
    refused(read_digits, FOLDER / "iris.csv.gz", "has 150 lines, not 1797")
    refused(read_iris, FOLDER / "digits.csv.gz", "more than|lines")
    refused(read_iris, FOLDER / "LICENSES.md", "not a whole gzip file")
    path = tmp_path / "bytes.gz"
    path.write_bytes(gzip.compress(bytes(range(256))))
    refused(read_iris, path, "not text at offset 128")


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "iris.csv.gz"
    path.write_bytes(gzip.compress(b"1" * 50_000_000, 1))
    tracemalloc.start()
    try:
        refused(read_iris, path, "more than 18000 bytes")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
