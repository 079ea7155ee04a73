"""Views that turn an array, take it apart, or repeat it over a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd.numpy as anp
from autograd import gradients, tensor
from autograd.errors import ArgumentError, AutogradError, ShapeError
from tests.support import calls

X = np.arange(12.0).reshape(3, 4) ** 1.1
Y = np.array([0.5, -1.0])

CALLS = calls.listed(
    {
        "fliplr": [lambda n, x: n.fliplr(x) ** 2],
        "flipud": [lambda n, x: n.flipud(x) ** 2, lambda n, x: n.flipud(x[0])],
        "rot90": [
            *(lambda n, x, k=k: n.rot90(x * x, k) for k in range(-3, 5)),
            lambda n, x: n.rot90(x[None] * x[:, None], 3, axes=(2, 0)),
        ],
        "rollaxis": [lambda n, x: n.rollaxis(x[None] ** 2, 2), lambda n, x: n.rollaxis(x[None], 0, 3)],
        "broadcast_arrays": [lambda n, x, y: n.broadcast_arrays(x[:1, :2], y, 2.0 * y[:, None])],
        "unstack": [lambda n, x: n.unstack(x), lambda n, x: n.unstack(x * x, axis=-1)],
        "meshgrid": [
            lambda n, x, y: n.meshgrid(x[0], y),
            lambda n, x, y: n.meshgrid(x[0], y, y * y, indexing="ij"),
            lambda n, x, y: n.meshgrid(x[0], y, sparse=True),
            lambda n, x, y: n.meshgrid(y, copy=False)[0] * x[0, 0],
            lambda n, x, y: n.meshgrid(x[1], y, y, copy=False),
        ],
    },
    X,
    Y,
)
test_values, test_derivatives = calls.tests_of(CALLS, calls.check_values, calls.check_slopes)


@given(hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=3), st.integers(-5, 5), st.data())
def test_rot90_over_all_axes(shape, k, data):
    x = np.arange(np.prod(shape, dtype=float)).reshape(shape)
    axes = data.draw(st.permutations(range(-len(shape), 0)))[:2]
    calls.same(np.rot90(tensor(x, requires_grad=True), k, axes), np.rot90(x, k, axes))


@given(hnp.array_shapes(min_dims=1, max_dims=4), st.data())
def test_rollaxis_over_all_axes(shape, data):
    x = np.zeros(shape)
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    start = data.draw(st.integers(-x.ndim, x.ndim))
    assert np.rollaxis(tensor(x), axis, start).shape == np.rollaxis(x, axis, start).shape


@pytest.mark.parametrize(
    "view",
    [lambda t: np.fliplr(t), lambda t: np.flipud(t), lambda t: np.rot90(t), lambda t: np.rot90(t, 0),
     lambda t: np.rot90(t, 2), lambda t: np.rollaxis(t, 1), lambda t: np.unstack(t)[0]],
)  # fmt: skip
def test_what_is_a_view_of_numpy_is_one_here(view):
    x = np.zeros((3, 3))
    for t in (tensor(x), tensor(x, requires_grad=True) * 1):
        part = view(t)
        part[...] = 7.0
        expected = np.zeros((3, 3))
        view(expected)[...] = 7.0
        assert t.tolist() == expected.tolist()


def test_a_meshgrid_is_a_copy_unless_told():
    x = tensor([1.0, 2.0], requires_grad=True)
    a, _ = anp.meshgrid(x, Y)
    a[...] = 0.0
    assert x.tolist() == [1.0, 2.0]
    (g,) = gradients(anp.meshgrid(x, Y)[0].sum(), x)
    assert g.tolist() == [2.0, 2.0]


def test_what_does_not_fit_is_refused():
    x = tensor(X, requires_grad=True)
    with pytest.raises(ShapeError, match=r"fliplr: .* two axes or more"):
        np.fliplr(x[0])
    with pytest.raises(ArgumentError, match=r"rot90: .*axes must differ"):
        np.rot90(x, 1, (1, 1))
    with pytest.raises(ShapeError, match=r"broadcast_arrays: shapes \(3, 4\), \(2,\) do not"):
        np.broadcast_arrays(x, Y)
    with pytest.raises(ArgumentError, match="meshgrid: indexing must be"):
        np.meshgrid(x, indexing="yx")
    with pytest.raises(AutogradError, match="unstack:"):
        np.unstack(x[0, 0])
