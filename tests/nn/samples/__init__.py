"""Sample uses of everything in `nn`: what the contract tests and the comparison with PyTorch run.

Each family has a file here with a list `SAMPLES`. A name with a capital is a module, built as
`nn.<name>(*args, **options)` and called with the inputs; another is a function, called as
`nn.functional.<name>(*inputs, *args, **options)`. The same words build PyTorch's.

    sample("Conv1d", 3, 4, 2, inputs=[(2, 3, 7)], stride=2)
    sample("softmax", inputs=[(2, 3)], dim=0)
    sample("nll_loss", inputs=[(2, 3), np.array([0, 2])], weight=np.array([1.0, 2.0, 3.0]))

An input is a shape (values are drawn), a floating array (both get the dtype that is tested, and
a gradient), an array of integers or booleans, `fixed(array)` for floating numbers that get no
gradient, or anything else, which is passed as it is. Arrays among the options are fixed.
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.support.bundles import bundled


class fixed:
    """Floating numbers of the dtype that is tested, without a gradient."""

    def __init__(self, values: Any):
        self.values = np.asarray(values, float)


class made:
    """A module among the arguments of another: each library builds its own."""

    def __init__(self, name: str, *args: Any, **options: Any):
        self.name, self.args, self.options = name, args, options

    def __repr__(self) -> str:
        return f"{self.name}{self.args}"


@dataclass(frozen=True)
class Sample:
    """One use of a module or function.

    Attributes:
        name: as in `nn` or `nn.functional`.
        args, options: of the constructor; or of the function, after its inputs.
        inputs: of the call.
        call: keywords of a module's call.
        training: whether a module is in training mode.
        peer: whether PyTorch gives the same; not so where numbers are drawn.
        orders: how many orders of derivatives are checked: 2, 1, or 0 where there are none.
        number: tells samples of one name apart.
    """

    name: str
    args: tuple
    options: dict
    inputs: tuple
    call: dict = field(default_factory=dict)
    training: bool = True
    peer: bool = True
    orders: int = 2
    number: int = 0

    @property
    def is_module(self) -> bool:
        return self.name[0].isupper()

    def __repr__(self) -> str:
        words = [_short(a) for a in self.args] + [f"{k}={_short(v)}" for k, v in self.options.items()]
        return f"{self.name}({', '.join(words)})-{self.number}"

    def arrays(self) -> list:
        """The inputs, with drawn values for shapes: the same at every call."""
        rng = np.random.default_rng(zlib.crc32(repr((self.name, self.number)).encode()))
        return [rng.normal(size=x) if _is_shape(x) else x for x in self.inputs]


def sample(
    name: str,
    *args: Any,
    inputs: Sequence,
    call: dict | None = None,
    training: bool = True,
    peer: bool = True,
    orders: int = 2,
    **options: Any,
) -> Sample:
    """Describe a use; see the module."""
    return Sample(name, args, options, tuple(inputs), call or {}, training, peer, orders)


def convert(value: Any, dtype: Any, array: Callable, leaf: Callable) -> Any:
    """A value with arrays in it as one of the two libraries takes it.

    Args:
        array: what makes a constant of an ndarray.
        leaf: what makes something that requires grad of a floating ndarray.
    """
    if isinstance(value, fixed):
        return array(value.values.astype(dtype))
    if isinstance(value, np.ndarray):
        return leaf(value.astype(dtype)) if value.dtype.kind == "f" else array(value)
    if isinstance(value, (list, tuple)):
        return type(value)(convert(v, dtype, array, leaf) for v in value)
    if isinstance(value, dict):
        return {k: convert(v, dtype, array, leaf) for k, v in value.items()}
    return value


def assemble(library: Any, sample: Any, dtype: Any, array: Callable) -> Any:
    """The module of a sample, or the one that `made` stands for, of this library."""
    args, options = (convert(v, dtype, array, array) for v in (sample.args, sample.options))
    args = [assemble(library, a, dtype, array) if isinstance(a, made) else a for a in args]
    options = {
        k: assemble(library, v, dtype, array) if isinstance(v, made) else v for k, v in options.items()
    }
    return getattr(library, sample.name)(*args, **options)


def flatten(value: Any) -> list:
    """The leaves of nested tuples, lists and dicts; None is left out."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in flatten(v)]
    return [] if value is None else [value]


def all_samples() -> list[Sample]:
    """The samples of all families, numbered."""
    found: list[Sample] = []
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        family = importlib.import_module(f"{__name__}.{info.name}").SAMPLES
        found += [Sample(**{**vars(s), "number": i}) for i, s in enumerate(family)]
    return found


def each(samples: list[Sample]) -> Any:
    """A test for all samples of a name."""
    return bundled("sample", samples, by=lambda s: s.name)


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(type(n) is int for n in x)


def _short(value: Any) -> str:
    """The same in every process: addresses are left out."""
    if isinstance(value, (np.ndarray, fixed)):
        return "array"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return repr(value) if len(repr(value)) < 40 else "..."
