"""Every primitive under vmap: its batching class gives what a loop over the examples gives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autograd import grad, tensor, vmap
from autograd.primitive import slow_defaults
from tests.support.samples import ALL, Sample, differentiable, everything, is_floating

N = 3


def subsets(sample: Sample) -> list[tuple[int, ...]]:
    """Which arguments are batched: every subset, of many arguments all, single ones and all but one."""
    arrays = [i for i, a in enumerate(sample.args) if isinstance(a, (np.ndarray, np.generic))]
    if len(arrays) <= 3:
        return [c for n in range(1, len(arrays) + 1) for c in itertools.combinations(arrays, n)]
    left_out = [tuple(i for i in arrays if i != j) for j in arrays]
    return [tuple(arrays), *((i,) for i in arrays), *left_out]


def examples_of(value: np.ndarray, active: bool) -> np.ndarray:
    """N arguments like this one: a little larger where it has a derivative, else in another order."""
    value = np.asarray(value)
    if active and is_floating(value):
        return np.stack([value * value.dtype.type(1 + i / 64) for i in range(N)])
    return np.stack([np.roll(value, i) for i in range(N)])


def batched_arguments(sample: Sample, chosen: tuple[int, ...]) -> tuple[list, list, list]:
    """The arguments, their axes, and those of each example."""
    args, axes = list(sample.args), [None] * len(sample.args)
    rows = [list(sample.args) for _ in range(N)]
    for i in chosen:
        every = examples_of(args[i], i in sample.active)
        axes[i] = (0, -1)[(i + sample.number) % 2]
        args[i] = every if axes[i] == 0 else np.moveaxis(every, 0, -1)
        for row, one in zip(rows, every, strict=True):
            row[i] = one if one.ndim else one[()]
    return args, axes, rows


def called(sample: Sample, *args):
    """The public function on these; a Python number for an argument that is one."""
    return sample.call(*args)


def same(found, expected, what):
    found, expected = np.asarray(getattr(found, "_data", found)), np.asarray(expected)
    assert found.dtype == expected.dtype, f"{what}: {found.dtype}, expected {expected.dtype}"
    assert found.shape == expected.shape, f"{what}: {found.shape}, expected {expected.shape}"
    rtol = 1e-5 if found.dtype.char in "fF" else 1e-11
    np.testing.assert_allclose(found, expected, rtol, rtol, err_msg=what)


def weights(shape, dtype):
    return np.cos(np.arange(np.prod(shape, dtype=int)).reshape(shape) + 1).astype(dtype)


def scalar(sample: Sample):
    """A real function of the arguments, to differentiate."""

    def f(*args):
        out = called(sample, *args)
        return (out * weights(out.shape, out.dtype)).sum()

    return f


# Those that run for each example, and why: NumPy and SciPy have them for one alone.
LOOPS = {
    "roots",  # of polynomials, which looks at their coefficients
    "ode_solution", "integral",  # they call the user's function
}  # fmt: skip


def test_few_run_in_a_loop():
    names = {sample.prim.name for sample in ALL}
    assert set(slow_defaults()["batch"]) & names == LOOPS & names


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@everything
def test_values(sample: Sample):
    for chosen in subsets(sample):
        args, axes, rows = batched_arguments(sample, chosen)
        found = vmap(lambda *a: called(sample, *a), tuple(axes))(*args)
        same(found, np.stack([called(sample, *row) for row in rows]), f"batched {chosen}")


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@differentiable
def test_gradients_of_each_example(sample: Sample):
    f = scalar(sample)
    active = tuple(sample.active)
    for chosen in subsets(sample):
        args, axes, rows = batched_arguments(sample, chosen)
        found = vmap(grad(f, active), tuple(axes))(*args)
        expected = [grad(f, active)(*row) for row in rows]
        for k, i in enumerate(active):
            same(found[k], np.stack([e[k] for e in expected]), f"batched {chosen}, by argument {i}")


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@differentiable
def test_gradients_through_vmap(sample: Sample):
    f = scalar(sample)
    active = tuple(sample.active)
    share = weights((N,), np.float64)
    for chosen in subsets(sample):
        args, axes, _ = batched_arguments(sample, chosen)

        def looped(*given, axes=axes):
            parts = [
                [g if a is None else take(g, a, n) for g, a in zip(given, axes, strict=True)]
                for n in range(N)
            ]
            return sum(s * f(*part) for s, part in zip(share, parts, strict=True))

        def together(*given, axes=tuple(axes)):
            return (vmap(f, axes)(*given) * share).sum()

        found = grad(together, active)(*args)
        for k, (got, want) in enumerate(zip(found, grad(looped, active)(*args), strict=True)):
            same(got, want, f"batched {chosen}, by argument {active[k]}")


def take(x, axis, n):
    return x[n] if axis == 0 else x[..., n]


def test_lists_beside_batched_arguments():
    x = np.ones((4, 3))
    for f in (
        lambda x: x * [1.0, 2.0, 3.0],
        lambda x: np.maximum([1, 2, 3], x),
        lambda x: np.ldexp(x, [1, 2, 3]),
    ):
        np.testing.assert_array_equal(vmap(f)(tensor(x)).numpy(), np.stack([f(row) for row in x]))
