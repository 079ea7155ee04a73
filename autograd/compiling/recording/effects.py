"""Refuses, while a function is recorded, what it does or asks outside: files, clocks, prints, iterators."""

from __future__ import annotations

import gc
import io
import random
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

import numpy as np

from .. import lines
from ..reading.signatures import is_users, within
from .traced import Leak

_BUILTINS = {"print", "input", "open", "open_code", "breakpoint"}
# ... in the user's own lines, as no name tells what they find.
_LOOKING = {"eval", "exec", "globals"}
_MODULES = {"time", "posix", "nt", "_socket", "select", "_posixsubprocess", "_datetime"}
_QUALIFIED = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
# What of these modules tells nothing that changes.
_HARMLESS = {"fspath", "getpid", "get_ident", "struct_time", "timedelta"}
# Python functions of these modules are refused as well.
_SOURCES = {"os", "logging", "subprocess", "tempfile", "uuid", "secrets"}
_QUIET = ("autograd.compiling", "linecache", "tokenize", "warnings")

# What methods of these do stays in the program.
_BARE = {list, dict, set, tuple, str, np.ndarray}


class Effects:
    """Looks on, while it is entered, at the calls of functions that are written in C.

    They are refused before they do anything. Under a profile or a debugger nothing is seen.

    Attributes:
        met: the code of the user's functions that ran.
    """

    def __enter__(self) -> Effects:
        self.met: set[CodeType] = set()
        self.harmless: set[Any] = set()  # functions of modules that may be called from anywhere
        self.free = sys.getprofile() is None
        self.collecting = gc.isenabled()
        gc.disable()  # callbacks and finalisers that the collector runs are none of the function's
        if self.free:
            sys.setprofile(self._event)
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.free:
            sys.setprofile(None)
        if self.collecting:
            gc.enable()

    def _event(self, frame: FrameType, event: str, arg: Any) -> None:
        # most are harmless, and told quickly
        if event == "c_call":
            if arg in self.harmless or type(arg.__self__) in _BARE:
                return
            name = _refused(arg, frame)
            if not name and type(arg.__self__) is ModuleType and arg.__name__ not in _LOOKING:
                self.harmless.add(arg)
        elif event == "call":
            file = frame.f_code.co_filename
            if file[:7] != "<frozen" and lines.is_library(file):
                return
            # what is written at run time is a library's
            if not file.startswith("<") and lines.is_users(file):
                self.met.add(frame.f_code)
            name = frame.f_code.co_name if frame.f_globals.get("__name__") in _SOURCES else ""
            name = "" if name in ("fspath", "_fspath", "__init__", "<module>") else name
        else:
            return
        if name and not _is_quiet(frame):
            sys.setprofile(None)
            self.free = False
            where = lines.user_frame(frame)
            raise Leak(f"{lines.described(where)}: {name}() does or asks something outside the program")


def _is_quiet(frame: FrameType | None) -> bool:
    """Whether a call is part of an import, or of the work of this package."""
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(_QUIET):
            return True
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if not lines.is_library(frame.f_code.co_filename):
            return False
        frame = frame.f_back
    return False


def _refused(fn: Any, frame: FrameType) -> str:
    name, module = getattr(fn, "__name__", ""), getattr(fn, "__module__", None)
    if module in ("builtins", "io", "_io"):
        looking = name in _LOOKING and lines.is_users(frame.f_code.co_filename)
        return name if looking or name in _BUILTINS else ""
    if module in _MODULES:
        return "" if name in _HARMLESS else name
    if name == "fromfile" and module == "numpy":
        return name
    if getattr(fn, "__qualname__", "") in _QUALIFIED:
        return fn.__qualname__
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, io.IOBase) and not lines.is_library(frame.f_code.co_filename):
        return name
    return ""


def streams(values: list[Any]) -> list[Any]:
    """Iterators and files among what a function reads by name: each read of one gives another value."""
    found = [v for v in within(values) if isinstance(v, (Iterator, io.IOBase))]
    return [v for v in found if not is_users(type(v)) or isinstance(v, io.IOBase)]


def sources(values: list[Any]) -> list[Any]:
    """Random generators among what a function reads by name, in containers and objects too."""
    kinds = (np.random.Generator, np.random.RandomState, random.Random)
    return list({id(v): v for v in within(values) if isinstance(v, kinds)}.values())


__all__ = ["Effects", "sources", "streams"]
