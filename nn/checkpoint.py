"""Checkpoints: states in safetensors files, whole and checked. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, AutogradError, DtypeError, OperandError
from autograd.files import replacing

from .state_tree import TreeError, flatten, unflatten

__all__ = ["CheckpointError", "load", "save"]

# Under these names the file's metadata, which are text, hold what safetensors has no place for.
_TREE, _CHECKSUMS = "wengert.tree", "wengert.crc32"
_DTYPES = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}


class CheckpointError(AutogradError, OSError):
    """A checkpoint is missing, damaged, or not what it should be."""


def save(state: Any, path: str | os.PathLike[str]) -> None:
    """Write a state to a safetensors file: beside it first, synced, then renamed.

    Args:
        state: nested dicts, lists and tuples of arrays, Tensors, numbers and text; also anything
            with a `state_dict()` (a module, an optimiser, a scheduler, a data loader), which is
            saved by that, and a `numpy.random.Generator`.
        path: the file; whoever reads it sees the old one or the new one, whole.

    The arrays of a flat dict keep its keys as names, so that the file of a module's state is one
    that PyTorch reads with `safetensors.torch.load_file`.

    Errors: OperandError or DtypeError for what a file cannot hold, before anything is written;
    CheckpointError if writing fails.

    Example:
        >>> import nn, os, tempfile
        >>> model, path = nn.Linear(2, 1), os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> nn.save({"model": model, "epoch": 3}, path)
        >>> sorted(nn.load(path)["model"]), nn.load(path)["epoch"]
        (['bias', 'weight'], 3)
    """
    safetensors = _safetensors()
    path = Path(path)
    tree, arrays = flatten(_stated(state))
    arrays = {name: _storable(name, a) for name, a in arrays.items()}
    sums = {name: zlib.crc32(a.data) for name, a in arrays.items()}
    metadata = {_TREE: json.dumps(tree), _CHECKSUMS: json.dumps(sums)}
    try:
        with replacing(path) as beside:
            safetensors.numpy.save_file(arrays, beside, metadata)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path}: cannot be written: {error}") from None


def load(path: str | os.PathLike[str], into: Any = None) -> Any:
    """Read what `save` wrote, or the tensors of any other safetensors file by name.

    Args:
        path: the file.
        into: what to give the state to: one object with a `load_state_dict()`, or a
            `numpy.random.Generator`; or a dict of them, by their names in the state. If one of
            them refuses, all are left as they were. Names in the state that `into` does not
            mention are left alone.

    Returns: the state, of plain values and ndarrays.

    Errors: CheckpointError, naming the file, if it is missing, damaged, or has no state under a
    name of `into`; the error of the object that refuses its state.

    Example: see `save`.
    """
    path = Path(path)
    state = _read(path)
    if into is not None:
        _restore(path, state, into)
    return state


# ------------------------------------------------------------------ writing


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError('nn.save and nn.load need safetensors: pip install "wengert[io]"') from None
    return safetensors


def _stated(value: Any) -> Any:
    """The value, with states in the places of objects that have one."""
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, Mapping):
        return {k: _stated(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_stated(v) for v in value) if type(value) in (list, tuple) else value
    return value.state_dict() if callable(getattr(value, "state_dict", None)) else value


def _storable(name: str, a: np.ndarray) -> np.ndarray:
    """The array as safetensors can hold it: contiguous, in this machine's byte order."""
    a = np.ascontiguousarray(a.astype(a.dtype.newbyteorder("="), copy=False)).reshape(a.shape)
    if a.dtype.str[1:] not in _DTYPES:
        raise DtypeError(
            f"save: {name} is {a.dtype}; a safetensors file holds float16 to 64, integers, bool"
        )
    return a


# ------------------------------------------------------------------ reading


def _read(path: Path) -> Any:
    safetensors = _safetensors()
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path}: is not a whole safetensors file: {error}") from None
    except (TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: has a tensor of a dtype that NumPy lacks: {error}") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    if _TREE not in metadata:
        return arrays
    _check_sums(path, arrays, metadata.get(_CHECKSUMS, ""))
    try:
        return unflatten(json.loads(metadata[_TREE]), arrays)
    except (json.JSONDecodeError, RecursionError):
        raise CheckpointError(f"{path}: its description of the state is not JSON") from None
    except TreeError as error:
        raise CheckpointError(f"{path}: its description of the state is damaged: {error}") from None


def _check_sums(path: Path, arrays: Mapping[str, np.ndarray], text: str) -> None:
    try:
        sums = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        sums = None
    if not isinstance(sums, dict) or sums.keys() != arrays.keys():
        raise CheckpointError(f"{path}: its checksums are not those of its tensors")
    for name, a in arrays.items():
        if zlib.crc32(a.data) != sums[name]:
            raise CheckpointError(f"{path}: tensor {name!r} is damaged: its checksum differs")


def _restore(path: Path, state: Any, into: Any) -> None:
    """Give the objects their states; if one refuses, give back what the others had."""
    named = into if isinstance(into, Mapping) else {None: into}
    for name, target in named.items():
        what = "into" if name is None else f"into[{name!r}]"
        if not callable(_loader(target)):
            raise OperandError(f"load: {what} must have a load_state_dict(), got {describe(target)}")
        if name is not None and (not isinstance(state, Mapping) or name not in state):
            known = sorted(map(str, state)) if isinstance(state, Mapping) else describe(state)
            raise CheckpointError(f"{path}: has no {name!r}, which into asks for; it has {known}")
    done: list[tuple[Any, Any]] = []
    try:
        for name, target in named.items():
            # a lone object refuses before it changes; among several, one must be able to go back
            if len(named) > 1:
                done.append((target, _copied(_stated(target))))
            _loader(target)(state if name is None else state[name])
    except Exception:
        for target, before in reversed(done):
            _loader(target)(before)
        raise


def _loader(target: Any) -> Any:
    if not isinstance(target, np.random.Generator):
        return getattr(target, "load_state_dict", None)

    def set_state(state: Any) -> None:
        before = target.bit_generator.state
        try:
            target.bit_generator.state = state
        except Exception:
            target.bit_generator.state = before
            kind = type(target.bit_generator).__name__
            raise ArgumentError(f"load: the state is not that of a generator over {kind}") from None

    return set_state


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _copied(v) for k, v in value.items()}
    return value.copy() if isinstance(value, np.ndarray) else value
