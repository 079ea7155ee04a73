"""Calls of a primitive drawn at random, as many as one likes; number `k` is always the same."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from autograd.primitive import Primitive

from .samples import DEFAULT_DOMAIN, Sample, domain_of, samples_of, spaced

SHAPES = [(), (1,), (2,), (5,), (2, 3), (3, 1, 2)]
# Each row broadcasts; an elementwise function of n arguments takes the first n of a row,
# and of more than three its first ones again.
TOGETHER = [((2, 3),) * 3, ((3,), (2, 3), (2, 1)), ((2, 1), (1, 3), ()), ((), (4,), (4,)), ((4,), (), (1,))]
FAR, NEAR = 0.2, 0.005  # how far what a case gives as an array may move
ORDERED = {("ode_solution", 1)}  # arguments, by their place, that have to stay in order: times


def examples_of(prim: Primitive, count: int) -> Iterator[Sample]:
    """`count` calls: of arrays of many shapes if it is elementwise, else of its cases in turn."""
    samples = [s for s in samples_of(prim) if s.active]
    for k in range(count):
        rng = np.random.default_rng(zlib.crc32(f"{prim.name}:{k}".encode()))
        sample = replace(samples[k % len(samples)], number=k)
        if prim.is_elementwise and not prim.cases:
            yield sample.with_args(_elementwise(sample, rng, k))
        else:
            yield sample.with_args(_argument(sample, i, rng) for i in range(len(sample.args)))


def _elementwise(sample: Sample, rng: np.random.Generator, k: int) -> list[np.ndarray]:
    prim, n = sample.prim, len(sample.args)
    if n == 1:
        shapes = [SHAPES[k % len(SHAPES)]]
    elif prim.analytic:
        shapes = list((TOGETHER[k % len(TOGETHER)] * 2)[:n])
    else:  # arguments on one grid do not meet
        shapes = [SHAPES[k % len(SHAPES)]] * n
    return [_drawn(sample, i, shape, rng) for i, shape in enumerate(shapes)]


def _argument(sample: Sample, i: int, rng: np.random.Generator) -> object:
    given = sample.args[i]
    if i not in sample.active:
        return given
    if _is_of_the_case(sample, i):
        reach = NEAR if (sample.prim.name, i) in ORDERED else _reach(sample.prim)
        return np.asarray(given + reach * rng.uniform(-1, 1, given.shape))
    return _drawn(sample, i, given.shape, rng)


def _reach(prim: Primitive) -> float:
    """Not far where there are kinks, or where a domain of a form of its own made the case necessary."""
    return NEAR if prim.kinks or prim.is_elementwise else FAR


def _is_of_the_case(sample: Sample, i: int) -> bool:
    """Whether a case gives the array itself, not a shape; then it may have to be such an array."""
    return any(
        given is sample.args[i] for case in sample.prim.cases for given in case.args if given is not None
    )


def _drawn(sample: Sample, i: int, shape: tuple, rng: np.random.Generator) -> np.ndarray:
    """Numbers of the domain: anywhere in it if the primitive is analytic, else away from kinks."""
    prim = sample.prim
    if prim.is_elementwise and not prim.differentiable_in(i) and domain_of(prim, i) is None:
        return np.asarray(rng.random(shape) < 0.5)
    low, high = domain_of(prim, i) or DEFAULT_DOMAIN
    if not prim.analytic:
        return spaced(shape, (low, high), rng, i / 3)
    x = rng.uniform(low, high, shape)
    everywhere = prim.is_elementwise and domain_of(prim, i) is None
    if everywhere and rng.random() < 0.25:  # small ones, of any size
        x = np.sign(x) * 10 ** rng.uniform(-8, 0, shape)
    return np.asarray(x)
