"""Tensor's methods and attributes beside those of `numpy.ndarray`: none is missing without a reason."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.errors import (
    ArgumentError,
    DtypeError,
    IndexingError,
    NotDifferentiable,
    RequiresGradError,
    ShapeError,
    SpellingError,
)
from tests.support import calls

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])

# What ndarray has and Tensor does not, and why.
LEFT_OUT = {
    "base": "who owns memory is up to the tape, which may move values",
    "ctypes": "a raw pointer would let others write unseen; use .detach().numpy()",
    "__array_finalize__": "for subclasses of ndarray",
    "__array_wrap__": "for subclasses of ndarray",
    "__array_interface__": "would hand out memory without asking; __array__ asks",
    "__array_struct__": "would hand out memory without asking; __array__ asks",
    "__class_getitem__": "for annotations of ndarray's type parameters",
    "__delitem__": "ndarray has it only to refuse",
    "__setstate__": "tensors are not pickled",
}
REFUSED = ("byteswap", "getfield", "setfield", "setflags", "resize", "dump", "dumps")


def test_every_attribute_of_arrays_is_there_or_left_out_on_purpose():
    missing = {name for name in dir(np.ndarray) if not hasattr(autograd.Tensor, name)}
    assert missing <= set(LEFT_OUT)


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_derivative_is_refused_by_name(name):
    with pytest.raises(NotDifferentiable, match=rf"tensor\.{name}: "):
        getattr(tensor(X), name)(1)


TABLE = {
    "sum": [
        lambda n, x: x.sum(dtype=np.float64),
        lambda n, x: x.sum(0, np.float64),
        lambda n, x: x.sum(axis=1, where=X > 0, initial=1.0),
    ],
    "prod": [lambda n, x: x.prod(axis=1, where=X > 0), lambda n, x: x.prod(initial=2.0)],
    "mean": [lambda n, x: x.mean(axis=1, where=X > 0), lambda n, x: x.mean(0, keepdims=True)],
    "var": [lambda n, x: x.var(1, None, None, 1), lambda n, x: x.var(axis=1, where=X > -1, ddof=1)],
    "std": [lambda n, x: x.std(axis=0, ddof=0.5), lambda n, x: x.std(where=X > 0)],
    "max": [lambda n, x: x.max(axis=1, initial=1.75), lambda n, x: x.max(1, None, True)],
    "min": [lambda n, x: x.min(axis=0, where=X < 1, initial=3.0)],
    "cumsum": [lambda n, x: x.cumsum(1, np.float64), lambda n, x: x.cumsum()],
    "cumprod": [lambda n, x: x.cumprod(), lambda n, x: x.cumprod(axis=0)],
    "reshape": [lambda n, x: (x * x).reshape(3, 2, order="F"), lambda n, x: x.reshape((2, -1), order="A")],
    "ravel": [lambda n, x: (x * x).ravel("F"), lambda n, x: x.T.ravel(order="K")],
    "flatten": [lambda n, x: x.flatten("F"), lambda n, x: x.T.flatten(order="A")],
    "copy": [lambda n, x: x.copy("F")],
    "astype": [lambda n, x: x.astype(np.float64, order="C", casting="safe", subok=False, copy=True)],
    "take": [lambda n, x: x.take([7, -9], mode="wrap"), lambda n, x: x.take([[1, 0]], 1, mode="clip")],
    "choose": [lambda n, x: (x > 1).astype(int).choose([x, x * x])],
    "compress": [lambda n, x: x.compress([True, False, True], axis=1), lambda n, x: x.compress([0, 1])],
    "diagonal": [lambda n, x: x.diagonal(1)],
    "trace": [lambda n, x: x.trace(1, dtype=np.float64)],
    "clip": [lambda n, x: x.clip(-1, 1), lambda n, x: x.clip(max=1.0)],
    "divmod": [lambda n, x: divmod(x, 0.7)[1], lambda n, x: divmod(3.3, x)[1]],
    "argsort": [lambda n, x: x * x.argsort(kind="stable"), lambda n, x: x * x.argsort(0, stable=True)],
    "argmax": [lambda n, x: x * x.argmax(axis=1, keepdims=True)],
    "dot": [lambda n, x: x.dot(x.T), lambda n, x: x.dot(2.0)],
    "repeat": [lambda n, x: x.repeat(2), lambda n, x: x.repeat([1, 2], axis=0)],
    "searchsorted": [lambda n, x: x * n.sort(x, None).searchsorted(x, side="right")],
    "view": [lambda n, x: x.view(), lambda n, x: x.view(np.float64) * x],
    "flat": [lambda n, x: x.flat[1:5], lambda n, x: x.flat[[0, 0, 3]], lambda n, x: x.T.flat[2]],
}
CALLS = calls.listed(TABLE, X)


@calls.each(CALLS)
def test_methods_with_all_of_numpys_arguments(call):
    calls.check_values(call)
    calls.check_slopes(call)


def test_methods_without_gradient():
    t = tensor(X, requires_grad=True)
    np.testing.assert_array_equal(t.round(1).detach().numpy(), X.round(1))
    assert [i.tolist() for i in t.nonzero()] == [i.tolist() for i in X.nonzero()]
    assert t.argpartition(1, axis=1).tolist() == X.argpartition(1, axis=1).tolist()
    assert tensor([1.0, 2.0]).searchsorted(t[0], side="right").tolist() == [0, 0, 2]
    assert t.argmax(axis=1, keepdims=True).tolist() == X.argmax(axis=1, keepdims=True).tolist()
    assert (2.0 in t, 9.0 in t, t[0, 0] in t) == (True, False, True)
    t.round().sum().backward()
    assert t.grad.tolist() == [[0.0] * 3] * 2


def test_shifts():
    t = tensor([1, 2, 4])
    assert (t << 1).tolist() == [2, 4, 8]
    assert (1 << t).tolist() == [2, 4, 16]
    assert (t >> np.array([0, 1, 2])).tolist() == [1, 1, 1]
    assert (16 >> t).tolist() == [8, 4, 1]
    t <<= 2
    t >>= 1
    assert t.tolist() == [2, 4, 8]


def test_attributes():
    t = tensor(X, requires_grad=True)
    assert (t.strides, t.device) == (X.strides, "cpu")
    assert t.flags.c_contiguous
    assert not t.T.flags.c_contiguous
    assert t.to_device("cpu") is t
    assert t.tobytes() == X.tobytes()
    with pytest.raises(ArgumentError, match="expected 'cpu'"):
        t.to_device("gpu")


def test_to_a_file(tmp_path):
    tensor(X, requires_grad=True).tofile(tmp_path / "x")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "x").reshape(X.shape), X)


def test_elements_as_one_axis():
    t = tensor(X, requires_grad=True)
    assert len(t.flat) == 6
    assert [e.item() for e in t.flat] == list(X.flat)
    np.testing.assert_array_equal(t.flat.copy().detach().numpy(), X.ravel())
    np.testing.assert_array_equal(np.asarray(t.detach().flat), X.ravel())
    with pytest.raises(IndexingError, match="flat: "):
        t.flat[6]


def test_sorting_in_place_follows_the_elements():
    x = tensor(X, requires_grad=True)
    t = x * 1
    t.sort(axis=1)
    np.testing.assert_array_equal(t.detach().numpy(), np.sort(X, axis=1))
    (t * np.array([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [[2.0, 1.0, 3.0], [3.0, 2.0, 1.0]]
    t.partition(1, axis=0)
    assert (t[0] <= t[1]).all()


WRONG = {
    "fill by an array": (ShapeError, lambda t: t.fill([1.0, 2.0])),
    "fill by a complex number": (DtypeError, lambda t: t.fill(1j)),
    "put out of range": (IndexingError, lambda t: t.put([6], 1.0)),
    "put at fractions": (IndexingError, lambda t: t.put([0.5], 1.0)),
    "put in no mode": (ArgumentError, lambda t: t.put([0], 1.0, mode="sometimes")),
    "copy of complex numbers": (DtypeError, lambda t: np.copyto(t, 1j)),
    "copy by a rule that forbids it": (DtypeError, lambda t: np.copyto(t, np.float64(1), casting="no")
                                       if t.dtype == np.float32 else np.copyto(t, np.float32(1), "no")),
    "mask of another size": (ShapeError, lambda t: np.putmask(t, [True], 1.0)),
    "places without values": (ArgumentError, lambda t: np.place(t, X > 0, [])),
    "diagonal of a vector": (ShapeError, lambda t: np.fill_diagonal(t[0], 1.0)),
    "indices with other axes": (ShapeError, lambda t: np.put_along_axis(t, np.array([0]), 1.0, 1)),
    "cast that loses": (DtypeError, lambda t: t.astype(int, casting="safe")),
    "an order that is a flag": (ArgumentError, lambda t: t.astype(float, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_changes_nothing(name):
    error, call = WRONG[name]
    for t in (tensor(X), tensor(X, requires_grad=True) * 1):
        with pytest.raises(error):
            call(t)
        assert t.tolist() == X.tolist()


@pytest.mark.parametrize(
    "write",
    [
        lambda a, t: np.copyto(a, t), lambda a, t: np.put(a, [0], t), lambda a, t: np.place(a, a == 0, t),
        lambda a, t: np.putmask(a, a == 0, t), lambda a, t: np.fill_diagonal(a, t),
        lambda a, t: np.put_along_axis(a, np.array([[0], [0]]), t[:, :1], 1),
    ],
)  # fmt: skip
def test_a_gradient_is_not_lost_in_an_array(write):
    a = np.zeros((2, 3))
    # of fill_diagonal NumPy asks the array alone, and then the tensor for its values
    with pytest.raises((NotDifferentiable, RequiresGradError), match=r"has no derivative here|lose its"):
        write(a, tensor(X, requires_grad=True))
    assert not a.any()
    write(a, tensor(X))
    assert a.any()


def _all_out(name, shape, *args, dtype=float, **options):
    def call(x):
        out = tensor(np.zeros(shape, dtype)) if isinstance(x, autograd.Tensor) else np.zeros(shape, dtype)
        result = getattr(x, name)(*args, out=out, **options)
        assert result is out
        return result

    return call


OUT = {
    "sum": _all_out("sum", (3,), 0), "prod": _all_out("prod", (2,), 1), "mean": _all_out("mean", ()),
    "var": _all_out("var", (3,), 0, ddof=1), "std": _all_out("std", (1, 3), 0, keepdims=True),
    "max": _all_out("max", (3,), 0), "min": _all_out("min", (3,), axis=0, initial=0.0),
    "cumsum": _all_out("cumsum", (2, 3), 1), "cumprod": _all_out("cumprod", (6,)),
    "round": _all_out("round", (2, 3), 1), "clip": _all_out("clip", (2, 3), -1.0, 1.0),
    "argmax": _all_out("argmax", (3,), 0, dtype=int), "argmin": _all_out("argmin", (2,), 1, dtype=int),
    "any": _all_out("any", (3,), 0, dtype=bool),
    "all": _all_out("all", (2, 1), 1, keepdims=True, dtype=bool),
    "take": _all_out("take", (2, 2), [0, 2], 1, mode="clip"), "trace": _all_out("trace", (), 1),
    "dot": _all_out("dot", (2, 2), X.T), "compress": _all_out("compress", (2, 2), [True, False, True], 1),
    "sum in float32": _all_out("sum", (3,), 0, np.float32, dtype=np.float32),
}  # fmt: skip


@pytest.mark.parametrize("name", OUT)
def test_methods_write_where_out_says(name):
    expected = OUT[name](X)
    for x in (tensor(X), tensor(X, requires_grad=True)):
        out = OUT[name](x)
        assert out.dtype == expected.dtype
        np.testing.assert_allclose(out.detach().numpy(), expected, 1e-14)
        assert out.requires_grad is (x.requires_grad and expected.dtype.kind == "f")


def test_every_method_with_out_writes_there():
    """Those of ndarray that take `out=`, by their own docstrings."""
    taking = {n for n in dir(np.ndarray) if not n.startswith("_")
              and "out=None" in (getattr(np.ndarray, n).__doc__ or "").split("\n\n")[0]}  # fmt: skip
    assert len(taking) > 12
    assert taking <= {name.split()[0] for name in OUT} | {"choose"}  # which is in test_numpy_keywords


def test_views_of_bytes():
    assert tensor([1.0]).view(np.int64).tolist() == np.array([1.0]).view(np.int64).tolist()
    k = tensor(np.array([1, 2], np.int64))
    k.view(np.uint64)[0] = 5
    assert k.tolist() == [5, 2]
    t = tensor(X, requires_grad=True)
    with pytest.raises(NotDifferentiable, match=r"view\(int64\) of float64 shows bytes"):
        t.view(np.int64)
    with pytest.raises(ArgumentError, match="another type of array"):
        t.view(np.ndarray)
    with pytest.raises(NotDifferentiable, match=r"numpy\.stack\(\[x\.real, x\.imag\], -1\)"):
        (t * 1j).view(float)
    with autograd.no_grad():
        assert (t * 1j).view(float).shape == (2, 6)


def test_the_parts_of_complex_numbers_can_be_written():
    z, x = tensor(np.array([1 + 2j, 3 + 4j])), tensor([5.0, 6.0], requires_grad=True)
    w = z * 1
    w.real = x * 2
    assert w.tolist() == [10 + 2j, 12 + 4j]
    w[:1].imag = x[:1]
    assert w.tolist() == [10 + 5j, 12 + 4j]
    (w * (1 + 1j)).real.sum().backward()
    assert x.grad.tolist() == [2.0 - 1.0, 2.0]
    y = x * 1
    y.real = 3.0
    assert y.tolist() == [3.0, 3.0]
    with pytest.raises(DtypeError, match="no imaginary part"):
        y.imag = 1.0


SETTERS = {"shape": ((3, 2), "reshape"), "dtype": (np.float32, "astype"), "strides": ((8, 16), "transpose")}


@pytest.mark.parametrize("name", SETTERS)
def test_what_cannot_be_set_says_what_to_write(name):
    value, spelling = SETTERS[name]
    with pytest.raises(SpellingError, match=spelling):
        setattr(tensor(X), name, value)
