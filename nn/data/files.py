"""Reads a gzipped table of numbers, and says what is wrong with one that is damaged."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from autograd.errors import AutogradError

_LONGEST_CELL = 24  # characters of the longest float64, with its separator


class DataFileError(AutogradError, OSError):
    """A data file is missing, damaged, or not what its name says."""


def read_table(
    path: str | os.PathLike[str], rows: int, columns: int, file: IO[bytes] | None = None
) -> np.ndarray:
    """The numbers of a gzipped file of comma-separated values, which must have this very shape.

    Args:
        file: where to read it, if it lies inside another file, which `path` then names.

    Shapes: the result is (rows, columns), float64.
    Errors: DataFileError, naming the file and what is wrong with it.
    """
    text = _decompress(Path(path), file or path, limit=rows * columns * _LONGEST_CELL)
    found = text.count("\n") + (not text.endswith("\n"))
    if found != rows:
        raise DataFileError(f"{path}: has {found} lines, not {rows}")
    try:
        table = np.loadtxt(io.StringIO(text), delimiter=",", comments=None, ndmin=2)
    except ValueError as error:
        raise DataFileError(f"{path}: is not a table of numbers: {error}") from None
    if table.shape != (rows, columns):
        raise DataFileError(f"{path}: is a table of shape {table.shape}, not {(rows, columns)}")
    return table


def require_range(
    path: str | os.PathLike[str],
    what: str,
    values: np.ndarray,
    low: float,
    high: float,
    whole: bool = False,
) -> None:
    """Check that all values, one row a line of the file, lie in [low, high]; NaN does not.

    Args:
        what: what a value is, for the message.
        whole: whether they must be integers too.

    Errors: DataFileError, naming the file, the first line that is wrong and its value.
    """
    wrong = ~((values >= low) & (values <= high))
    if whole:
        wrong |= values != np.floor(values)
    if wrong.any():
        first = tuple(np.argwhere(wrong)[0])
        wanted = f"{'an integer ' if whole else ''}from {low:g} to {high:g}"
        raise DataFileError(f"{path}: {what} on line {first[0] + 1} is {values[first]:g}, not {wanted}")


def _decompress(path: Path, source: Any, limit: int) -> str:
    """The text in a gzipped file; more than `limit` bytes are an error, and are not read."""
    try:
        with gzip.open(source) as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        raise DataFileError(f"{path}: there is no such file") from None
    except EOFError:
        raise DataFileError(f"{path}: is truncated") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataFileError(f"{path}: is not a whole gzip file: {error}") from None
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not raw or len(raw) > limit:
        raise DataFileError(f"{path}: holds {f'more than {limit} bytes' if raw else 'nothing'}")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path}: has a byte that is not text at offset {error.start}") from None
