"""Sample calls for every primitive of the registry, from what each declares of itself.

Elementwise primitives draw arrays in their `domain`; the others name their `cases`. Values lie
on a shuffled grid: they are distinct and away from multiples of 1/2, so that no difference
quotient reaches over a tie or a kink that the primitive has inside its domain.
"""

from __future__ import annotations

import contextlib
import functools
import math
import sys
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autograd
import autograd.numpy
import nn  # noqa: F401 - its operations enter the registry too
from autograd.errors import MissingExtra
from autograd.forward import jvp_of
from autograd.primitive import REGISTRY, Primitive
from autograd.tape import TensorBase
from tests.support.bundles import bundled

with contextlib.suppress(MissingExtra):  # without SciPy there are no such primitives to test
    import autograd.scipy.integrate
    import autograd.scipy.linalg
    import autograd.scipy.signal
    import autograd.scipy.special

DEFAULT_DOMAIN = (-3.0, 3.0)
SHAPE = (2, 3)
CLEARANCE = 0.03  # from multiples of 1/2; the stencils of `numeric.py` are narrower


@dataclass(frozen=True)
class Sample:
    """One call: arrays (or None for an argument left out) and the value of every static."""

    prim: Primitive
    args: tuple
    statics: tuple
    number: int = 0
    result: int | None = None  # which of several results it is about

    def __repr__(self) -> str:
        which = "" if self.result is None else f".{self.prim.results[self.result]}"
        return f"{self.prim.name}{which}-{self.number}"

    def with_args(self, args: Any) -> Sample:
        return replace(self, args=tuple(args))

    def cast(self, dtype: Any) -> Sample:
        """The same call with its floating arguments in another dtype."""
        chosen = self.active if np.dtype(dtype).kind == "c" else range(len(self.args))
        return self.with_args(
            a.astype(dtype) if is_floating(a) and i in chosen else a for i, a in enumerate(self.args)
        )

    @property
    def active(self) -> list[int]:
        """The positions of the arguments that have a derivative here."""
        return [i for i, a in enumerate(self.args) if is_floating(a) and self.prim.differentiable_in(i)]

    def kernel(self, *args: Any) -> Any:
        """The result of the NumPy kernel alone."""
        args = args or self.args
        values = (list(args),) if self.prim.variadic else args
        out = self.prim.kernel(*values, *self.statics)
        return self.chosen(out[0] if self.prim.aux else out)

    def chosen(self, out: Any) -> Any:
        return out if self.result is None else out[self.result]

    def forward(self, tangents: Any, args: Any = None, out: Any = None) -> Any:
        """The forward derivative."""
        return self.chosen(jvp_of(self.prim, args or self.args, tangents, self.statics, out))

    def call(self, *args: Any) -> Any:
        """The result of the public function."""
        args = args or self.args
        values = (list(args),) if self.prim.variadic else args
        return self.chosen(function_of(self.prim)(*values, *self.statics))

    def tensors(self) -> list:
        """The arguments, with tensors that require grad where a gradient can flow."""
        active = self.active
        return [
            autograd.tensor(a, requires_grad=True) if i in active else a for i, a in enumerate(self.args)
        ]


def is_floating(a: Any) -> bool:
    return isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind in "fc"


def is_taken(sample: Sample) -> bool:
    """Whether the kernel takes arguments of such dtypes."""
    try:
        sample.kernel()
    except (TypeError, np.exceptions.ComplexWarning):
        return False
    return True


_functions: dict[str, Any] = {}


def function_of(prim: Primitive) -> Any:
    """The generated function of a primitive, wherever it is kept."""
    made_for_a_test = getattr(prim, "function", None)
    if made_for_a_test is not None:
        return made_for_a_test
    if prim.name not in _functions:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in ("autograd", "nn"):
                for value in vars(module).values():
                    owner = getattr(value, "primitive", None)
                    if isinstance(owner, Primitive) and not isinstance(value, TensorBase):
                        _functions.setdefault(owner.name, value)
    return _functions[prim.name]


