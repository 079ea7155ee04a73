"""Calls that NumPy's own tests make, of tensors: the values, dtypes and errors are NumPy's."""

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from tests.support.calls import leaves, same

X = np.array([[0.5, -1.5, 2.5], [1.0, 2.0, -3.0]])
CUBE = np.arange(60.0).reshape(3, 5, 4)
NOTHING = np.zeros((0, 3))
F32 = np.array([1.5, 2.0, 3.0], np.float32)


def _put(n, x, indices, axis):
    x = x * 1
    np.put_along_axis(x, np.array(indices), 5.0, axis)
    return x


CALLS = {
    "sum-initial": (lambda n, x: n.sum(x, initial=np.float64(2)), F32),
    "prod-initial": (lambda n, x: n.prod(x, initial=np.float64(2), where=[True, False, True]), F32),
    "array_split": (lambda n, x: n.array_split(x, np.int64(3)), F32),
    "split": (lambda n, x: n.split(x, np.int8(3), axis=1), X),
    "put_along_axis-broadcast": (lambda n, x: _put(n, x, [[[0, 1], [2, 2]]], 1), CUBE[:, :, :1]),
    "put_along_axis-flat": (lambda n, x: _put(n, x, [-1, 4], None), X),
    "interp-both-infinite": (lambda n, y: n.interp(0.5, [-np.inf, np.inf], y), np.array([10.0, 10.0])),
    "interp-low-infinite": (
        lambda n, x: n.interp(x, [-np.inf, 1.0, np.inf], [3.0, 4.0, 4.0]), np.array([-np.inf, 0.5, 2.0])
    ),
    "interp-heights": (lambda n, x: n.interp(x, [0.0, 1.0], [np.inf, np.inf]), np.array([0.5])),
    "vecdot-axes": (lambda n, x: n.vecdot(x, CUBE, axes=[0, 0], keepdims=True), CUBE),
    "vecdot-integers": (lambda n, x: n.vecdot(x, CUBE, axes=[np.int8(-1), np.array(-1)]), CUBE),
    "signature-of-numbers": (lambda n, x: n.add(x, 0.7, sig="ii->i", casting="unsafe") + 0 * x, X),
    "nanquantile-of-nothing": (lambda n, x: n.nanquantile(x, 0.4, axis=0), NOTHING),
    "nanpercentile-of-nothing": (lambda n, x: n.nanpercentile(x, 40), NOTHING),
    "norm-inf-of-nothing": (lambda n, x: n.linalg.norm(x, np.inf, 0), NOTHING),
    "norms-of-nothing": (
        lambda n, x: [n.linalg.norm(x, o, (0, 1), keepdims=True) for o in (None, "nuc", 1, 2, np.inf)],
        NOTHING,
    ),
    "pad-nothing": (lambda n, x: n.pad(x, [(0, 0), (2, 1)], mode="maximum"), NOTHING),
    "histogram2d-edges": (
        lambda n, x: n.histogram2d(x[0], x[1], bins=([0.0, 1.0, 2.0, 3.0], [-3.0, 3.0]))[0] + 0 * x[:1].T, X
    ),
    "reduce-where": (
        lambda n, x: n.subtract.reduce(x, axis=1, initial=0.5, where=np.array([[True, False, True]])), X
    ),
    "reduce-over-no-axis": (lambda n, x: n.divide.reduce(x, axis=(), initial=2.0), X),
    "histogramdd-mixed": (lambda n, x: n.histogramdd([x[0], x[1]], bins=[2, [-3.0, 0.0, 3.0]])[1], X),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys(name):
    call, x = CALLS[name]
    expected = call(np, x)
    for n in (anp, np):
        same(call(n, *leaves((x,))), expected, 1e-6 if x.dtype == np.float32 else 1e-12)


@pytest.mark.parametrize(("name", "x", "slope"), [
    ("interp-both-infinite", np.array([10.0, 10.0]), [1.0, 0.0]),
    ("interp-low-infinite", np.array([-2.0, 0.5, 2.0]), [0.0, 0.0, 0.0]),
])  # fmt: skip
def test_lines_to_infinity_are_flat(name, x, slope):
    x = autograd.tensor(x, requires_grad=True)
    CALLS[name][0](anp, x).sum().backward()
    assert x.grad.tolist() == slope


REFUSED = {
    "sum-complex-initial": lambda n, x: n.sum(x, initial=1j),
    "sum-initial-of-many": lambda n, x: n.sum(x, axis=0, initial=np.ones(3)),
    "array_split-into-none": lambda n, x: n.array_split(x, 0),
    "split-by-a-fraction": lambda n, x: n.split(x, 3.0),
    "put_along_axis-outside": lambda n, x: _put(n, x, [7], None),
    "put_along_axis-by-floats": lambda n, x: _put(n, x, [[1.0]], 1),
    "put_along_axis-no-axis": lambda n, x: _put(n, x, [[1]], 2),
    "nanmean-of-integers": lambda n, x: n.nanmean(x, dtype=int),
    "nanstd-of-integers": lambda n, x: n.nanstd(x, dtype=int),
    "quantile-of-nothing": lambda n, x: n.quantile(x[:0], 0.5, axis=0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_refuses_is_refused(name):
    kinds = (ValueError, TypeError, IndexError)
    with pytest.raises(kinds) as numpys:
        REFUSED[name](np, X)
    with pytest.raises(autograd.errors.AutogradError, match=name.split("-")[0]) as ours:
        REFUSED[name](anp, *leaves((X,)))
    assert any(isinstance(ours.value, kind) and isinstance(numpys.value, kind) for kind in kinds)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.int64])
def test_parts_of_integers_are_floats(dtype):
    x = np.ones(3, dtype)
    for n in (np, anp):
        same(n.modf(autograd.tensor(x)), np.modf(x))
    same(anp.modf(x), np.modf(x))
