"""The bytes of arrays that NumPy holds, and the most that it held, by a memory handler of our own.

NumPy lets programs say how the data of arrays are allocated (NEP 49), by a table of C functions; these
count, and hand on to the C library. Objects of Python's are not counted, nor buffers inside of NumPy.
The functions are compiled by numba: Python's would run in the midst of whatever allocates.
"""

from __future__ import annotations

import ctypes

import numba
import numpy as np

from autograd.loops.scalars import NAMES

_C = ctypes.CDLL(None)
_WORD = ctypes.c_int64
for _name, _count in {"malloc": 1, "free": 1}.items():
    getattr(_C, _name).argtypes = [_WORD] * _count
_C.malloc.restype, _C.free.restype = _WORD, None
_malloc, _free = _C.malloc, _C.free
_load, _store = NAMES["load_i8"], NAMES["store_i8"]
# In front of an array's memory stands its size; memory is cleared and copied in words.
_HEAD = 16
# Where NumPy's table of functions has `PyDataMem_SetHandler`.
_SET_HANDLER = 304
# The bytes held, and the most; the functions get its address.
_counts = (_WORD * 2)()


@numba.njit
def _noted(counts, size):
    held = _load(counts, 0, 0, 1) + size
    _store(counts, 0, held, 0, 1)
    if held > _load(counts, 1, 0, 1):
        _store(counts, 1, held, 0, 1)


@numba.cfunc("int64(int64, int64)")
def _allocate(counts, size):
    found = _malloc(size + _HEAD + 8)
    _store(found, 0, size, 0, 1)
    _noted(counts, size)
    return found + _HEAD


@numba.cfunc("int64(int64, int64, int64)")
def _cleared(counts, n, size):
    found = _malloc(n * size + _HEAD + 8)
    _store(found, 0, n * size, 0, 1)
    for i in range((n * size + 7) // 8):
        _store(found, 2 + i, 0, 0, 1)
    _noted(counts, n * size)
    return found + _HEAD


@numba.cfunc("int64(int64, int64, int64)")
def _moved(counts, old, size):
    found = _malloc(size + _HEAD + 8)
    _store(found, 0, size, 0, 1)
    had = _load(old - _HEAD, 0, 0, 1)
    for i in range((min(had, size) + 7) // 8):
        _store(found, 2 + i, _load(old, i, 0, 1), 0, 1)
    _noted(counts, size - had)
    _free(old - _HEAD)
    return found + _HEAD


@numba.cfunc("void(int64, int64, int64)")
def _freed(counts, memory, size):
    if memory:
        _noted(counts, -_load(memory - _HEAD, 0, 0, 1))
        _free(memory - _HEAD)


class _Handler(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        *((name, ctypes.c_void_p) for name in ("malloc", "calloc", "realloc", "free")),
    )


_functions = [f.address for f in (_allocate, _cleared, _moved, _freed)]
_handler = _Handler(b"counting", 1, ctypes.addressof(_counts), *_functions)


def count() -> None:
    """Count the arrays that are made from now on."""
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    address = ctypes.pythonapi.PyCapsule_GetPointer
    address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = address(np._core._multiarray_umath._ARRAY_API, None)
    at = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[_SET_HANDLER]
    capsule = new(ctypes.addressof(_handler), _NAME, None)
    ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(at)(capsule)


# The capsule keeps no name of its own.
_NAME = ctypes.c_char_p(b"mem_handler")


def held() -> int:
    """The bytes of the counted arrays that there are."""
    return _counts[0]


def most() -> int:
    """The most of them since `count` or `begin`."""
    return _counts[1]


def begin() -> None:
    """Count the most anew."""
    _counts[1] = _counts[0]