def samples_of(prim: Primitive) -> list[Sample]:
    """The sample calls of a primitive.

    Errors: AssertionError if it declares too little to be called: nothing escapes the tests.
    """
    if prim.is_elementwise and not prim.cases:
        return [Sample(prim, tuple(_drawn(prim, i, SHAPE, i) for i in range(len(prim.arrays))), ())]
    assert prim.cases, f"{prim.name}: a primitive that is not elementwise must declare cases"
    samples = []
    for number, case in enumerate(prim.cases):
        given = [_argument(prim, i, a, number) for i, a in enumerate(case.args)]
        if not prim.variadic:
            given += [prim.defaults[name] for name in prim.arrays[len(given) :]]
        unknown = set(case.statics) - set(prim.statics)
        assert not unknown, f"{prim.name}: {case} names {unknown}, which is no static"
        statics = tuple(case.statics[n] if n in case.statics else prim.defaults[n] for n in prim.statics)
        samples += _for_each_result(Sample(prim, tuple(given), statics, number))
    return samples


def _for_each_result(sample: Sample) -> list[Sample]:
    """The sample, or one for each floating result if there are several."""
    if not sample.prim.results:
        return [sample]
    values = sample.kernel()
    return [replace(sample, result=i) for i, v in enumerate(values) if is_floating(v)]


def _argument(prim: Primitive, position: int, given: Any, number: int) -> Any:
    return _drawn(prim, position, given, number) if isinstance(given, tuple) else given


def _drawn(prim: Primitive, position: int, shape: tuple, salt: int) -> np.ndarray:
    """An argument of a shape, of the kind that the primitive takes there."""
    seed = zlib.crc32(f"{prim.name}:{position}:{salt}".encode())
    rng = np.random.default_rng(seed)
    if takes_integers(prim):
        return rng.integers(0, 8, shape)
    low_high = domain_of(prim, position)
    if prim.is_differentiable and not prim.differentiable_in(position) and low_high is None:
        return rng.random(shape) < 0.5  # a constant of an elementwise function is a condition
    return spaced(shape, low_high or DEFAULT_DOMAIN, rng, position / 3)


def domain_of(prim: Primitive, position: int) -> tuple[float, float] | None:
    """Where an argument may lie, if the primitive says so."""
    if isinstance(prim.domain, dict):
        return prim.domain.get(prim.arrays[position])
    return prim.domain


def takes_integers(prim: Primitive) -> bool:
    """Whether the kernel is a ufunc without a loop for floating numbers."""
    return isinstance(prim.kernel, np.ufunc) and not any("d" in types for types in prim.kernel.types)


def spaced(shape: tuple, domain: tuple, rng: np.random.Generator, phase: float = 0.0) -> np.ndarray:
    """Distinct values inside a domain, in random order and away from multiples of 1/2.

    Arguments with different phases, a third apart, do not meet each other either.
    """
    low, high = domain
    n = math.prod(shape)
    width = (high - low) / max(n, 1)
    values = low + width * (rng.permutation(n) + 0.15 + phase + 0.05 * rng.random(n))
    nearest = np.round(2 * values) / 2
    near = np.abs(values - nearest) < CLEARANCE
    values[near] = (nearest + np.where(nearest >= high - CLEARANCE, -CLEARANCE, CLEARANCE))[near]
    return values.reshape(shape)


def each(samples: list[Sample]) -> Any:
    """A test for all samples of a primitive."""
    return bundled("sample", samples, by=lambda s: s.prim.name)


ALL = [s for prim in REGISTRY.values() for s in samples_of(prim)]
DIFFERENTIABLE = [s for s in ALL if s.prim.is_differentiable and s.active]
everything, differentiable = each(ALL), each(DIFFERENTIABLE)


@functools.cache
def with_imaginary_parts() -> list[Sample]:
    """Differentiable samples of complex arguments, of primitives whose kernel takes them."""

    def turned(sample: Sample) -> Sample:
        args = enumerate(sample.args)
        return sample.with_args(np.asarray(a * (1 + 0.25j)) if i in sample.active else a for i, a in args)

    return [s for s in map(turned, DIFFERENTIABLE) if is_taken(s)]
