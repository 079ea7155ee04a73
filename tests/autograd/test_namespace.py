"""`autograd.numpy` and NumPy's own functions on Tensors: NumPy's values, and right gradients."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import tensor
from autograd.ops.composed import COMPOSED
from autograd.protocols import IMPLEMENTATIONS, WRITERS
from tests.support.numeric import complex_step

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])
Y = np.array([[0.3], [-0.7]])
MASK = np.array([[True, False, True], [False, False, True]])
CUBE = np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)

# Functions spelled with several primitives, or called in ways of their own: `n` is a namespace.
SMOOTH = {
    "append": [lambda n, x, y: n.append(x, y), lambda n, x, y: n.append(x, x * 2, axis=0)],
    "array_split": [lambda n, x, y: n.array_split(x, 2, 1)[0], lambda n, x, y: n.array_split(x, [1], 1)[1]],
    "astype": [lambda n, x, y: n.astype(x, x.dtype)],
    "atleast_1d": [lambda n, x, y: n.atleast_1d(x[0, 0])],
    "atleast_2d": [lambda n, x, y: n.atleast_2d(x[0])],
    "atleast_3d": [
        lambda n, x, y: n.atleast_3d(x),
        lambda n, x, y: n.atleast_3d(x[0]),
        lambda n, x, y: n.atleast_3d(x[0, 0]),
    ],
    "column_stack": [lambda n, x, y: n.column_stack([x, y, y[:, 0]])],
    "concatenate": [
        lambda n, x, y: n.concatenate([x, y], 1),
        lambda n, x, y: n.concatenate((x, x), axis=None),
        lambda n, x, y: n.concatenate([x, X], axis=-1),
        lambda n, x, y: n.concatenate(x),
    ],
    "cumsum": [lambda n, x, y: n.cumsum(x), lambda n, x, y: n.cumsum(x, axis=-1)],
    "diagonal": [
        lambda n, x, y: n.diagonal(x),
        lambda n, x, y: n.diagonal(x, 1),
        lambda n, x, y: n.diagonal(x, -1),
        lambda n, x, y: n.diagonal(x, 5),
        lambda n, x, y: n.diagonal(x[None] * CUBE[:1, :1, :1], 0, 1, 2),
    ],
    "cross": [lambda n, x, y: n.cross(x, CUBE[0, 0, :3])],
    "matrix_transpose": [lambda n, x, y: n.matrix_transpose(x)],
    "dot": [
        lambda n, x, y: n.dot(x.T, y),
        lambda n, x, y: n.dot(x, x[0]),
        lambda n, x, y: n.dot(x[0], x[1]),
        lambda n, x, y: n.dot(y[0, 0], x),
        lambda n, x, y: n.dot(CUBE, x.T[None, [0, 1, 2, 0]]),
        lambda n, x, y: n.dot(x, CUBE[:, :3]),
        lambda n, x, y: n.dot(CUBE, n.dot(x.T, x)[:1].reshape(3, 1)[[0, 1, 2, 0], 0]),
    ],
    "dstack": [lambda n, x, y: n.dstack([x, x * y]), lambda n, x, y: n.dstack([x[0], x[1]])],
    "einsum": [
        lambda n, x, y: n.einsum("ij,ik->jk", x, y),
        lambda n, x, y: n.einsum("ij,ik", x, y),
        lambda n, x, y: n.einsum("ij->ji", x),
        lambda n, x, y: n.einsum("ij", x),
        lambda n, x, y: n.einsum("ji", x),
        lambda n, x, y: n.einsum("ij->", x),
        lambda n, x, y: n.einsum("ij->j", x * x),
        lambda n, x, y: n.einsum("ii->i", x[:, :2]),
        lambda n, x, y: n.einsum("ii", x[:, :2]),
        lambda n, x, y: n.einsum("iji->j", x[:, :, None] * y[None, None, :, 0]),
        lambda n, x, y: n.einsum("...j,...k->...jk", x, y),
        lambda n, x, y: n.einsum("i...,i...->...", x, y),
        lambda n, x, y: n.einsum("ij,kj,kl,il->", x, x, y, y),
        lambda n, x, y: n.einsum("ij,ij->ij", x, y),
        lambda n, x, y: n.einsum("i,j->ij", x[0], y[:, 0]),
        lambda n, x, y: n.einsum("ab,bc,cd->ad", y.T, x, CUBE[0]),
        lambda n, x, y: n.einsum(x, [0, 1], y, [0, 2], [1, 2]),
        lambda n, x, y: n.einsum(x, [0, 1], y, [0, 2]),
        lambda n, x, y: n.einsum(x, [Ellipsis, 1], [1, Ellipsis]),
        lambda n, x, y: n.einsum(" ij , ik -> kj ", x, y),
        lambda n, x, y: n.einsum("ij,->ij", x, y[0, 0]),
    ],
    "expand_dims": [lambda n, x, y: n.expand_dims(x, 1), lambda n, x, y: n.expand_dims(x, (0, -1))],
    "flip": [lambda n, x, y: n.flip(x), lambda n, x, y: n.flip(x, (0, 1))],
    "hstack": [lambda n, x, y: n.hstack([x, y]), lambda n, x, y: n.hstack([x[0], y[:, 0]])],
    "inner": [
        lambda n, x, y: n.inner(x, x),
        lambda n, x, y: n.inner(x[0], x[1]),
        lambda n, x, y: n.inner(x, y[0, 0]),
    ],
    "kron": [
        lambda n, x, y: n.kron(x, y),
        lambda n, x, y: n.kron(y[:, 0], x),
        lambda n, x, y: n.kron(x[0], y[:, 0]),
    ],
    "matvec": [
        lambda n, x, y: n.matvec(x.T, y[:, 0]),
        lambda n, x, y: n.matvec(CUBE[:, None, :3, :3], x),
    ],
    "matmul": [lambda n, x, y: n.matmul(y.T, x)],
    "mean": [
        lambda n, x, y: n.mean(x),
        lambda n, x, y: n.mean(x, axis=(0, 1)),
        lambda n, x, y: n.mean(x, 1, keepdims=True),
    ],
    "moveaxis": [
        lambda n, x, y: n.moveaxis(x[None], 0, -1),
        lambda n, x, y: n.moveaxis(x[None], (0, 1), (2, 0)),
    ],
    "nan_to_num": [lambda n, x, y: n.nan_to_num(x)],
    "outer": [lambda n, x, y: n.outer(x, y)],
    "ravel": [lambda n, x, y: n.ravel(x.T)],
    "repeat": [
        lambda n, x, y: n.repeat(x, 2),
        lambda n, x, y: n.repeat(x, [1, 0, 2], axis=1),
        lambda n, x, y: n.repeat(x, np.array([2]), 0),
        lambda n, x, y: n.repeat(x, np.int64(2), axis=-1),
    ],
    "reshape": [lambda n, x, y: n.reshape(x, -1), lambda n, x, y: n.reshape(x, (3, 2))],
    "split": [lambda n, x, y: n.split(x, 3, axis=1)[2], lambda n, x, y: n.split(x, [1, 2], -1)[1]],
    "squeeze": [
        lambda n, x, y: n.squeeze(y),
        lambda n, x, y: n.squeeze(y, 1),
        lambda n, x, y: n.squeeze(y[None], (0, -1)),
    ],
    "swapaxes": [lambda n, x, y: n.swapaxes(x, 0, -1)],
    "take": [
        lambda n, x, y: n.take(x, [0, 5, 0]),
        lambda n, x, y: n.take(x, [[0, 1]], axis=1),
        lambda n, x, y: n.take(x, 1, axis=-1),
    ],
    "tensordot": [
        lambda n, x, y: n.tensordot(x, CUBE[:, 0], ([0], [0])),
        lambda n, x, y: n.tensordot(CUBE, x, ([0, 1], [0, 1])),
        lambda n, x, y: n.tensordot(x, y, 0),
        lambda n, x, y: n.tensordot(x, CUBE[0], 1),
        lambda n, x, y: n.tensordot(x, x),
        lambda n, x, y: n.tensordot(x, x, (1, 1)),
    ],
    "tile": [
        lambda n, x, y: n.tile(x, 2),
        lambda n, x, y: n.tile(x, (2, 1, 3)),
        lambda n, x, y: n.tile(x[0], (2, 2)),
        lambda n, x, y: n.tile(x[0], (4, 1)),
    ],
    "trace": [lambda n, x, y: n.trace(x), lambda n, x, y: n.trace(x, 1)],
    "transpose": [lambda n, x, y: n.transpose(x), lambda n, x, y: n.transpose(x[None], (2, 0, 1))],
    "vdot": [lambda n, x, y: n.vdot(CUBE[0, :2, :3], x), lambda n, x, y: n.vdot(CUBE[1, :3, :2], x.T)],
    "vecdot": [
        lambda n, x, y: n.vecdot(CUBE[0, :2, :3], x),
        lambda n, x, y: n.vecdot(CUBE[0, :2, :3], x, axis=0),
        lambda n, x, y: n.vecdot(CUBE[:, :2, :3], x[:, None]),
    ],
    "vecmat": [
        lambda n, x, y: n.vecmat(CUBE[0, :, :2], x),
        lambda n, x, y: n.vecmat(np.array([1.0, -2.0]), y),
    ],
    "vstack": [lambda n, x, y: n.vstack([x, x[0]])],
    "where": [lambda n, x, y: n.where(MASK, x, y), lambda n, x, y: n.where(MASK, x * y, 1.0)],
    "copy": [lambda n, x, y: n.copy(x)],
    "sum": [
        lambda n, x, y: n.sum(x * y),
        lambda n, x, y: n.sum(x, 0),
        lambda n, x, y: n.sum(x, axis=(0, -1), keepdims=True),
    ],
    "prod": [lambda n, x, y: n.prod(x, axis=1)],
}
ROUGH = {
    "angle": lambda n, x, y: n.angle(x, deg=True),
    "clip by the ufunc": lambda n, x, y: np._core.umath.clip(x, -1.0, 1.0),
    "divmod": lambda n, x, y: n.divmod(x, y)[1],
    "frexp": lambda n, x, y: n.frexp(x)[0],
    "modf": lambda n, x, y: n.modf(x)[0],
    "std": lambda n, x, y: n.std(x, 1),
    "std of a sample": lambda n, x, y: n.std(x, ddof=1),
    "var": lambda n, x, y: n.var(x, axis=0, ddof=1, keepdims=True),
    "clip": lambda n, x, y: n.clip(x, -1, 1),
    "clip by name": lambda n, x, y: n.clip(x, min=y, max=1),
    "max": lambda n, x, y: n.max(x, axis=1),
    "amax": lambda n, x, y: n.amax(x, axis=1),
    "amin": lambda n, x, y: n.amin(x),
    "rad2deg": lambda n, x, y: n.rad2deg(x),
    "deg2rad": lambda n, x, y: n.deg2rad(x),
    "maximum": lambda n, x, y: n.maximum(x, y),
    "abs": lambda n, x, y: n.abs(x),
    "fabs": lambda n, x, y: n.fabs(x),
    "sum of float32": lambda n, x, y: n.sum(x, dtype=np.float32),
    "exp of float32": lambda n, x, y: n.exp(x, dtype=np.float32),
}
WITHOUT_GRADIENT = {
    "argmax": lambda n, x, y: n.argmax(x, axis=1),
    "argmin": lambda n, x, y: n.argmin(x),
    "argsort": lambda n, x, y: n.argsort(x, axis=0),
    "all": lambda n, x, y: n.all(x > 0, axis=0),
    "any": lambda n, x, y: n.any(x > 0),
    "count_nonzero": lambda n, x, y: n.count_nonzero(x, axis=1),
    "isnan": lambda n, x, y: n.isnan(x),
    "logical_and": lambda n, x, y: n.logical_and(x, y),
    "greater": lambda n, x, y: n.greater(x, y),
    "signbit": lambda n, x, y: n.signbit(x),
    "zeros_like": lambda n, x, y: n.zeros_like(x),
    "_ones_like": lambda n, x, y: np._core.umath._ones_like(x),
    "exponent": lambda n, x, y: n.frexp(x)[1],
    "ones_like": lambda n, x, y: n.ones_like(x),
    "shape": lambda n, x, y: n.shape(x),
    "ndim": lambda n, x, y: n.ndim(x),
    "allclose": lambda n, x, y: n.allclose(x, x),
    "array_equal": lambda n, x, y: n.array_equal(x, y),
    "result_type": lambda n, x, y: n.result_type(x, y),
    "where of one": lambda n, x, y: n.where(x > 0)[1],
}
CALLS = [(f"{name}-{i}", f) for name, fs in SMOOTH.items() for i, f in enumerate(fs)]
named = pytest.mark.parametrize("f", [f for _, f in CALLS], ids=[name for name, _ in CALLS])
rough = pytest.mark.parametrize("f", ROUGH.values(), ids=ROUGH)
without_gradient = pytest.mark.parametrize("f", WITHOUT_GRADIENT.values(), ids=WITHOUT_GRADIENT)
namespaces = pytest.mark.parametrize("n", [anp, np], ids=["autograd.numpy", "numpy"])


def _same(ours, theirs):
    ours = getattr(ours, "_data", ours)
    assert np.shape(ours) == np.shape(theirs)
    assert np.asarray(ours).dtype == np.asarray(theirs).dtype
    np.testing.assert_allclose(ours, theirs, 1e-14, 1e-15)


def test_every_function_that_is_no_primitive_is_called_here():
    elsewhere = {*COMPOSED, *WRITERS}  # with tests of their own, which walk these tables
    spelled_out = {f.__name__ for f in IMPLEMENTATIONS if not _is_primitive(f) and f not in elsewhere}
    assert spelled_out <= set(SMOOTH) | set(ROUGH) | set(WITHOUT_GRADIENT)


def _is_primitive(theirs):
    ours = IMPLEMENTATIONS[theirs]
    return hasattr(getattr(ours, "__wrapped__", ours), "primitive")


@namespaces
@named
def test_values(f, n):
    expected = f(np, X, Y)
    _same(f(n, tensor(X, requires_grad=True), tensor(Y, requires_grad=True)), expected)
    _same(f(n, tensor(X), tensor(Y)), expected)
    plain = f(n, X.copy(), Y.copy())
    assert not isinstance(plain, autograd.Tensor)
    _same(plain, expected)


@named
def test_memory_of_arrays(f):
    """Results may be written where NumPy's may, and share memory only where NumPy's do; `tile` viewed."""
    x = X.copy()
    for ours, theirs in zip(_arrays(f(anp, x, Y)), _arrays(f(np, x, Y))):
        assert ours.flags.writeable >= theirs.flags.writeable
        assert np.shares_memory(ours, x) <= np.shares_memory(theirs, x)


def _arrays(out):
    return [a for a in (out if isinstance(out, (tuple, list)) else [out]) if isinstance(a, np.ndarray)]


@namespaces
@rough
def test_values_of_what_is_not_analytic(f, n):
    out = f(n, tensor(X, requires_grad=True), tensor(Y, requires_grad=True))
    expected = f(np, X, Y)
    assert out.requires_grad
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.detach().numpy(), expected, 1e-6)


@namespaces
@without_gradient
def test_values_without_gradient(f, n):
    out = f(n, tensor(X, requires_grad=True), tensor(Y, requires_grad=True))
    assert not getattr(out, "requires_grad", False)
    expected = f(np, X, Y)
    assert np.array_equal(getattr(out, "_data", out), expected)


def _weighted(out):
    size = int(np.prod(np.shape(out), dtype=int))
    return (out * np.cos(np.arange(size)).reshape(np.shape(out))).sum()


@named
def test_gradients(f):
    x, y = tensor(X, requires_grad=True), tensor(Y, requires_grad=True)
    found = autograd.gradients(_weighted(f(anp, x, y)), [x, y], allow_unused=True)
    for i, g in enumerate(found):
        expected = complex_step(lambda *v: _weighted(f(np, *v)), [X.astype(complex), Y.astype(complex)], i)
        np.testing.assert_allclose(
            np.zeros_like(expected) if g is None else g.numpy(), expected, 1e-12, 1e-14
        )


# ------------------------------------------------------------------ the rest of the namespace


def test_what_is_numpys_own():
    assert anp.pi == np.pi
    assert anp.float32 is np.float32
    assert anp.random.normal is np.random.normal
    assert anp.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    with pytest.raises(AttributeError, match=r"neither autograd.numpy nor numpy has 'nonsense'"):
        anp.nonsense  # noqa: B018
    assert {"sin", "linspace", "pi"} <= set(dir(anp))


def test_array_stacks_the_tensors_in_it():
    x = tensor([1.0, 2.0], requires_grad=True)
    made = anp.array([[x[0], 3.0], [x[1] * 2, x[0]]])
    assert made.tolist() == [[1.0, 3.0], [4.0, 1.0]]
    made.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert isinstance(anp.array([1.0, 2.0]), np.ndarray)
    copied = anp.array(x)
    assert copied is not x
    assert anp.asarray(x) is x
    assert anp.asarray(x, np.float32).dtype == np.float32


def test_lists_of_tensors_stand_for_their_stack():
    x = tensor([1.0, 2.0], requires_grad=True)
    out = anp.exp([x[0], x[1]]).sum() + anp.sum([x, x * 2])
    np.testing.assert_allclose(out.item(), np.exp([1.0, 2.0]).sum() + 9.0)


def test_operators_with_arrays_and_numbers_on_either_side():
    t = tensor(X, requires_grad=True)
    for other in (X, 2.0, 2, np.float64(2.0), np.float32(2), True, [1.0, 2.0, 3.0]):
        for mine, plain in (
            (t + other, X + other), (other + t, other + X), (t - other, X - other),
            (other - t, other - X), (t * other, X * other), (other * t, other * X),
            (t / other, X / other), (other / t, other / X), (t > other, other < X),
            (other > t, other > X), (t == other, other == X), (t // other, X // other),
            (other % abs(t), other % abs(X)),
        ):  # fmt: skip
            assert isinstance(mine, autograd.Tensor)
            _same(mine, plain)
    assert isinstance(Y.T @ t, autograd.Tensor)
    assert isinstance(t.T @ Y, autograd.Tensor)
    _same(Y.T @ t, Y.T @ X)


def test_what_makes_arrays_makes_what_numpy_makes():
    """A helper of ours called `ones` once stood in the place of NumPy's."""
    for name, args in {
        "ones": ((2, 3),), "zeros": ((2, 3),), "eye": (3,), "identity": (3,), "tri": (3,),
        "arange": (1, 7, 2), "full": ((2, 3), 4.0), "linspace": (0.0, 1.0, 5), "array": ([1.0, 2.0],),
        "fromiter": ([1, 2], float), "indices": ((2, 2),), "ones_like": (np.arange(3),),
        "zeros_like": (np.arange(3),), "diag": ([1, 2],), "logspace": (0, 1, 3), "geomspace": (1, 8, 4),
        "meshgrid": ([1, 2], [3]), "hanning": (4,),
    }.items():  # fmt: skip
        np.testing.assert_array_equal(getattr(anp, name)(*args), getattr(np, name)(*args), name)
    for name in ("ones", "zeros", "empty", "eye", "identity", "arange"):
        assert getattr(anp, name) is getattr(np, name)


def test_ufuncs_of_other_classes_are_left_to_them():
    """Masks and tables were turned to plain arrays, silently, though no gradient was asked for."""
    masked = np.ma.array([1.0, -4.0], mask=[False, True])
    for name in ("exp", "abs", "sqrt", "isnan"):
        found = getattr(anp, name)(masked)
        assert type(found) is np.ma.MaskedArray
        assert found.mask.tolist() == getattr(np, name)(masked).mask.tolist()
    assert type(anp.add(masked, 1.0)) is type(anp.add(1.0, masked)) is np.ma.MaskedArray

    class Column:
        def __array__(self, dtype=None, copy=None):
            return np.ones(2)

        def __array_ufunc__(self, ufunc, method, *args, **options):
            return f"{ufunc.__name__} of a column"

    assert anp.log(Column()) == "log of a column"
    assert anp.multiply(2.0, Column()) == "multiply of a column"
    assert anp.sum(tensor([2.0], requires_grad=True) * masked[:1]).item() == 2.0
