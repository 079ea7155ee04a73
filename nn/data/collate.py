"""Makes one batch of a list of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.errors import ArgumentError, OperandError, ShapeError


def default_collate(samples: Sequence[Any]) -> Any:
    """The samples stacked along a new first axis, inside whatever holds them.

    Arrays, Tensors and numbers become one ndarray, strings a list; tuples, lists and dicts of
    these become the same of batches. Dtypes are NumPy's: Python floats become float64.

    Args:
        samples: at least one, all alike.

    Shapes: arrays of shape s become (len(samples), *s).
    Errors: ShapeError if two arrays differ in shape; OperandError for a sample of a type that
        cannot be stacked; ArgumentError for no samples, and for tuples that differ in length or
        dicts that differ in keys. Each names the entry.
    Example:
        >>> default_collate([(np.zeros(2), 7), (np.ones(2), 8)])
        (array([[0., 0.], [1., 1.]]), array([7, 8]))
        >>> default_collate([{"name": "a", "size": 1.5}, {"name": "b", "size": 2.5}])
        {'name': ['a', 'b'], 'size': array([1.5, 2.5])}
    """
    if not samples:
        raise ArgumentError("default_collate: there are no samples")
    return _collate(list(samples), "sample")


def _collate(samples: list[Any], where: str) -> Any:
    first = samples[0]
    if isinstance(first, str | bytes):
        _require(samples, (str, bytes), where)
        return samples
    if isinstance(first, Mapping):
        return _collate_mappings(samples, where)
    if isinstance(first, tuple | list):
        return _collate_sequences(samples, where)
    return _stack(samples, where)


def _collate_mappings(samples: list[Any], where: str) -> dict[Any, Any]:
    _require(samples, (Mapping,), where)
    keys = list(samples[0])
    for i, sample in enumerate(samples):
        if set(sample) != set(keys):
            raise ArgumentError(
                f"default_collate: {where} has keys {keys} in sample 0 and {list(sample)} in sample {i}"
            )
    return {key: _collate([sample[key] for sample in samples], f"{where}[{key!r}]") for key in keys}


def _collate_sequences(samples: list[Any], where: str) -> Any:
    first = samples[0]
    _require(samples, (tuple, list), where)
    for i, sample in enumerate(samples):
        if len(sample) != len(first):
            lengths = f"{len(first)} entries in sample 0 and {len(sample)} in sample {i}"
            raise ArgumentError(f"default_collate: {where} has {lengths}")
    columns = [_collate(list(column), f"{where}[{i}]") for i, column in enumerate(zip(*samples))]
    return type(first)(*columns) if hasattr(first, "_fields") else type(first)(columns)


def _stack(samples: list[Any], where: str) -> np.ndarray:
    _require(samples, (Tensor, np.ndarray, np.generic, bool, int, float, complex), where)
    arrays = [s.numpy() if isinstance(s, Tensor) else np.asarray(s) for s in samples]
    for i, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise ShapeError(
                f"default_collate: {where} has shape {arrays[0].shape} in sample 0 and {array.shape} in "
                f"sample {i}; give the DataLoader a collate_fn that pads or crops them"
            )
        if array.dtype == object:
            raise OperandError(f"default_collate: {where} is an array of Python objects in sample {i}")
    return np.stack(arrays)


def _require(samples: list[Any], types: tuple[type, ...], where: str) -> None:
    for i, sample in enumerate(samples):
        if not isinstance(sample, types):
            raise OperandError(
                f"default_collate: {where} is a {type(sample).__name__} in sample {i} (in sample 0 a "
                f"{type(samples[0]).__name__}); it takes arrays, numbers, strings, and tuples, lists and "
                "dicts of these, alike in all samples: for others give the DataLoader a collate_fn"
            )
