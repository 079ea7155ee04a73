"""Native functions on disk, so that a second process need neither compile them nor import numba.

A file holds the object code of one function, in a directory that only its user may enter. It is
loaded only if it belongs to this user, nobody else may write it, and its checksum is right; its name
says for which version of everything and for which processor it was made. What is not so is made
again. Nothing that is read is evaluated.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import machine
from .machine import Code, LoadError

# Bytes of all files together, unless WENGERT_CACHE_BYTES says otherwise; the longest unused go first.
LIMIT = 256 << 20
SUFFIX = ".native"
_MAGIC = b"wengert native 1\n"
_DIGEST = 32


def directory() -> Path | None:
    """Where functions are kept: `WENGERT_CACHE`, or `~/.cache/wengert`; None if nothing can be kept."""
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
    return path if _is_ours(about) and os.access(path, os.W_OK) else None


def _is_ours(about: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)


def limit() -> int:
    given = os.environ.get("WENGERT_CACHE_BYTES", "")
    return int(given) if given.isdigit() else LIMIT


def _sha256(content: bytes) -> Any:
    import hashlib  # a fifth of the time of `import autograd`, and of no use without loops

    return hashlib.sha256(content)


def name_of(source: str) -> str:
    """What the function of a source is called, which says all that its object code depends on."""
    return "loop_" + _sha256(f"{_digest_of(machine.version())}\n{source}".encode()).hexdigest()[:32]


@functools.lru_cache(maxsize=4)
def _digest_of(version: str) -> str:
    """Of a long text, which is the same for all sources."""
    return str(_sha256(version.encode()).hexdigest())


# A child of a fork would wait for ever for what another thread compiles, or imports.
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@functools.lru_cache(maxsize=4096)
def load(source: str) -> int:
    """The address of the function `loop` of a source; from disk if it is there as it was written."""
    with _lock:
        return _loaded(source)


def prepare(sources: list[str]) -> None:
    """Have ready what is about to be loaded: made at once by several processes, where that takes long."""
    from . import making  # with it come modules that nothing else needs

    with _lock:
        with _importing("llvmlite"):
            names, path = {name_of(source): source for source in sources}, directory()
        for name in [n for n in names if machine.is_loaded(n)]:
            del names[name]
        if path is not None:
            _ready.update((n, code) for n in names if (code := _read(path, n)) is not None)
        missing = {n: source for n, source in names.items() if n not in _ready}
        count = making.helpers(list(missing.values()))
        if not count:
            return
        with _importing("numba"):
            from .translate import translated
        for name, code in making.made(missing, count, translated).items():
            _keep(path, name, code)
            _ready[name] = code


_ready: dict[str, Code] = {}  # what was found or made and is not loaded yet


def _loaded(source: str) -> int:
    with _importing("llvmlite"):
        path, name = directory(), name_of(source)
    if name in _ready or path is not None:
        code = _ready.pop(name, None) or (None if path is None else _read(path, name))
        if code is not None:
            with contextlib.suppress(LoadError):
                return machine.address(code)
    with _importing("numba"):
        from .translate import translated
    code = translated(source, name)
    found = machine.address(code)
    _keep(path, name, code)
    return found


def _keep(path: Path | None, name: str, code: Code) -> None:
    if path is not None:
        with contextlib.suppress(OSError):
            _write(path, name, code)
            _trim(path)


def available() -> bool:
    """Whether there can be native loops."""
    return machine.usable() and importable


def strict() -> bool:
    """Whether what fails on the way to a loop is raised, as in tests, rather than left to NumPy."""
    return os.environ.get("WENGERT_NATIVE") == "strict"


importable = True  # whether numba and llvmlite can be imported, as far as is known


@contextlib.contextmanager
def _importing(name: str) -> Iterator[None]:
    """A broken install may fail in any way; it is not tried again."""
    global importable
    try:
        yield
    except Exception as error:
        importable = False
        raise LoadError(f"{name} cannot be imported: {error}") from error


# ---------------------------------------------------------------- files


def packed(name: str, code: Code) -> bytes:
    """The content of a file: a checksum of the name and all that follows, names, and object code."""
    head = "\n".join([code.symbol, " ".join(code.needs), ""]).encode()
    rest = len(head).to_bytes(8, "little") + head + code.content
    return _MAGIC + _sha256(name.encode() + rest).digest() + rest


def unpacked(name: str, content: bytes) -> Code | None:
    """What a file holds, if it is whole and was written for this name."""
    start = len(_MAGIC) + _DIGEST
    digest, rest = content[len(_MAGIC) : start], content[start:]
    if content[: len(_MAGIC)] != _MAGIC or _sha256(name.encode() + rest).digest() != digest:
        return None
    end = 8 + int.from_bytes(rest[:8], "little")
    symbol, needs, _ = rest[8:end].decode().split("\n")
    return Code(symbol, tuple(needs.split()), rest[end:])


def _read(path: Path, name: str) -> Code | None:
    file = path / (name + SUFFIX)
    try:
        number = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with open(number, "rb") as stream:
            about = os.fstat(number)
            if not stat.S_ISREG(about.st_mode) or not _is_ours(about):
                return None
            code = unpacked(name, stream.read())
        if code is not None:
            os.utime(file)  # the time of its last use
    except OSError:
        return None
    return code


def _write(path: Path, name: str, code: Code) -> None:
    """Written beside and renamed, so that nobody reads half of it."""
    beside = path / f"{name}.{os.getpid()}.{threading.get_ident()}"
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(number, "wb") as stream:
            stream.write(packed(name, code))
        beside.replace(path / (name + SUFFIX))
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _trim(path: Path) -> None:
    """Remove the files that were not used for longest, until the rest is within the limit."""
    most = limit()
    with os.scandir(path) as entries:
        files = [(e.stat(follow_symlinks=False), e.path) for e in entries if e.name.startswith("loop_")]
    total = sum(about.st_size for about, _ in files)
    for about, file in sorted(files, key=lambda f: f[0].st_mtime_ns):
        if total <= most:
            break
        with contextlib.suppress(OSError):
            os.unlink(file)
        total -= about.st_size
