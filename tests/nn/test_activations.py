"""The table of elementwise activations: every row's values, slopes, limits, dtypes, words and errors."""

from __future__ import annotations

import doctest
import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nn
import nn.functional as F
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, DtypeError, LeafWriteError, OperandError
from nn.functional.table import REQUIRED, TABLE
from tests.nn.derivatives import check_derivatives
from tests.support.activation_references import ACTIVATIONS

every = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
inplace = pytest.mark.parametrize(
    "row", [r for r in TABLE.values() if r.inplace], ids=[r.name for r in TABLE.values() if r.inplace]
)
QUIET = {"all": "raise", "under": "ignore"}
# away from every kink
X = np.array([[-3.4, -2.2, -0.8], [0.2, 0.7, 2.6]])


def usual(row):
    """Options for a row: its defaults, or those of its example where it has none."""
    required = any(o.default is REQUIRED for o in row.options)
    return row.example[0] if required else tuple(o.default for o in row.options)


def both(row):
    """The row's function and its module, as functions of the input."""
    options = usual(row)
    return lambda x: getattr(F, row.name)(x, *options), getattr(nn, row.module)(*options)


def test_the_table_is_whole():
    modules = {n for n, m in vars(nn).items() if inspect.isclass(m) and issubclass(m, nn.ReLU.__base__)}
    assert {row.module for row in TABLE.values()} == modules
    assert set(TABLE) <= set(F.__all__)
    assert len(TABLE) == 21


@every
def test_examples_by_hand(row):
    options, x, expected = row.example
    for found in (
        getattr(F, row.name)(np.array(x), *options),
        getattr(nn, row.module)(*options)(np.array(x)),
    ):
        np.testing.assert_allclose(found, expected, atol=5.1e-5)


@every
@pytest.mark.parametrize("kind", ["function", "module"])
def test_docstring_runs(row, kind):
    thing = getattr(F, row.name) if kind == "function" else getattr(nn, row.module)
    assert thing.__doc__.startswith(row.equation)
    assert all(f"{o.name}: {o.meaning}" in thing.__doc__ for o in row.options)
    (test,) = doctest.DocTestFinder().find(
        thing.__doc__, row.name, globs={row.name: thing, row.module: thing}
    )
    assert len(test.examples) == 2
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_docstrings_are_collected():
    functions = doctest.DocTestFinder().find(F.activations)
    modules = doctest.DocTestFinder().find(nn.activations)
    assert {f"nn.functional.activations.__test__.{name}" for name in TABLE} <= {t.name for t in functions}
    assert {f"nn.activations.{row.module}" for row in TABLE.values()} <= {t.name for t in modules}


@every
def test_signatures(row):
    function = inspect.signature(getattr(F, row.name)).parameters
    module = inspect.signature(getattr(nn, row.module)).parameters
    words = [*row.names, *["inplace"] * row.inplace]
    assert list(function) == ["input", *words]
    assert list(module) == words
    for option in row.options:
        default = inspect.Parameter.empty if option.default is REQUIRED else option.default
        assert function[option.name].default == module[option.name].default == default
        assert function[option.name].annotation is (str if option.choices else float)
    assert list(inspect.signature(getattr(nn, row.module).forward).parameters) == ["self", "input"]


@every
def test_derivatives(row):
    function, module = both(row)
    for x in (X, X.reshape(6)[:1], X.reshape(3, 1, 2)):
        check_derivatives(function, x)
        check_derivatives(module, x)


@every
def test_slopes_at_kinks(row):
    for f in both(row):
        for place, slope in row.kinks.items():
            x = tensor(float(place), requires_grad=True)
            f(x).backward()
            assert x.grad.item() == pytest.approx(slope, abs=1e-15)


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 5000])
def test_limits(row, dtype, size):
    """No warnings and no NaN far out; infinities give the limits."""
    low, high = row.limits
    far = np.array([-1e30, -1e4, 1e4, 1e30] * size, dtype)
    for f in both(row):
        x = tensor(far, requires_grad=True)
        with np.errstate(**QUIET):
            out = f(x)
            out.sum().backward()
            ends = f(np.array([-np.inf, np.inf] * size, dtype))
        assert np.isfinite(out.detach().numpy()).all()
        assert np.isfinite(x.grad.numpy()).all()
        np.testing.assert_allclose(ends[:2], [low, high], rtol=1e-6, atol=1e-12)


@every
@pytest.mark.parametrize("size", [2, 5000])
def test_nan_stays(row, size):
    for f in both(row):
        x = np.ones(size)
        x[1] = np.nan
        with np.errstate(all="raise"):
            out = f(tensor(x, requires_grad=True)).detach().numpy()
        assert np.isnan(out[1])
        assert not np.isnan(out[[0, *range(2, size)]]).any()


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes(row, dtype):
    function, _ = both(row)
    x = tensor(X.astype(dtype), requires_grad=True)
    out = function(x)
    (out * out).sum().backward()
    assert out.dtype == x.grad.dtype == dtype
    np.testing.assert_allclose(
        out.detach().numpy(), function(X), rtol=8 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps
    )


