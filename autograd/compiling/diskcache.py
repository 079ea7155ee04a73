"""Compiled loops on disk, so that a second process need not compile them.

Each loop is a module of its own in a directory that only its user may enter; numba keeps the
machine code beside it. A checksum is written last, so that files which are cut short, changed or
of another version are never loaded, but made again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HEADER = '''"""A loop of a compiled program; written by autograd.compiling."""

import numba
from autograd.compiling.scalars import NAMES

globals().update(NAMES)


@numba.njit(fastmath={"contract"}, error_model="numpy", nogil=True, cache=True)
'''


def directory() -> Path | None:
    """Where loops are kept: `WENGERT_CACHE`, or `~/.cache/wengert`; None if nothing can be kept."""
    named = os.environ.get("WENGERT_CACHE")
    if named == "":
        return None
    try:
        path = Path(named) if named else Path.home() / ".cache" / "wengert"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = path.stat()
    except (OSError, RuntimeError):
        return None
    # others could put code of theirs there
    if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & 0o022):
        return None
    return path if os.access(path, os.W_OK) else None


@functools.lru_cache(maxsize=1)
def _version() -> str:
    """What machine code depends on besides the source of a loop."""
    import llvmlite.binding as llvm
    import numba

    here = Path(__file__).parent
    parts = [
        numba.__version__,
        sys.version,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    ]
    parts += [(here / name).read_text() for name in ("scalars.py", "polynomials.py", "diskcache.py")]
    return "\n".join(parts)


def name_of(source: str) -> str:
    return "loop_" + hashlib.sha256(f"{_version()}\n{source}".encode()).hexdigest()[:24]


def load(source: str, signature: Any) -> Callable:
    """The compiled function `loop` of a source, from disk if it is there as it was written."""
    path, name = directory(), name_of(source)
    if path is not None:
        # anything at all may be wrong with a disk
        for _ in range(2):
            with contextlib.suppress(Exception):
                return _kept(path, name, source, signature)
            _remove(path, name)
    return _compiled(source, name, signature)


def _kept(path: Path, name: str, source: str, signature: Any) -> Callable:
    file, seal = path / f"{name}.py", path / f"{name}.sum"
    text = _HEADER + source
    sealed = seal.exists() and seal.read_text() == _checksum(path, name)
    if not sealed:
        _remove(path, name)
    if not file.exists() or file.read_text() != text:
        _write(file, text)
    fn = _module(file, name).loop
    fn.compile(signature)
    total = _checksum(path, name)  # numba has compiled anew if the module is newer
    if not sealed or seal.read_text() != total:
        _write(seal, total)
    return fn


def _module(file: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"_autograd_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # numba imports it by name
    spec.loader.exec_module(module)
    return module


def _compiled(source: str, name: str, signature: Any) -> Callable:
    """The function without a disk."""
    import numba

    from .scalars import NAMES

    names = dict(NAMES)
    exec(compile(source, f"<autograd {name}>", "exec"), names)
    fn = numba.njit(fastmath={"contract"}, error_model="numpy", nogil=True)(names["loop"])
    fn.compile(signature)
    return fn


def _files(path: Path, name: str) -> list[Path]:
    return sorted(f for f in (path / "__pycache__").glob(f"{name}.*") if f.suffix in (".nbi", ".nbc"))


def _checksum(path: Path, name: str) -> str:
    total = hashlib.sha256()
    files = _files(path, name)
    for file in files:
        total.update(file.name.encode() + file.read_bytes())
    return total.hexdigest() if files else ""


def _write(file: Path, text: str) -> None:
    """Written beside and renamed, so that nobody reads half of it."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.write_text(text)
    beside.replace(file)


def _remove(path: Path, name: str) -> None:
    with contextlib.suppress(OSError):
        for file in (path / f"{name}.sum", path / f"{name}.py", *_files(path, name)):
            file.unlink(missing_ok=True)
