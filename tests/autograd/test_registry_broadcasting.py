"""Broadcasting, over all small pairs of shapes: gradients against those of repeated arguments."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd.errors import ShapeError
from tests.support.samples import DEFAULT_DOMAIN, DIFFERENTIABLE, Sample, domain_of, each

SHAPES = [(), (1,), (2,), (0,), (1, 1), (1, 2), (2, 1), (2, 2), (0, 1), (2, 1, 1), (1, 2, 2)]


def _broadcasts(sample: Sample) -> bool:
    return sample.prim.is_elementwise and len(sample.args) > 1


joining = each([s for s in DIFFERENTIABLE if _broadcasts(s)])


def _together(*shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _filled(sample: Sample, shapes) -> list[np.ndarray]:
    rng = np.random.default_rng(len(shapes))
    args = []
    for i, shape in enumerate(shapes):
        low, high = domain_of(sample.prim, i) or DEFAULT_DOMAIN
        a = low + (high - low) * rng.random(shape)
        args.append(np.asarray(a if sample.prim.differentiable_in(i) else a > 0))
    return args


def _summed_back(g: np.ndarray, shape: tuple) -> np.ndarray:
    """The sum over what broadcasting repeated, one axis at a time."""
    while g.ndim > len(shape):
        g = g.sum(0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis, keepdims=True)
    return g


def _gradients(sample: Sample, args: list, v: np.ndarray) -> list[np.ndarray]:
    made = sample.with_args(args)
    tensors = made.tensors()
    out = made.call(*tensors)
    return [g.numpy() for g in autograd.gradients(out, [tensors[i] for i in made.active], v)]


def _check(sample: Sample, shapes: tuple) -> None:
    whole = _together(*shapes)
    args = _filled(sample, shapes)
    v = np.cos(np.arange(np.prod(whole, dtype=int))).reshape(whole)
    repeated = [np.array(np.broadcast_to(a, whole)) for a in args]
    found = _gradients(sample, args, v)
    expected = _gradients(sample, repeated, v)
    active = sample.with_args(args).active
    for i, g, e in zip(active, found, expected, strict=True):
        assert g.shape == shapes[i]
        np.testing.assert_allclose(g, _summed_back(e, shapes[i]), 1e-13, 1e-14, err_msg=f"{shapes}: {i}")


@joining
def test_all_small_shapes(sample: Sample):
    tuples = list(itertools.product(SHAPES, repeat=len(sample.args)))
    if len(sample.args) > 2:
        tuples = tuples[:: 5 if len(sample.args) == 3 else 47]
    tried = 0
    for shapes in tuples:
        if _together(*shapes) is not None:
            _check(sample, shapes)
            tried += 1
    assert tried > 50


@joining
def test_shapes_that_do_not_fit(sample: Sample):
    shapes = [(2,), (3,), (1,), (1,)][: len(sample.args)]
    made = sample.with_args(_filled(sample, shapes))
    with pytest.raises(ShapeError, match=rf"{sample.prim.name}\(.*\(2,\).*\(3,\).*broadcast"):
        made.call(*made.tensors())


BATCHES = [(), (1,), (2,), (2, 1), (1, 2), (0,), (3, 1, 1)]
ENDS = [((2, 3), (3, 4)), ((1, 3), (3, 1)), ((2, 0), (0, 2)), ((1, 1), (1, 1))]


def _matmul_by_einsum(x: np.ndarray, y: np.ndarray, v: np.ndarray) -> tuple:
    whole = v.shape[:-2]
    x, y = (np.broadcast_to(a, whole + a.shape[-2:]) for a in (x, y))
    return np.einsum("...ik,...jk->...ij", v, y), np.einsum("...ij,...ik->...jk", x, v)


@pytest.mark.parametrize("ends", ENDS, ids=str)
def test_matmul_over_all_batches(ends):
    rng = np.random.default_rng(0)
    for left, right in itertools.product(BATCHES, BATCHES):
        if _together(left, right) is None:
            continue
        x = autograd.tensor(rng.normal(size=left + ends[0]), requires_grad=True)
        y = autograd.tensor(rng.normal(size=right + ends[1]), requires_grad=True)
        out = x @ y
        np.testing.assert_array_equal(out.detach().numpy(), x.detach().numpy() @ y.detach().numpy())
        v = rng.normal(size=out.shape)
        out.backward(v)
        for t, e in zip((x, y), _matmul_by_einsum(x.detach().numpy(), y.detach().numpy(), v), strict=True):
            np.testing.assert_allclose(t.grad.numpy(), _matrices_back(e, t.shape[:-2]), 1e-13, 1e-13)


def _matrices_back(g: np.ndarray, batch: tuple) -> np.ndarray:
    while g.ndim - 2 > len(batch):
        g = g.sum(0)
    for axis, n in enumerate(batch):
        if n == 1:
            g = g.sum(axis, keepdims=True)
    return g


VECTORS = [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2)), ((0,), (0,))]


@pytest.mark.parametrize(("left", "right"), VECTORS, ids=str)
def test_matmul_of_vectors(left, right):
    rng = np.random.default_rng(1)
    x, y = (autograd.tensor(rng.normal(size=s), requires_grad=True) for s in (left, right))
    out = x @ y
    plain = x.detach().numpy() @ y.detach().numpy()
    assert out.shape == plain.shape
    np.testing.assert_allclose(out.detach().numpy(), plain, 1e-15)
    v = rng.normal(size=out.shape)
    out.backward(v)
    for t, other in ((x, y), (y, x)):
        direction = rng.normal(size=t.shape)
        moved = direction @ other.detach().numpy() if t is x else other.detach().numpy() @ direction
        np.testing.assert_allclose((t.grad.numpy() * direction).sum(), (v * moved).sum(), 1e-12, 1e-13)


@pytest.mark.parametrize(("left", "right"), [((2, 3), (2, 3)), ((3,), (2,)), ((2, 3, 4), (3, 4, 2))])
def test_matmul_that_does_not_fit(left, right):
    x, y = (autograd.tensor(np.ones(s), requires_grad=True) for s in (left, right))
    with pytest.raises(ShapeError, match="matmul"):
        anp.matmul(x, y)
