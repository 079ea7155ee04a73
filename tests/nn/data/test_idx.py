"""IDX files: every type, gzipped or not; what is wrong with one is said at once."""

from __future__ import annotations

import gzip
import struct
import time
import tracemalloc

import numpy as np
import pytest

from nn.data import DataFileError, read_idx

CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def idx(array, code):
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("zipped", [False, True])
def test_reads_every_type(dtype, zipped, tmp_path):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    raw = idx(array, CODES[dtype])
    (tmp_path / "x").write_bytes(gzip.compress(raw) if zipped else raw)
    found = read_idx(tmp_path / "x")
    assert found.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, array)


GOOD = idx(np.arange(12, dtype=np.uint8).reshape(3, 4), 8)
BAD = {
    "nothing": (b"", "not an IDX file"),
    "text": (b"label,pixel\n", "not an IDX file"),
    "an unknown type": (b"\0\0\x07\x01" + GOOD[4:], "not an IDX file"),
    "half a header": (GOOD[:7], "truncated in its header"),
    "too little": (GOOD[:-1], "has 11 bytes of data"),
    "too much": (GOOD + b"\0", "has more than 12 bytes"),
    "a false claim": (b"\0\0\x08\x03" + b"\xff" * 12 + b"12", "has 2 bytes of data"),
    "half a gzip file": (gzip.compress(GOOD)[:-9], "truncated"),
    "a damaged gzip file": (gzip.compress(GOOD)[:-8] + b"12345678", "not a whole gzip file"),
}


@pytest.mark.parametrize("what", BAD)
def test_damage_is_found(what, tmp_path):
    raw, message = BAD[what]
    path = tmp_path / "images"
    path.write_bytes(raw)
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(DataFileError, match=message) as caught:
        read_idx(path)
    assert time.process_time() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert str(path) in str(caught.value)


def test_missing_files(tmp_path):
    with pytest.raises(DataFileError, match="there is no such file"):
        read_idx(tmp_path / "x")
    with pytest.raises(DataFileError, match="cannot be read"):
        read_idx(tmp_path)
