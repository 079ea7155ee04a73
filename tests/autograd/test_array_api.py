"""The Python array API standard, 2024.12: each of its names on Tensors, beside NumPy's namespace."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.errors import ArgumentError, RequiresGradError
from autograd.numpy import array_api

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])
SQUARE = np.array([[2.0, 0.5, 0.25], [0.5, 3.0, -0.5], [0.25, -0.5, 1.5]])
UNIT = np.array([0.1, 0.5, 0.9])
I = np.array([[1, 2, 3], [3, 5, 2]])  # noqa: E741
B = np.array([[True, False, True], [False, False, True]])
Z = X + 0.5j

# The standard's names by what they are called with, see _ARGUMENTS; the others are in CALLS.
NAMES = {
    "x": "abs ceil cos cosh exp expm1 floor isfinite isinf isnan negative positive round sign signbit sin "
    "sinh square tan tanh trunc asinh atan reciprocal real conj imag",
    "unit": "acos asin atanh log log10 log1p log2 sqrt",
    "above": "acosh",
    "xx": "add atan2 copysign divide equal floor_divide greater greater_equal hypot less less_equal "
    "logaddexp maximum minimum multiply nextafter not_equal pow remainder subtract",
    "i": "bitwise_invert",
    "ii": "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift",
    "b": "logical_not",
    "bb": "logical_and logical_or logical_xor",
}
_ARGUMENTS = {
    "x": [X], "unit": [UNIT], "above": [UNIT + 1], "xx": [np.abs(X) + 0.5, X[::-1] * 1.5],
    "i": [I], "ii": [I, I.T[:2, :2].repeat(2, 1)[:, :3]], "b": [B], "bb": [B, ~B[::-1]],
}  # fmt: skip


def _elementwise(name, kind):
    return lambda xp: getattr(xp, name)(*[xp.asarray(a) for a in _ARGUMENTS[kind]])


def _reducing(name, **options):
    return lambda xp: (
        getattr(xp, name)(xp.asarray(X)),
        getattr(xp, name)(xp.asarray(X), axis=(0, 1), keepdims=True, **options),
        getattr(xp, name)(xp.asarray(X), axis=-1, keepdims=False),
    )


def _a(xp):
    return xp.asarray(X)


def _s(xp):
    return xp.asarray(SQUARE)


CALLS = {name: _elementwise(name, kind) for kind, names in NAMES.items() for name in names.split()}
CALLS |= {
    # creation
    "arange": lambda xp: (xp.arange(3), xp.arange(1.0, stop=2.0, step=0.25, dtype=xp.float32)),
    "asarray": lambda xp: (xp.asarray([1, 2.5]), xp.asarray(_a(xp), dtype=xp.float32, copy=True)),
    "empty": lambda xp: xp.empty((2, 0), dtype=xp.int8, device="cpu"),
    "empty_like": lambda xp: xp.empty_like(_a(xp)[:0], dtype=xp.int8, device="cpu"),
    "eye": lambda xp: (xp.eye(2), xp.eye(2, 3, k=1, dtype=xp.int64, device="cpu")),
    "from_dlpack": lambda xp: xp.from_dlpack(_a(xp)),
    "full": lambda xp: (xp.full(2, 3), xp.full((2, 1), 1.5, dtype=xp.float32, device="cpu")),
    "full_like": lambda xp: xp.full_like(_a(xp), 2, dtype=xp.int32, device="cpu"),
    "linspace": lambda xp: xp.linspace(0, 1.0, 5, dtype=xp.float32, device="cpu", endpoint=False),
    "meshgrid": lambda xp: xp.meshgrid(xp.asarray(UNIT), xp.arange(2), indexing="ij"),
    "ones": lambda xp: (xp.ones(2), xp.ones((2, 3), dtype=xp.bool, device="cpu")),
    "ones_like": lambda xp: xp.ones_like(_a(xp), dtype=xp.uint8, device="cpu"),
    "tril": lambda xp: xp.tril(_s(xp), k=-1),
    "triu": lambda xp: xp.triu(_s(xp), k=1),
    "zeros": lambda xp: (xp.zeros(2), xp.zeros((2, 3), dtype=xp.complex64, device="cpu")),
    "zeros_like": lambda xp: xp.zeros_like(_a(xp), dtype=xp.uint16, device="cpu"),
    # dtypes
    "astype": lambda xp: xp.astype(_a(xp), xp.int64, copy=False, device=None),
    "can_cast": lambda xp: (xp.can_cast(xp.int8, xp.int16), xp.can_cast(_a(xp), xp.float32)),
    "finfo": lambda xp: (
        float(xp.finfo(xp.float32).eps), float(xp.finfo(_a(xp).dtype).max), xp.finfo(xp.float64).bits,
    ),
    "iinfo": lambda xp: (xp.iinfo(xp.int8).max, xp.iinfo(xp.uint32).bits),
    "isdtype": lambda xp: (xp.isdtype(xp.int8, "real floating"), xp.isdtype(xp.int8, ("bool", xp.int8))),
    "result_type": lambda xp: xp.result_type(xp.asarray([1], dtype=xp.float32), 2.0, xp.int8) == xp.float32,
    # manipulation
    "broadcast_arrays": lambda xp: xp.broadcast_arrays(_a(xp), xp.asarray(UNIT)),
    "broadcast_to": lambda xp: xp.broadcast_to(xp.asarray(UNIT), (2, 3)),
    "concat": lambda xp: (xp.concat([_a(xp), _a(xp)], axis=1), xp.concat((_a(xp), _s(xp)), axis=None)),
    "expand_dims": lambda xp: xp.expand_dims(_a(xp), axis=1),
    "flip": lambda xp: (xp.flip(_a(xp)), xp.flip(_a(xp), axis=(0, 1))),
    "moveaxis": lambda xp: xp.moveaxis(_a(xp), 0, -1),
    "permute_dims": lambda xp: xp.permute_dims(_a(xp), (1, 0)),
    "repeat": lambda xp: (xp.repeat(_a(xp), 2, axis=1), xp.repeat(_a(xp), xp.asarray([1, 2]), axis=0)),
    "reshape": lambda xp: (xp.reshape(_a(xp), (3, -1), copy=True), xp.reshape(_a(xp), (6,), copy=False)),
    "roll": lambda xp: (xp.roll(_a(xp), 1), xp.roll(_a(xp), (1, 2), axis=(0, 1))),
    "squeeze": lambda xp: xp.squeeze(_a(xp)[None, :], axis=0),
    "stack": lambda xp: xp.stack([_a(xp), _a(xp)], axis=-1),
    "tile": lambda xp: xp.tile(_a(xp), (2, 1)),
    "unstack": lambda xp: xp.unstack(_a(xp), axis=1),
    # searching, sorting, sets, statistics
    "argmax": lambda xp: (xp.argmax(_a(xp)), xp.argmax(_a(xp), axis=1, keepdims=True)),
    "argmin": lambda xp: (xp.argmin(_a(xp)), xp.argmin(_a(xp), axis=1, keepdims=True)),
    "count_nonzero": lambda xp: xp.count_nonzero(_a(xp), axis=0, keepdims=True),
    "nonzero": lambda xp: xp.nonzero(_a(xp)),
    "searchsorted": lambda xp: xp.searchsorted(
        xp.asarray([2.0, 1.0]), _a(xp), side="right", sorter=xp.asarray([1, 0])
    ),
    "where": lambda xp: (xp.where(_a(xp) > 0, _a(xp), 0.0), xp.where(xp.asarray(B), 1.0, _a(xp))),
    "argsort": lambda xp: xp.argsort(_a(xp), axis=0, stable=True),
    "sort": lambda xp: xp.sort(_a(xp), axis=0, stable=True),
    "isin": lambda xp: xp.isin(_a(xp), xp.asarray([0.5, 2.0]), invert=True),
    "unique_all": lambda xp: xp.unique_all(xp.asarray(I)),
    "unique_counts": lambda xp: xp.unique_counts(xp.asarray(I)),
    "unique_inverse": lambda xp: xp.unique_inverse(xp.asarray(I)),
    "unique_values": lambda xp: xp.sort(xp.unique_values(xp.asarray(I))),
    "all": lambda xp: (xp.all(xp.asarray(B)), xp.all(xp.asarray(B), axis=(0, 1), keepdims=True)),
    "any": lambda xp: (xp.any(xp.asarray(B)), xp.any(xp.asarray(B), axis=1, keepdims=False)),
    "diff": lambda xp: xp.diff(_a(xp), axis=-1, n=1, prepend=_a(xp)[:, :1], append=_a(xp)),
    "clip": lambda xp: (xp.clip(_a(xp), -0.5, 1.0), xp.clip(_a(xp), min=xp.asarray(UNIT), max=None)),
    "cumulative_sum": lambda xp: xp.cumulative_sum(_a(xp), axis=1, dtype=xp.float64, include_initial=True),
    "cumulative_prod": lambda xp: xp.cumulative_prod(_a(xp), axis=1, include_initial=False),
    "max": _reducing("max"),
    "min": _reducing("min"),
    "mean": _reducing("mean"),
    "sum": _reducing("sum", dtype=np.float32),
    "prod": _reducing("prod", dtype=np.float32),
    "std": _reducing("std", correction=1.0),
    "var": _reducing("var", correction=1.0),
    "take": lambda xp: (xp.take(_a(xp), xp.asarray([1, 0]), axis=1), xp.take(_a(xp)[0], xp.asarray([2]))),
    "take_along_axis": lambda xp: xp.take_along_axis(_a(xp), xp.asarray([[0], [2]]), axis=-1),
    # linear algebra of the main namespace
    "matmul": lambda xp: xp.matmul(_a(xp), _s(xp)),
    "matrix_transpose": lambda xp: xp.matrix_transpose(_a(xp)),
    "tensordot": lambda xp: (
        xp.tensordot(_a(xp), _s(xp), axes=1), xp.tensordot(_a(xp), _a(xp), axes=([0], [0])),
    ),
    "vecdot": lambda xp: xp.vecdot(_a(xp), _a(xp), axis=0),
    # of dtypes and shapes alone
    "broadcast_shapes": lambda xp: xp.broadcast_shapes((2, 1), (3,)),
}  # fmt: skip
LINALG = {
    "cholesky": lambda xp: (xp.linalg.cholesky(_s(xp)), xp.linalg.cholesky(_s(xp), upper=True)),
    "cross": lambda xp: xp.linalg.cross(_a(xp), _a(xp)[::-1, :], axis=-1),
    "det": lambda xp: xp.linalg.det(_s(xp)),
    "diagonal": lambda xp: xp.linalg.diagonal(_s(xp), offset=1),
    "eigh": lambda xp: abs(xp.linalg.eigh(_s(xp)).eigenvectors),
    "eigvalsh": lambda xp: xp.linalg.eigvalsh(_s(xp)),
    "inv": lambda xp: xp.linalg.inv(_s(xp)),
    "matmul": lambda xp: xp.linalg.matmul(_a(xp), _s(xp)),
    "matrix_norm": lambda xp: xp.linalg.matrix_norm(_s(xp), keepdims=True, ord="nuc"),
    "matrix_power": lambda xp: xp.linalg.matrix_power(_s(xp), 3),
    "matrix_rank": lambda xp: xp.linalg.matrix_rank(_s(xp), rtol=1e-5),
    "matrix_transpose": lambda xp: xp.linalg.matrix_transpose(_a(xp)),
    "outer": lambda xp: xp.linalg.outer(xp.asarray(UNIT), xp.asarray(UNIT)),
    "pinv": lambda xp: xp.linalg.pinv(_a(xp), rtol=1e-5),
    "qr": lambda xp: abs(xp.linalg.qr(_s(xp), mode="complete").R),
    "slogdet": lambda xp: tuple(xp.linalg.slogdet(_s(xp))),
    "solve": lambda xp: xp.linalg.solve(_s(xp), xp.asarray(UNIT)),
    "svd": lambda xp: xp.linalg.svd(_s(xp), full_matrices=False).S,
    "svdvals": lambda xp: xp.linalg.svdvals(_a(xp)),
    "tensordot": lambda xp: xp.linalg.tensordot(_a(xp), _s(xp), axes=1),
    "trace": lambda xp: xp.linalg.trace(_s(xp), offset=1, dtype=xp.float32),
    "vecdot": lambda xp: xp.linalg.vecdot(_a(xp), _a(xp), axis=-1),
    "vector_norm": lambda xp: xp.linalg.vector_norm(_a(xp), axis=(0, 1), keepdims=True, ord=1),
}


def _transform(name, x=Z, **options):
    return lambda xp: getattr(xp.fft, name)(xp.asarray(x), norm="ortho", **options)


FFT = {
    "fft": _transform("fft", n=4, axis=-1), "ifft": _transform("ifft", n=2, axis=0),
    "fftn": _transform("fftn", s=(2, 4), axes=(0, 1)), "ifftn": _transform("ifftn", axes=(0,), s=(3,)),
    "rfft": _transform("rfft", X, n=5, axis=-1), "irfft": _transform("irfft", n=4, axis=-1),
    "rfftn": _transform("rfftn", X, s=(2, 3), axes=(0, 1)),
    "irfftn": _transform("irfftn", axes=(0, 1), s=(2, 4)),
    "hfft": _transform("hfft", n=4, axis=-1), "ihfft": _transform("ihfft", X, n=3, axis=-1),
    "fftfreq": lambda xp: xp.fft.fftfreq(4, d=0.5, device="cpu"),
    "rfftfreq": lambda xp: xp.fft.rfftfreq(4, d=0.5, device="cpu"),
    "fftshift": lambda xp: xp.fft.fftshift(_a(xp), axes=(0,)),
    "ifftshift": lambda xp: xp.fft.ifftshift(_a(xp), axes=1),
}  # fmt: skip
CONSTANTS = "e inf nan newaxis pi"
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"
METHODS = """
    T device dtype mT ndim shape size to_device __abs__ __add__ __and__ __array_namespace__ __bool__
    __complex__ __dlpack__ __dlpack_device__ __eq__ __float__ __floordiv__ __ge__ __getitem__ __gt__
    __index__
    __int__ __invert__ __le__ __lshift__ __lt__ __matmul__ __mod__ __mul__ __ne__ __neg__ __or__ __pos__
    __pow__ __rshift__ __setitem__ __sub__ __truediv__ __xor__
    __iadd__ __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __imul__ __ior__ __ipow__ __irshift__
    __isub__ __itruediv__ __ixor__ __radd__ __rand__ __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__
    __ror__ __rpow__ __rrshift__ __rsub__ __rtruediv__ __rxor__
