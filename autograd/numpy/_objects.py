"""What NumPy has as objects rather than functions, and so cannot be taught: `r_`, `c_`, `vectorize`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..keywords import has_tensor
from ..ops import batched_functions
from ..ops.broadcasting import broadcast_to
from ..ops.composed import plain
from ..ops.joining import concatenate, stack
from ..ops.shapes import as_array, astype, reshape, swapaxes, transpose
from ..tape import mode


class Stacking:
    """`r_[...]` and `c_[...]`: arrays, numbers and ranges joined as the brackets list them."""

    def __init__(self, theirs: Any, axis: int, ndmin: int, trans1d: int):
        self.theirs, self.usual = theirs, (axis, ndmin, trans1d)

    def __getitem__(self, key: Any) -> Any:
        key = key if isinstance(key, tuple) else (key,)
        if not has_tensor(key):
            return self.theirs[key]
        axis, ndmin, trans1d = self.usual
        if isinstance(key[0], str):
            axis, ndmin, trans1d = self._directions(key[0])
            key = key[1:]
        scalars = (int, float, complex)
        dtype = np.result_type(*[k if isinstance(k, scalars) else _dtype_of(k) for k in key])
        parts = [self._part(item, ndmin, trans1d) for item in key]
        return concatenate([p if p.dtype == dtype else astype(p, dtype) for p in parts], axis)

    def _directions(self, text: str) -> tuple:
        try:
            given = [int(number) for number in text.split(",")]
        except ValueError:
            raise ArgumentError(
                f"r_: {text!r} is not supported with a tensor; give up to 3 numbers"
            ) from None
        return tuple(given + list(self.usual)[len(given) :])

    @staticmethod
    def _part(item: Any, ndmin: int, trans1d: int) -> Any:
        part = np.r_[item] if isinstance(item, slice) else as_array(item)
        before = part.ndim
        if before < ndmin:
            part = reshape(part, (1,) * (ndmin - before) + tuple(part.shape))
            if trans1d != -1 and isinstance(item, slice):
                return swapaxes(part, -1, trans1d)
            if trans1d != -1:
                k2, k1 = ndmin - before, trans1d
                k1 += k2 + 1 if k1 < 0 else 0
                axes = list(range(ndmin))
                part = transpose(part, tuple(axes[:k1] + axes[k2:] + axes[k1:k2]))
        return part


def _outer(array: Any, core: int) -> tuple:
    return tuple(array.shape)[: array.ndim - core]


def _dtype_of(item: Any) -> Any:
    return item.dtype if hasattr(item, "dtype") else np.r_[plain(item)].dtype


class vectorize(np.vectorize):
    """numpy.vectorize; where an argument is a tensor, its function is called with the elements of it.

    With a `signature`, with the parts that have its core axes.

    Errors: ArgumentError for arguments or results that a `signature` does not fit.

    Example:
        >>> vectorize(lambda a, b: a if a > b else b * b)(np.array([1.0, 3.0]), 2.0)
        array([4., 3.])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not has_tensor(args) and not has_tensor(kwargs.values()):
            return super().__call__(*args, **kwargs)
        if mode.levels:  # what the function asks of an element may need its value
            return batched_functions.run(self._of_tensors, self, args, kwargs)
        return self._of_tensors(*args, **kwargs)

    def _of_tensors(self, *args: Any, **kwargs: Any) -> Any:
        spread: dict[Any, Any] = {i: as_array(a) for i, a in enumerate(args) if i not in self.excluded}
        spread |= {k: as_array(v) for k, v in kwargs.items() if k not in self.excluded}
        cores = self._cores(spread)
        shape = np.broadcast_shapes(*[_outer(a, core) for a, core in zip(spread.values(), cores)])
        spread = {
            k: broadcast_to(a, (*shape, *a.shape[a.ndim - core :]))
            for (k, a), core in zip(spread.items(), cores)
        }
        found = []
        for place in np.ndindex(*shape):
            here = {k: a[place] for k, a in spread.items()}
            found.append(
                self.pyfunc(
                    *[here.get(i, a) for i, a in enumerate(args)],
                    **{k: here.get(k, v) for k, v in kwargs.items()},
                )
            )
        if not found:
            raise ArgumentError("vectorize: there is no element to call the function with")
        if isinstance(found[0], tuple):
            return tuple(
                self._together(column, shape, i) for i, column in enumerate(zip(*found, strict=True))
            )
        return self._together(found, shape, 0)

    def _cores(self, spread: dict) -> list[int]:
        """How many axes of each argument a signature keeps together; none without one."""
        if self.signature is None:
            return [0] * len(spread)
        inputs = self._in_and_out_core_dims[0]  # type: ignore[attr-defined]
        sizes: dict[str, int] = {}
        if len(inputs) != len(spread):
            raise ArgumentError(
                f"vectorize: expected {len(inputs)} arguments for {self.signature!r}, got {len(spread)}"
            )
        for place, (array, names) in enumerate(zip(spread.values(), inputs)):
            core = array.shape[array.ndim - len(names) :]
            if array.ndim < len(names) or any(sizes.setdefault(n, k) != k for n, k in zip(names, core)):
                raise ArgumentError(
                    f"vectorize: argument {place} of shape {tuple(array.shape)} does not fit the signature "
                    f"{self.signature!r}"
                )
        return [len(names) for names in inputs]

    def _together(self, results: Any, shape: tuple, which: int) -> Any:
        arrays = [as_array(r) for r in results]
        if self.signature is None:
            out = reshape(stack(arrays), shape)
        else:
            out = stack(arrays)
            expected = len(self._in_and_out_core_dims[1][which])  # type: ignore[attr-defined]
            if arrays[0].ndim != expected:
                raise ArgumentError(
                    f"vectorize: result {which} of shape {tuple(arrays[0].shape)} does not fit "
                    f"the signature {self.signature!r}"
                )
            out = reshape(out, (*shape, *arrays[0].shape))
        dtype = np.dtype(self.otypes[which]) if self.otypes else out.dtype
        return out if out.dtype == dtype else astype(out, dtype)


r_ = Stacking(np.r_, 0, 1, -1)
c_ = Stacking(np.c_, -1, 2, 0)
