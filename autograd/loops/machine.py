"""Machine code in this process: object code is loaded by LLVM and called from Python, without numba.

A function of small arrays becomes a built-in of Python's, which reads the addresses of its arguments'
data from the array objects themselves; that is several times as fast as any call through ctypes. A
loop over large arrays is called without the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import itertools
import platform
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of

# Where an array object has the address of its data, in words: the first field of NumPy's own.
DATA = object.__basicsize__ // 8
# Whether None and True count their references: what a built-in returns must be counted then.
COUNTED = sys.version_info < (3, 12)

_FASTCALL = 0x80
# What object code may call: all else would need numba's runtime.
_OUTSIDE = ("sin", "cos", "sqrt", "exp", "log", "pow", "fma", "floor", "ceil", "rint", "trunc")
ALLOWED = frozenset([*_OUTSIDE, *(f"{name}f" for name in _OUTSIDE), "memset", "memcpy", "memmove"])


class Code(NamedTuple):
    """One function as object code: its symbol, the symbols that it needs, and the bytes."""

    symbol: str
    needs: tuple[str, ...]
    content: bytes


class LoadError(RuntimeError):
    """Object code that cannot be loaded here."""


@functools.lru_cache(maxsize=1)
def usable() -> bool:
    """Whether native functions can be loaded, and new ones made, as far as can be told without numba."""
    if platform.python_implementation() != "CPython" or np.dtype(np.intp).itemsize != 8:
        return False
    try:
        found = all(importlib.util.find_spec(name) is not None for name in ("llvmlite", "numba"))
    except (ImportError, ValueError):  # a broken install is as none
        return False
    probe = np.empty(3)[1:]
    here = ctypes.c_int64.from_address(id(probe) + 8 * DATA).value
    return found and here == address_of(probe)


@functools.lru_cache(maxsize=1)
def version() -> str:
    """What object code depends on besides the source of its function."""
    import os

    import llvmlite
    import llvmlite.binding as llvm

    spec = importlib.util.find_spec("numba")
    assert spec is not None
    assert spec.origin is not None
    here = Path(__file__).parent
    files = [Path(spec.origin).with_name("_version.py")]
    names = "scalars elements blocks moves polynomials shapes tile translate writing"
    files += [here / f"{name}.py" for name in names.split()]
    switches = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith("NUMBA_"))
    parts = [
        sys.version,
        llvmlite.__version__,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        *switches,
    ]
    return "\n".join([*parts, *(file.read_text() for file in files)])


# ---------------------------------------------------------------- loading


class _Engine:
    """LLVM's loader; one for the process. What is loaded stays: functions may be called at any time."""

    def __init__(self) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._llvm = llvm
        machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self.loaded: dict[str, int] = {}

    def address(self, code: Code) -> int:
        if code.symbol not in self.loaded:
            for name in code.needs:
                self._provide(name)
            self._engine.add_object_file(self._llvm.ObjectFileRef.from_data(code.content))
            self._engine.finalize_object()
            found = self._engine.get_function_address(code.symbol)
            if not found:
                raise LoadError(f"{code.symbol} is not in the object code")
            self.loaded[code.symbol] = found
        return self.loaded[code.symbol]

    def _provide(self, name: str) -> None:
        """Make sure that LLVM finds a function: it ends the process if it does not."""
        if name not in ALLOWED:
            raise LoadError(f"object code calls {name}")
        if self._llvm.address_of_symbol(name) is not None:
            return
        from ctypes.util import find_library

        for library in (find_library("m"), find_library("c")):
            found = getattr(ctypes.CDLL(library), name, None) if library else None
            if found is not None:
                self._llvm.add_symbol(name, ctypes.cast(found, ctypes.c_void_p).value)
                return
        raise LoadError(f"no {name} here")


_engine = functools.lru_cache(maxsize=1)(_Engine)
_lock = threading.Lock()


def is_loaded(symbol: str) -> bool:
    """Whether a function of this symbol is there already."""
    return _engine.cache_info().currsize > 0 and symbol in _engine().loaded


def address(code: Code) -> int:
    """Where a function is, once its object code is loaded."""
    with _lock:
        return _engine().address(code)


# ---------------------------------------------------------------- calling


class _Method(ctypes.Structure):
    """What Python's headers call PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_methods: dict[int, _Method] = {}  # by address; built-ins look into them for as long as they live


def builtin(at: int, table: np.ndarray) -> Callable:
    """The function `at` an address as a built-in that is bound to a table: its `__self__`."""
    method = _methods.setdefault(at, _Method(b"loop", at, _FASTCALL, None))
    return _new_builtin()(ctypes.addressof(method), table, None)


@functools.lru_cache(maxsize=1)
def _new_builtin() -> Any:
    # a prototype of its own: the attributes of `pythonapi` are everybody's
    kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    return kind(("PyCFunction_NewEx", ctypes.pythonapi))


@functools.lru_cache(maxsize=4096)
def unlocked(at: int, count: int) -> Callable:
    """The function `at` an address, of so many integers; other threads run while it does."""
    return ctypes.CFUNCTYPE(*itertools.repeat(ctypes.c_int64, count + 1))(at)