"""
EVERYTHING = {
    **CALLS,
    **{f"linalg.{k}": f for k, f in LINALG.items()},
    **{f"fft.{k}": f for k, f in FFT.items()},
}


def _parts(result):
    if isinstance(result, (tuple, list)):
        return [p for part in result for p in _parts(part)]
    return [result]


def test_all_names_of_the_standard_are_called():
    assert (len(CALLS), len(LINALG), len(FFT)) == (135, 23, 14)


@pytest.mark.parametrize("name", EVERYTHING)
def test_values_are_numpys_and_arrays_are_tensors(name):
    found, expected = _parts(EVERYTHING[name](array_api)), _parts(EVERYTHING[name](np))
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        if isinstance(theirs, (np.ndarray, np.generic)) and not isinstance(theirs, np.bool):
            assert isinstance(ours, autograd.Tensor)
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(getattr(ours, "_data", ours), theirs, 1e-6, 1e-7)


@pytest.mark.parametrize("name", CONSTANTS.split())
def test_constants(name):
    np.testing.assert_equal(getattr(array_api, name), getattr(np, name))


@pytest.mark.parametrize("name", DTYPES.split())
def test_dtypes(name):
    dtype = getattr(array_api, name)
    assert array_api.zeros(2, dtype=dtype).dtype == dtype
    assert array_api.__array_namespace_info__().dtypes()[name] == dtype


@pytest.mark.parametrize("name", METHODS.split())
def test_methods(name):
    assert hasattr(tensor(X), name)


def test_the_namespace_of_a_tensor():
    x = tensor(X, requires_grad=True)
    assert x.__array_namespace__() is array_api
    assert x.__array_namespace__(api_version="2023.12") is array_api
    with pytest.raises(ArgumentError, match=r"expected one of .*2024\.12, got '1999\.01'"):
        x.__array_namespace__(api_version="1999.01")
    assert array_api.__array_api_version__ == "2024.12"
    info = array_api.__array_namespace_info__()
    assert (info.default_device(), info.devices()) == ("cpu", ["cpu"])
    assert info.default_dtypes()["real floating"] == array_api.zeros(1).dtype
    assert set(info.capabilities()) >= {"boolean indexing", "data-dependent shapes"}
    assert {"zeros", "linalg", "__array_namespace_info__"} <= set(dir(array_api))
    with pytest.raises(AttributeError, match="nothing"):
        array_api.nothing  # noqa: B018


def test_gradients_flow_through_code_for_the_standard():
    def distances(x):
        xp = x.__array_namespace__()
        rows = xp.sum(x * x, axis=1, keepdims=True)
        return xp.sqrt(xp.clip(rows + xp.matrix_transpose(rows) - 2 * x @ x.T, min=0) + xp.eye(x.shape[0]))

    x = tensor(X, requires_grad=True)
    distances(x).sum().backward()
    expected = autograd.grad(lambda x: (((x[0] - x[1]) ** 2).sum()) ** 0.5 * 2)(X)
    np.testing.assert_allclose(x.grad.numpy(), expected, 1e-12, 1e-13)
    y, expected = tensor(2.0, requires_grad=True), [1.0] * 4
    for made in (array_api.full((2, 2), y), array_api.full_like(x.detach(), y), array_api.asarray([y, y])):
        assert made.requires_grad
    assert autograd.grad(lambda y: array_api.full((2, 2), y, dtype=np.float32).sum())(2.0) == 4.0


def test_sorting_downwards():
    x = tensor([[1.0, 3.0, 1.0, 2.0], [0.0, 0.0, 5.0, 5.0]], requires_grad=True)
    order = array_api.argsort(x, descending=True)
    assert order.tolist() == [[1, 3, 0, 2], [2, 3, 0, 1]]
    down = array_api.sort(x, axis=1, descending=True)
    assert down.tolist() == [[3.0, 2.0, 1.0, 1.0], [5.0, 5.0, 0.0, 0.0]]
    down[:, 0].sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]


def test_asarray_and_its_copies():
    x, a = tensor(X), X.copy()
    assert array_api.asarray(x) is x
    assert array_api.asarray(x, copy=True) is not x
    shared = array_api.asarray(a)
    shared[0, 0] = 9.0
    assert a[0, 0] == 9.0
    copied = array_api.asarray(a, copy=True)
    copied[0, 0] = 5.0
    assert a[0, 0] == 9.0
    for call in (
        lambda: array_api.asarray([1.0, 2.0], copy=False),
        lambda: array_api.asarray(x, dtype=np.float32, copy=False),
        lambda: array_api.asarray([x, x], copy=False),
        lambda: array_api.asarray(x, device="gpu"),
        lambda: array_api.asarray(a, device="gpu"),
    ):
        with pytest.raises(ArgumentError, match=r"copy|[dD]evice"):
            call()


# ------------------------------------------------------------------ what other libraries get


def test_values_are_handed_out_only_where_no_gradient_is_lost():
    x = tensor(X, requires_grad=True)
    for call in (np.asarray, np.from_dlpack, array_api.from_dlpack, lambda t: t.__dlpack__(), np.array):
        with pytest.raises(RequiresGradError, match="detach"):
            call(x)
        with autograd.no_grad():
            assert call(x) is not None
    assert x.__dlpack_device__() == X.__dlpack_device__()


def test_what_is_handed_out_shares_memory():
    for call in (np.asarray, np.from_dlpack, lambda t: np.asarray(t, copy=False)):
        x = tensor(X)
        y = (x * tensor(2.0, requires_grad=True)).sum()
        out = call(x)
        out[0, 0] = 7.0
        assert x[0, 0].item() == 7.0
        y.backward()  # what the tape had saved is as it was


def test_conversions_by_dtype_and_copy():
    x = tensor(X)
    assert np.asarray(x, np.float32).dtype == np.float32
    copied = np.array(x)
    copied[0, 0] = 7.0
    assert x[0, 0].item() == 0.5
    with pytest.raises(ArgumentError, match="float64 becomes float32 by a copy"):
        np.asarray(x, np.float32, copy=False)
    with pytest.raises(TypeError, match="integer"):
        [1, 2][tensor(1.0)]
