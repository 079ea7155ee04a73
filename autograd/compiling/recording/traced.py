"""Arrays that note what is done with them, through NumPy's own protocols.

A `Traced` stands where a Tensor has its ndarray. It holds the real value, and every NumPy
function, method and operator that meets it is run on the real values and noted by its
recorder. What would take a number out of it raises `Leak`, as a program could not know of that.
"""

from __future__ import annotations

import operator
import sys
import threading
from typing import Any

import numpy as np

from ...memory import admit_arrays
from ...tape import TensorBase
from ..ir import mapped
from ..lines import described, is_library, user_frame


class _Pending(threading.local):
    """The leaks of a thread that nobody who may has handled."""

    def __init__(self) -> None:
        self.raised: list[Leak] = []


class Leak(BaseException):
    """A traced value was read where no instruction can tell; no error of the user's.

    Not an Exception, so that no kernel takes it for one of its own. What the user's own handlers
    take is found in `pending` when the function has returned.

    Attributes:
        plain: whether an array that is not recorded met the value: recorded too, it might take it.
    """

    pending = _Pending()

    def __init__(self, text: str, plain: bool = False):
        super().__init__(text)
        self.plain = plain
        self.place = described(user_frame())
        self.pending.raised.append(self)


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """An array under recording.

    Attributes:
        value: the real array; without axes too, and then `scalar` says whether NumPy would have
            given a scalar, which in-place operators replace.
        recorder: who is told.
        base: None, or what it is a view of, as for ndarrays.
    """

    __slots__ = ("__weakref__", "base", "recorder", "scalar", "value")
    __array_priority__ = 1000

    def __init__(self, value: np.ndarray, recorder: Any, base: Any = None, scalar: bool = False):
        self.value, self.recorder, self.base, self.scalar = value, recorder, base, scalar

    # -------------------------------------------------------------- what is fixed

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    nbytes = property(lambda self: self.value.nbytes)
    itemsize = property(lambda self: self.value.itemsize)
    strides = property(lambda self: self.value.strides)
    flags = property(lambda self: self.value.flags)

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        return f"<recorded {self.dtype}{self.shape}>"

    def __hash__(self) -> int:
        if self.scalar:
            self.refuse_hash(sys._getframe(1))
        return object.__hash__(self)

    # -------------------------------------------------------------- views

    T = property(lambda self: self._view(self.value.T))
    mT = property(lambda self: self._view(self.value.mT))
    real = property(lambda self: self.recorder.call(np.real, (self,), {}))
    imag = property(lambda self: self.recorder.call(np.imag, (self,), {}))

    def _view(self, value: np.ndarray) -> Traced:
        return Traced(value, self.recorder, self if self.base is None else self.base)

    def as_array(self) -> Traced:
        """What `numpy.asarray` would give: a scalar as an array without axes, an array itself."""
        return self.recorder.duck(self.value) if self.scalar else self

    def strided(self, shape: tuple, strides: tuple) -> Traced:
        return self._view(np.lib.stride_tricks.as_strided(self.value, shape, strides))

    def __getitem__(self, index: Any) -> Any:
        if type(index) is not int:
            index = mapped(index, self.recorder.of_tensor)
        return self.recorder.call(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        index, value = mapped((index, value), self.recorder.of_tensor)
        target = self.recorder.part(self, index)
        if target is not None:
            self.recorder.call(np.copyto, (target, value, "unsafe"), {}, writes=(target,))
        else:
            self.recorder.call(operator.setitem, (self, index, value), {}, writes=(self,))

    def __iter__(self) -> Any:
        return iter([self[i] for i in range(len(self))])

    # -------------------------------------------------------------- reading a value

    def _leak(self, what: str, plain: bool = False) -> Any:
        raise Leak(f"{what} reads a value that is computed anew at each run", plain)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._leak("numpy.asarray()", plain=True)

    def __float__(self) -> float:
        return self._leak("float()", plain=True)

    def __int__(self) -> int:
        return self._leak("int()")

    def __complex__(self) -> complex:
        return self._leak("complex()")

    def __index__(self) -> int:
        return self._leak("an index", plain=True)

    def item(self, *index: int) -> Any:
        return self._leak("item()")

    def tolist(self) -> Any:
        return self._leak("tolist()")

    def tobytes(self, *order: str) -> bytes:
        return self._leak("tobytes()")

    def __contains__(self, value: Any) -> bool:
        return self._leak("in")

    def refuse_hash(self, frame: Any) -> None:
        """NumPy's scalars are found in dicts and sets by their values: nobody may ask but the library."""
        if not is_library(frame.f_code.co_filename):
            self._leak("hash(), as in a dict or a set,")

    def __bool__(self) -> bool:
        # in kernels of our own a program can check that the outcome is what it was
        frame = sys._getframe(1)
        if frame.f_globals.get("__name__") == "autograd.plain":  # `bool(tensor)`: who asks?
            frame = frame.f_back  # type: ignore[assignment]
        if not is_library(frame.f_code.co_filename):
            self._leak("bool(), as in if and while,")
        return self.recorder.guard(self)

    # -------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out", ())
        for x in (*inputs, *out):
            if type(x) not in _USUAL and (_declines(x) or isinstance(x, TensorBase)):
                return NotImplemented
        if out:
            if out[1:] == ():
                options["out"] = out[0]
            out = tuple([x for x in out if x is not None])
        if method == "at":
            out = (*out, inputs[0])
        fn = ufunc if method == "__call__" else getattr(ufunc, method)
        return self.recorder.call(fn, inputs, options, writes=out)

    def __array_function__(self, func: Any, types: Any, args: tuple, options: dict) -> Any:
        if any(issubclass(t, TensorBase) for t in types):
            return NotImplemented
        return self.recorder.function(func, args, options)

    # -------------------------------------------------------------- in place

    def keep_zeros(self, result: Any) -> Any:
        """See `ops.limits.keep_zeros`."""
        return self.recorder.keep_zeros(self, result)

    def fill(self, value: Any) -> None:
        self.recorder.call(np.copyto, (self, value), {}, writes=(self,))

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        self[...] = np.sort(self, axis, kind)


def _declines(x: Any) -> bool:
    return getattr(type(x), "__array_ufunc__", 0) is None


# What ufuncs mostly meet.
_USUAL = {Traced, np.ndarray, float, int, type(None)}


def _in_place(name: str, ufunc: np.ufunc) -> Any:
    def method(self: Traced, other: Any) -> Any:
        if isinstance(other, TensorBase):
            return NotImplemented
        # a NumPy scalar is replaced, an array is written
        return ufunc(self, other) if self.scalar else ufunc(self, other, out=(self,))

    method.__name__ = name
    return method


def _method(name: str) -> Any:
    fn = getattr(np.ndarray, name)

    def method(self: Traced, *args: Any, **options: Any) -> Any:
        return self.recorder.method(fn, (self, *args), options)

    method.__name__ = name
    return method


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "pow": np.power,
    "floordiv": np.floor_divide, "mod": np.remainder, "matmul": np.matmul, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor,
}.items():  # fmt: skip
    setattr(Traced, f"__i{_name}__", _in_place(f"__i{_name}__", _ufunc))

for _name in (
    "all", "any", "argmax", "argmin", "argsort", "astype", "choose", "clip", "compress", "conj",
    "conjugate", "copy", "cumprod", "cumsum", "diagonal", "dot", "flatten", "max", "mean", "min", "prod",
    "ravel", "repeat", "reshape", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes",
    "take", "trace", "transpose", "var", "view",
):  # fmt: skip
    setattr(Traced, _name, _method(_name))


admit_arrays(Traced)