@every
def test_large_arrays_are_as_small_ones(row):
    """Some kernels take another way from a size on."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(97, 180)) * 3
    for f in both(row):
        x = tensor(values, requires_grad=True)
        out = f(x)
        out.sum().backward()
        for i in range(0, 97, 24):
            part = tensor(values[i, :7].copy(), requires_grad=True)
            few = f(part)
            few.sum().backward()
            near = {"rtol": 1e-15, "atol": 1e-15}  # 1 - out loses what it is near to
            np.testing.assert_allclose(out.detach().numpy()[i, :7], few.detach().numpy(), **near)
            np.testing.assert_allclose(x.grad.numpy()[i, :7], part.grad.numpy(), **near)


@every
def test_strides_do_not_matter(row):
    values = np.random.default_rng(1).normal(size=(90, 60))
    for f in both(row):
        for view in (values.T, values[::2, ::-1], values[:, ::3]):
            x = tensor(values.copy(), requires_grad=True)
            np.testing.assert_array_equal(f(view), f(view.copy()))
            f(x.T).sum().backward()
            y = tensor(values.T.copy(), requires_grad=True)
            f(y).sum().backward()
            np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy().T)


@every
@given(shape=array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4), data=st.data())
def test_shapes(row, shape, data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    function, module = both(row)
    x = np.full(shape, 0.7, dtype)
    for f in (function, module):
        assert np.shape(f(x)) == shape
        assert f(x).dtype == dtype
        through = tensor(x, requires_grad=True)
        out = f(through)
        out.backward(np.ones(shape, dtype))
        assert through.grad.shape == out.shape == shape


@every
def test_kinds(row):
    for f in both(row):
        assert type(f(X)) is np.ndarray
        assert type(f(Tensor(X))) is Tensor
        assert not f(Tensor(X)).requires_grad
        assert f(tensor(X, requires_grad=True)).requires_grad
        np.testing.assert_array_equal(f(X.tolist()), f(X))
        assert f(2) == f(2.0) == f(np.array([2]))[0] == f(np.float64(2))


@every
@pytest.mark.parametrize("what", ["text", None, object()], ids=["text", "None", "object"])
def test_what_is_no_array(row, what):
    for f in both(row):
        with pytest.raises(OperandError):
            f(what)


@every
def test_what_is_no_number(row):
    for f in both(row):
        for wrong in (np.array(["x"]), np.array([None, 1.0])):
            with pytest.raises((DtypeError, OperandError)) as caught:
                f(wrong)
            assert "ufunc" not in str(caught.value)


def test_the_fast_path_names_the_module():
    model = nn.Sequential(nn.Identity(), nn.Tanh())
    with pytest.raises(DtypeError, match=r"in 1: tanh.*expected numbers, got <U1"):
        model(np.array(["x"]))


# ------------------------------------------------------------------ options


NUMBERS = [
    (r, o) for r in TABLE.values() for o in r.options if not o.choices
]  # every option that is a number


@pytest.mark.parametrize(("row", "option"), NUMBERS, ids=[f"{r.name}.{o.name}" for r, o in NUMBERS])
@pytest.mark.parametrize("wrong", [math.nan, "x", None, [1.0]], ids=repr)
def test_options_that_are_no_numbers(row, option, wrong):
    options = dict(zip(row.names, usual(row), strict=True)) | {option.name: wrong}
    with pytest.raises(ArgumentError, match=f"{row.module}: {option.name} must be a number"):
        getattr(nn, row.module)(**options)
    if wrong is not math.nan:
        with pytest.raises(ArgumentError, match=f"{row.name}: {option.name}"):
            getattr(F, row.name)(X, **options)


@pytest.mark.parametrize(("row", "option"), NUMBERS, ids=[f"{r.name}.{o.name}" for r, o in NUMBERS])
def test_options_from_numpy_do_not_widen(row, option):
    options = dict(zip(row.names, usual(row), strict=True))
    options[option.name] = np.float64(options[option.name])
    assert getattr(F, row.name)(X.astype(np.float32), **options).dtype == np.float32
    module = getattr(nn, row.module)(**options)
    assert module(X.astype(np.float32)).dtype == np.float32
    assert "np." not in repr(module)


@pytest.mark.parametrize(
    ("module", "options", "text"),
    [
        ("GELU", {"approximate": "exact"}, r"must be one of \('none', 'tanh'\), got 'exact'"),
        ("Hardtanh", {"min_val": 2, "max_val": 1}, "max_val must be greater than min_val, got 1 and 2"),
        ("Hardtanh", {"min_val": 1.0, "max_val": 1.0}, "greater"),
        ("CELU", {"alpha": 0}, "alpha must not be 0"),
        ("Softplus", {"beta": 0.0}, "beta must not be 0"),
        ("Softshrink", {"lambd": -0.1}, "lambd must not be negative, got -0.1"),
    ],
)
def test_options_that_do_not_go_together(module, options, text):
    with pytest.raises(ArgumentError, match=f"{module}: .*{text}"):
        getattr(nn, module)(**options)
    with pytest.raises(ArgumentError, match=f"{module.lower()}: .*{text}"):
        getattr(F, module.lower())(X, **options)


def test_unknown_options():
    with pytest.raises(TypeError, match="alpa"):
        nn.ELU(alpa=1.0)
    with pytest.raises(TypeError, match="missing"):
        nn.Threshold(1.0)
    with pytest.raises(TypeError, match="inplace"):
        F.tanh(X, inplace=True)


@pytest.mark.parametrize("slope", [-2.0, -0.5, 0.0, 0.3, 1.0, 1.7])
def test_leaky_relu_with_any_slope(slope):
    np.testing.assert_array_equal(F.leaky_relu(X, slope), np.where(X > 0, X, slope * X))


@pytest.mark.parametrize("beta", [-1.5, 0.5, 4.0])
@pytest.mark.parametrize("threshold", [-2.0, 0.0, 20.0])
def test_softplus(beta, threshold):
    np.testing.assert_allclose(
        F.softplus(X, beta, threshold), ACTIVATIONS["softplus"](X, beta, threshold), rtol=1e-14
    )


def test_tails_keep_their_digits():
    """Where results are tiny they are right in relative terms, not only absolute ones."""
    assert F.softplus(np.array([-100.0]))[0] == pytest.approx(math.exp(-100), rel=1e-14)
    assert F.logsigmoid(np.array([100.0]))[0] == pytest.approx(-math.exp(-100), rel=1e-14)
    assert F.gelu(np.array([-12.0]))[0] == pytest.approx(-6 * math.erfc(12 / math.sqrt(2)), rel=1e-11)
    assert F.silu(np.array([-100.0]))[0] == pytest.approx(-100 * math.exp(-100), rel=1e-14)
    assert F.elu(np.array([-1e-20]))[0] == pytest.approx(-1e-20, rel=1e-15)
    assert F.mish(np.array([-100.0]))[0] == pytest.approx(-100 * math.exp(-100), rel=1e-13)


# ------------------------------------------------------------------ in place


@inplace
def test_inplace_writes_over_arrays(row):
    for f in (
        lambda x: getattr(F, row.name)(x, *usual(row), inplace=True),
        getattr(nn, row.module)(*usual(row), inplace=True),
    ):
        for x in (X.copy(), tensor(X.copy())):
            expected = getattr(F, row.name)(X, *usual(row))
            assert f(x) is x
            np.testing.assert_array_equal(np.asarray(x), expected)


@inplace
def test_inplace_keeps_gradients(row):
    x = tensor(X, requires_grad=True)
    y = x * 1.0
    getattr(F, row.name)(y, *usual(row), inplace=True)
    (y * y).sum().backward()
    z = tensor(X, requires_grad=True)
    out = getattr(F, row.name)(z, *usual(row))
    (out * out).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), z.grad.numpy())


@inplace
def test_inplace_refuses(row):
    module = getattr(nn, row.module)(*usual(row), inplace=True)
    with pytest.raises(LeafWriteError):
        module(tensor(X, requires_grad=True))
    with pytest.raises(OperandError, match="inplace needs a Tensor or an ndarray"):
        module([1.0, -2.0])
    if row.name != "relu":
        with pytest.raises(DtypeError, match="cannot be written over"):
            module(np.array([1, -2]))


@pytest.mark.parametrize(
    "name", ["relu_", "leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_", "threshold_", "rrelu_"]
)
def test_underscored_spellings(name):
    options = (0.5, 7.0) if name == "threshold_" else ()
    x = X.copy()
    assert getattr(F, name)(x, *options) is x
    np.testing.assert_array_equal(x, getattr(F, name[:-1])(X, *options))
    assert getattr(F, name).__doc__.startswith(f"`{name[:-1]}`")


# ------------------------------------------------------------------ a model


def test_training_with_each():
    """Two points are told apart with every activation between two layers."""
    import optim

    x, y = np.array([[-1.0, 0.5], [1.0, -0.5]]), np.array([[1.0], [-1.0]])
    for row in TABLE.values():
        options = (-1.0, 0.0) if row.name == "threshold" else usual(row)
        model = nn.Sequential(
            nn.Linear(2, 8, dtype=np.float64, generator=0),
            getattr(nn, row.module)(*options),
            nn.Linear(8, 1, dtype=np.float64, generator=1),
        )
        optimiser = optim.Adam(model.parameters(), lr=0.05)
        for _ in range(120):
            optimiser.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimiser.step()
        assert loss.item() < 1e-2, row.name


def test_the_slope_of_sigmoid_keeps_its_digits_where_it_is_small():
    x = tensor(np.linspace(5, 15, 41, dtype=np.float32), requires_grad=True)
    F.sigmoid(x).sum().backward()
    out = F.sigmoid(x.detach()).numpy().astype(np.float64)
    np.testing.assert_allclose(x.grad.numpy(), out * (1 - out), rtol=3e-7)
