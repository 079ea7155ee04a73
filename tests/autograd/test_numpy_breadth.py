"""Functions that move elements, pad, make ranges, find unique elements, or apply functions: as NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import tensor
from autograd.errors import ArgumentError, AutogradError, ShapeError
from autograd.ops import applying, bessel, masked, moving, padding, ranges, rearranging, sections, sets
from autograd.ops.composed import COMPOSED
from tests.support import calls

FAMILIES = (applying, bessel, masked, moving, padding, ranges, sections, sets)
X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])
V = np.array([0.0, 0.5, -1.25, 0.0, 2.0, 0.0])
CUBE = np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)
IM = np.lib.scimath
windows = np.lib.stride_tricks.sliding_window_view


def _ends(vector, widths, axis, options):
    before, after = widths
    vector[:before] = vector[before : before + 1] * options["scale"]
    if after:
        vector[-after:] = vector[:1] + axis


TABLE = {
    "insert": [
        lambda n, x: n.insert(x, 1, 7.0, axis=1),
        lambda n, x: n.insert(x, 2, x[:, 0]),
        lambda n, x: n.insert(x, [0, 2], x[:, :2] ** 2, axis=1),
        lambda n, x: n.insert(x, [1, 1, 4], x[0]),
        lambda n, x: n.insert(x, -1, x[0] * 2, axis=0),
        lambda n, x: n.insert(x, slice(0, 3, 2), 5.0, axis=1),
    ],
    "delete": [
        lambda n, x: n.delete(x, 1, axis=1),
        lambda n, x: n.delete(x, [0, 5]),
        lambda n, x: n.delete(x, slice(None, None, 2), axis=1),
        lambda n, x: n.delete(x * x, np.array([True, False, False]), axis=1),
    ],
    "resize": [lambda n, x: n.resize(x, (4, 2)), lambda n, x: n.resize(x * x, 13)],
    "block": [
        lambda n, x: n.block([[x, x * 2], [x[:, :1], CUBE[:, 0, :1], x, x[:, :1]]]),
        lambda n, x: n.block([x[0], 3.0]),
        lambda n, x: n.block(x),
        lambda n, x: n.block([[[x]], [[CUBE[:, :3, 0]]]]),
    ],
    "diag": [
        lambda n, x: n.diag(x),
        lambda n, x: n.diag(x, -1),
        lambda n, x: n.diag(x[0] ** 2),
        lambda n, x: n.diag(x[0], 2),
    ],
    "diagflat": [lambda n, x: n.diagflat(x), lambda n, x: n.diagflat(x, -2)],
    "choose": [
        lambda n, x: n.choose([[0, 1, 0], [1, 1, 0]], [x, x * 3]),
        lambda n, x: n.choose([2, 0, -1], [x, x[0], CUBE[:, 0, :3]], mode="wrap"),
        lambda n, x: n.choose([1, 5, 0], (x, x * x), mode="clip"),
    ],
    "compress": [
        lambda n, x: n.compress([True, False, True], x, axis=1),
        lambda n, x: n.compress([True, False, False, True], x),
        lambda n, x: n.compress([False, True], x * x, 0),
    ],
    "extract": [lambda n, x: n.extract(X > 0, x), lambda n, x: n.extract([0, 1, 1], x * x)],
    "select": [
        lambda n, x: n.select([X > 1, X < 0], [x, x * x], 5.0),
        lambda n, x: n.select([X[0] > 1, X > 0], [x[0], 2.0 * x], x[1]),
    ],
    "sliding_window_view": [
        lambda n, x: windows(x, 2, axis=1),
        lambda n, x: windows(x, (2, 2)),
        lambda n, x: windows(x * x, (1, 2), axis=(0, 1)),
    ],
    "trim_zeros": [
        lambda n, x: n.trim_zeros(x[0, 0] * V),
        lambda n, x: n.trim_zeros(x[0, 0] * V, "f"),
        lambda n, x: n.trim_zeros(x[0, 0] * V, "b"),
        lambda n, x: n.trim_zeros(x[0] * np.array([[0.0], [1.0]])),
        lambda n, x: n.trim_zeros(x[0] * np.array([[0.0], [1.0]]), axis=1),
    ],
    "pad": [
        *(lambda n, x, mode=mode: n.pad(x, ((1, 0), (2, 3)), mode) for mode in ("edge", "wrap", "mean",
          "median", "maximum", "minimum", "linear_ramp", "constant", "reflect", "symmetric")),
        lambda n, x: n.pad(x * x, 2),
        lambda n, x: n.pad(x, (1, 2), constant_values=3.0),
        lambda n, x: n.pad(x, 1, constant_values=((1.0, 2.0), (3.0, 4.0))),
        lambda n, x: n.pad(x, 1, "linear_ramp", end_values=(1.5, -1.0)),
        lambda n, x: n.pad(x, 4, "reflect", reflect_type="odd"),
        lambda n, x: n.pad(x, ((0, 5), (3, 1)), "symmetric", reflect_type="odd"),
        lambda n, x: n.pad(x, 2, "mean", stat_length=2),
        lambda n, x: n.pad(x, 1, "maximum", stat_length=((1, 1), (2, 1))),
        lambda n, x: n.pad(x * x, ((1, 2), (0, 1)), _ends, scale=3.0),
    ],
    "hsplit": [lambda n, x: n.hsplit(x, 3), lambda n, x: n.hsplit(x[0], [1])],
    "vsplit": [lambda n, x: n.vsplit(x, 2)],
    "dsplit": [lambda n, x: n.dsplit(x[None], [1, 2])],
    "linspace": [
        lambda n, x: n.linspace(x[0], x[1], 4),
        lambda n, x: n.linspace(x[0, 0], 3.0, 5, endpoint=False),
        lambda n, x: n.linspace(x, 1.0, 3, axis=-1),
        lambda n, x: n.linspace(x[0], x[1], 4, retstep=True),
        lambda n, x: n.linspace(0.0, x[0, 2], 1),
    ],
    "logspace": [
        lambda n, x: n.logspace(x[0], 1.0, 3),
        lambda n, x: n.logspace(0.0, x[0, 0], 4, base=2.0, endpoint=False),
        lambda n, x: n.logspace(0.0, 1.0, 3, base=x[0, 2]),
    ],
    "geomspace": [
        lambda n, x: n.geomspace(x[0] ** 2, 4.0, 4),
        lambda n, x: n.geomspace(-1.0, -x[0, 2], 3),
        lambda n, x: n.geomspace(x[0, 0], 8.0, 3, endpoint=False),
    ],
    "full_like": [lambda n, x: n.full_like(x, x[0, 0]), lambda n, x: n.full_like(x, x[0], shape=(4, 3))],
    "vander": [lambda n, x: n.vander(x[0]), lambda n, x: n.vander(x[0], 4, increasing=True)],
    "unique": [
        lambda n, x: n.unique(n.concatenate([x, x], axis=1)),
        lambda n, x: n.unique(x, return_index=True),
        lambda n, x: n.unique(n.concatenate([x, x], axis=0), True, True, True, axis=0),
    ],
    "unique_all": [lambda n, x: n.unique_all(x)],
    "unique_counts": [lambda n, x: n.unique_counts(x)],
    "unique_inverse": [lambda n, x: n.unique_inverse(x)],
    "unique_values": [lambda n, x: n.sort(n.unique_values(x))],
    "union1d": [lambda n, x: n.union1d(x, CUBE[0, 0])],
    "intersect1d": [lambda n, x: n.intersect1d(x, n.stack([x[0, 1], x[1, 1]]), return_indices=True)],
    "setdiff1d": [lambda n, x: n.setdiff1d(x, CUBE[0, 0])],
    "setxor1d": [lambda n, x: n.setxor1d(x, CUBE[0, 0])],
    "bincount": [
        lambda n, x: n.bincount(np.array([0, 3, 3]), x[0]),
        lambda n, x: n.bincount(np.array([0, 1, 1]), weights=x[1] ** 2, minlength=6),
    ],
    "ptp": [
        lambda n, x: n.ptp(x),
        lambda n, x: n.ptp(x, axis=1),
        lambda n, x: n.ptp(x * x, 0, keepdims=True),
    ],
    "apply_along_axis": [
        lambda n, x: n.apply_along_axis(lambda v: v * v, 1, x),
        lambda n, x: n.apply_along_axis(lambda v: v.sum(), 0, x),
        lambda n, x: n.apply_along_axis(lambda v: v[:2, None] * v[None], 1, x),
        lambda n, x: n.apply_along_axis(lambda v, a, b: a * v + b, 0, x, 2.0, b=1.0),
    ],
    "apply_over_axes": [
        lambda n, x: n.apply_over_axes(n.sum, x * x, [0, 1]),
        lambda n, x: n.apply_over_axes(n.mean, x[None] * CUBE[:, :2, :3], (0, -1)),
    ],
    "piecewise": [
        lambda n, x: n.piecewise(x, [X < 0, X >= 1], [lambda v: v * v, 5.0]),
        lambda n, x: n.piecewise(x, [X < 0], [lambda v: -v, lambda v: v * 3]),
        lambda n, x: n.piecewise(x[0], X[0] < 0, [lambda v, k: v * k, 1.0], 4.0),
    ],
    "real_if_close": [lambda n, x: n.real_if_close(x * (1 + 0j)), lambda n, x: n.real_if_close(x)],
    "i0": [lambda n, x: n.i0(x), lambda n, x: n.i0(4 * x)],
    "sqrt": [lambda n, x: IM.sqrt(x), lambda n, x: IM.sqrt(x * x)],
    "log": [lambda n, x: IM.log(x)],
    "log2": [lambda n, x: IM.log2(x)],
    "log10": [lambda n, x: IM.log10(x)],
    "logn": [lambda n, x: IM.logn(3.0, x)],
    "power": [lambda n, x: IM.power(x, 0.5), lambda n, x: IM.power(x * x, 1.5)],
    "arccos": [lambda n, x: IM.arccos(x)],
    "arcsin": [lambda n, x: IM.arcsin(x)],
    "arctanh": [lambda n, x: IM.arctanh(x)],
}  # fmt: skip
CALLS = calls.listed(TABLE, X)
test_values, test_derivatives, test_float32 = calls.tests_of(CALLS)


def test_every_function_of_these_files_is_called_here():
    files = {family.__name__ for family in FAMILIES}
    there = {f.__name__ for f, ours in COMPOSED.items() if ours.__wrapped__.__module__ in files}
    assert there - {"full"} == set(TABLE)
    assert rearranging.__name__ not in files  # has a test of its own


# ------------------------------------------------------------------ what tables cannot say


def test_sections_are_views():
    for make in (lambda x: np.hsplit(x, 3)[1], lambda x: np.vsplit(x, 2)[1]):
        x, y = tensor(X, requires_grad=True) * 1.0, X.copy()
        ours, theirs = make(x), make(y)
        ours *= 2.0
        theirs *= 2.0
        np.testing.assert_array_equal(x.detach().numpy(), y)


def test_full():
    t = tensor(2.0, requires_grad=True)
    out = anp.full((2, 3), t * t)
    assert out.shape == (2, 3)
    out.sum().backward()
    assert t.grad.item() == 24.0
    assert anp.full(2, 3.0).tolist() == [3.0, 3.0]
    assert anp.full(2, t, dtype=np.float32).dtype == np.float32


def test_padding_with_tensors():
    x, a = tensor(X, requires_grad=True), tensor([2.0, 3.0], requires_grad=True)
    out = np.pad(x, ((0, 0), (1, 2)), constant_values=(a[0], a[1]))
    np.testing.assert_array_equal(_data(out), np.pad(X, ((0, 0), (1, 2)), constant_values=(2.0, 3.0)))
    out.sum().backward()
    assert a.grad.tolist() == [2.0, 4.0]
    (g,) = autograd.gradients(np.pad(x, 1, "linear_ramp", end_values=a).sum(), a)
    h = 1e-6
    slopes = [
        (np.pad(X, 1, "linear_ramp", end_values=[2 + d, 3 + e]).sum()
         - np.pad(X, 1, "linear_ramp", end_values=[2.0, 3.0]).sum()) / h
        for d, e in ((h, 0), (0, h))
    ]  # fmt: skip
    np.testing.assert_allclose(g.numpy(), slopes, 1e-6)


def _data(x):
    return x.detach().numpy()


def test_empty_results():
    x = tensor(X, requires_grad=True)
    empty = [
        lambda x: np.resize(x, (0,)),
        lambda x: np.vander(x[0], 0),
        lambda x: np.trim_zeros(x[0] * 0),
        lambda x: np.linspace(x[0, 0], 1.0, 0),
        lambda x: np.extract(X > 9, x),
    ]
    for call in empty:
        out = call(x)
        assert out.shape == call(X).shape
        (g,) = autograd.gradients(out.sum(), x, allow_unused=True)
        assert g is None or not g.numpy().any()


def test_equal_elements_give_their_cotangent_to_the_first():
    x = tensor([2.0, 1.0, 2.0], requires_grad=True)
    values, counts = np.unique(x, return_counts=True)
    assert counts.tolist() == [1, 2]
    (values * np.array([10.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 10.0, 0.0]
    a, b = tensor([1.0, 2.0], requires_grad=True), tensor([2.0, 3.0], requires_grad=True)
    common, at_a, at_b = np.intersect1d(a, b, return_indices=True)
    assert (common.tolist(), at_a.tolist(), at_b.tolist()) == ([2.0], [1], [0])
    common.sum().backward()
    assert a.grad.tolist() == [0.0, 1.0]
    assert b.grad is None or b.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("z", [2.0, -2.0, 2 - 0j, -2 - 0j, 0.3 + 0.2j])
@pytest.mark.parametrize("f", [np.arcsin, np.arccos])
def test_derivatives_on_a_branch_cut_are_those_of_its_side(f, z):
    below = np.signbit(np.imag(z))
    x = tensor(complex(np.real(z), np.imag(z)), requires_grad=True)
    (g,) = autograd.gradients(f(x), x, np.ones((), complex))
    step = 1e-6 * (-1j if below else 1j)
    expected = (f(z + 2 * step) - f(z + step)) / step
    np.testing.assert_allclose(np.conj(g.numpy()), expected, 1e-4)


REFUSED = {
    "less than no numbers": (ArgumentError, lambda x: np.linspace(x[0], 1.0, -1)),
    "geometric from zero": (ArgumentError, lambda x: np.geomspace(x[0] * 0, 1.0)),
    "powers of a matrix": (ArgumentError, lambda x: np.vander(x)),
    "uneven sections": (AutogradError, lambda x: np.hsplit(x, 2)),
    "too few axes": (ShapeError, lambda x: np.dsplit(x, 2)),
    "conditions without functions": (ArgumentError, lambda x: np.piecewise(x, [X > 0], [1.0, 2.0, 3.0])),
    "no vectors": (ArgumentError, lambda x: np.apply_along_axis(np.sum, 0, x[:, :0])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    error, call = REFUSED[name]
    with pytest.raises(error):
        call(tensor(X, requires_grad=True))
