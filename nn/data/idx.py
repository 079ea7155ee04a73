"""Reads files of the IDX format, in which MNIST and its kin come, gzipped or not."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from .files import DataFileError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array in an IDX file.

    The file begins with two zero bytes, one that says the type and one that counts the axes; then
    come the length of each axis, as big-endian 32-bit integers, and the elements in row-major order.

    Errors: DataFileError, naming the file, if it is missing, is no IDX file, or holds more or
        fewer elements than its header says. No more is read than there is.
    Source: Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits.
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            dtype, shape = _header(path, file)
            data = _read(file, math.prod(shape) * dtype.itemsize + 1)
    except FileNotFoundError:
        raise DataFileError(f"{path}: there is no such file") from None
    except EOFError:
        raise DataFileError(f"{path}: is truncated") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataFileError(f"{path}: is not a whole gzip file: {error}") from None
    except DataFileError:
        raise
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    wanted = math.prod(shape) * dtype.itemsize
    if len(data) != wanted:
        found = f"more than {wanted}" if len(data) > wanted else str(len(data))
        raise DataFileError(f"{path}: has {found} bytes of data; its header {shape} needs {wanted}")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _opened(path: Path) -> IO[bytes]:
    """The file, decompressed if its first bytes are those of gzip: names lie."""
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else open(path, "rb")  # type: ignore[return-value]


def _header(path: Path, file: IO[bytes]) -> tuple[np.dtype, tuple[int, ...]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not magic[3]:
        raise DataFileError(f"{path}: is not an IDX file: it begins with {magic!r}")
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise DataFileError(f"{path}: is truncated in its header")
    return np.dtype(_TYPES[magic[2]]), tuple(np.frombuffer(lengths, ">u4").tolist())


def _read(file: IO[bytes], limit: int) -> bytearray:
    """At most this many bytes: memory grows with what is there, not with what a header claims."""
    data = bytearray()
    while len(data) < limit and (chunk := file.read(min(_CHUNK, limit - len(data)))):
        data += chunk
    return data
