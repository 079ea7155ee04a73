"""Other dtypes for a module's parameters and buffers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError
from autograd.tensor import Tensor

from .state import replace


class ConversionMethods:
    """The part of Module that changes dtypes. Parameters stay the objects that they are."""

    def buffers(self) -> Iterator[Tensor]:
        """See Module."""
        raise NotImplementedError

    def parameters(self) -> Iterator[Any]:
        """See Module."""
        raise NotImplementedError

    def to(self, *args: Any, **options: Any) -> Any:
        """Cast floating and complex parameters and buffers, and gradients; returns the module.

        `to(dtype)`, `to(tensor)` for its dtype, or `to("cpu")`, which changes nothing; as
        keywords `dtype`, `device` and `non_blocking`. Integers and booleans keep their dtype,
        and optimisers go on working.

        Errors: DtypeError for a dtype that is no floating or complex one, or that would lose
        imaginary parts; ArgumentError for another device.

        Example:
            >>> import nn
            >>> nn.Linear(2, 1).to(np.float64).weight.dtype
            dtype('float64')
        """
        dtype = _target(args, options)
        if dtype is not None:
            _convert(self, dtype, "fc", "to")
        return self

    def float(self) -> Any:
        """Cast floating parameters and buffers to float32; returns the module."""
        return _convert(self, np.dtype(np.float32), "f", "float")

    def double(self) -> Any:
        """Cast floating parameters and buffers to float64; returns the module."""
        return _convert(self, np.dtype(np.float64), "f", "double")

    def half(self) -> Any:
        """Cast floating parameters and buffers to float16; returns the module."""
        return _convert(self, np.dtype(np.float16), "f", "half")

    def type(self, dst_type: Any) -> Any:
        """Cast all parameters and buffers, integers too; returns the module."""
        return _convert(self, _dtype(dst_type, "type"), "fciub", "type")

    def cpu(self) -> Any:
        """The module as it is: arrays live nowhere else."""
        return self


def _convert(module: Any, dtype: np.dtype, kinds: str, caller: str) -> Any:
    tensors = [t for t in (*module.parameters(), *module.buffers()) if t.dtype.kind in kinds]
    for tensor in tensors:
        if tensor.dtype.kind == "c" and dtype.kind != "c":
            raise DtypeError(f"{caller}: casting {describe(tensor)} to {dtype} would lose imaginary parts")
    for tensor in tensors:
        if tensor.dtype != dtype:
            replace(tensor, tensor._data.astype(dtype))
            tensor._alias = None  # a fresh array that nobody else holds: nothing need guard it
    return module


def _target(args: tuple, options: dict[str, Any]) -> np.dtype | None:
    """The dtype that the arguments of `to` ask for, if any."""
    given = [*args]
    for name in ("device", "dtype", "tensor"):
        if name in options:
            given.append(options.pop(name))
    options.pop("non_blocking", None)
    if options:
        raise OperandError(f"to: unknown argument {next(iter(options))!r}")
    if not given:
        raise OperandError("to: expected a dtype, a tensor or a device")
    found = None
    for value in given:
        if value is None or isinstance(value, bool) or _is_device(value):
            continue
        found = value.dtype if isinstance(value, (Tensor, np.ndarray)) else _dtype(value, "to")
        if found.kind not in "fc":
            raise DtypeError(f"to: expected a floating or complex dtype, got {found}")
    return found


def _is_device(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if value.partition(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta", "mtia", "hpu"):
        if value.partition(":")[0] != "cpu":
            raise ArgumentError(f"to: the only device is 'cpu', got {value!r}")
        return True
    return False


def _dtype(value: Any, caller: str) -> np.dtype:
    try:
        return np.dtype(value)
    except TypeError:
        raise DtypeError(f"{caller}: expected a NumPy dtype, got {describe(value)}") from None
