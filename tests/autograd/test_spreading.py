"""Large elementwise calls in parts on threads: the bits of whole ones, reports and errors of all parts."""

from __future__ import annotations

import contextvars
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn.functional as F
from autograd import spreading, tensor, threads
from autograd.addresses import address_of
from autograd.codegen import FAST
from autograd.declare import elementwise
from autograd.ops.neural import sliding
from autograd.primitive import REGISTRY
from tests.support.large import assert_same_bits, drawn, few_are_large
from tests.support.threads import in_threads

DIVISIBLE = [p for p in REGISTRY.values() if spreading.is_divisible(p)]
WITH_RULES = [p for p in DIVISIBLE if spreading.has_divisible_rules(p, list(p.rules.values()))]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-30, 1e30]
DTYPES = [np.float32, np.float64]


LENGTH = 1000


@pytest.fixture(autouse=True)
def three_threads(monkeypatch):
    """Three, which small arrays are spread over, and which compute pieces of a few elements."""
    few_are_large(monkeypatch, 3)
    monkeypatch.setattr(spreading, "PIECE", 999)


@pytest.fixture
def spread(monkeypatch):
    """How often something was spread."""
    found: list[int] = []
    run = spreading._spread
    monkeypatch.setattr(
        spreading, "_spread", lambda work, n, *rest: (found.append(n), run(work, n, *rest))[1]
    )
    return found


@pytest.fixture
def elsewhere(monkeypatch):
    """All parts but the first are computed by another thread, which stays."""

    def run(fn, n, table, each, most):
        middle = n // 2
        later = pool.submit(contextvars.copy_context().run, fn, table, middle, n)
        fn(table, 0, middle)
        later.result()

    monkeypatch.setattr(threads, "spread", run)
    with ThreadPoolExecutor(1) as pool:
        yield


def with_special(prim, dtype):
    """Numbers from the domain of each argument, and special ones between them."""
    rng = np.random.default_rng(0)
    found = drawn(prim, dtype, LENGTH)
    for x in found:
        x[rng.integers(0, LENGTH, 99)] = rng.choice(SPECIAL, 99)
    return found


def alone(monkeypatch, fn):
    """The same of whole arrays."""
    with monkeypatch.context() as patch:
        patch.setattr(spreading, "_cut", lambda values: None)
        patch.setattr(sliding, "FEW", 0)
        return fn()


def test_the_usual_ones_are_divisible():
    names = {p.name for p in DIVISIBLE}
    assert {"add", "subtract", "multiply", "divide", "negative", "power", "maximum", "square"} <= names
    assert {"exp", "log", "tanh", "sin", "cos", "sqrt", "arctan2", "absolute"} <= names
    assert not names & {"equal", "isnan", "logical_not", "where", "float_power", "ldexp"}  # of other dtypes


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("prim", DIVISIBLE, ids=lambda p: p.name)
def test_calls_and_gradients_have_the_bits_of_whole_ones(prim, dtype, spread, monkeypatch):
    given = with_special(prim, dtype)
    rng = np.random.default_rng(1)
    g = rng.standard_normal(LENGTH).astype(dtype)
    g[rng.integers(0, g.size, g.size // 3)] = 0

    def run():
        xs = [tensor(x, requires_grad=prim.is_differentiable) for x in given]
        with np.errstate(all="ignore"):
            out = prim.function(*xs)
            if out.requires_grad:
                out.backward(g)
        return [out.detach().numpy(), *(x.grad.numpy() for x in xs if x.grad is not None)]

    whole = alone(monkeypatch, run)
    assert not spread
    for a, b in zip(run(), whole, strict=True):
        assert_same_bits(a, b)
    assert spread


INNER = {
    "square": lambda x: x * x,
    "cube": lambda x: x * x * x,
    "absolute": anp.abs,
    "root": lambda x: anp.sqrt(x * x),
    "masked": lambda x: anp.where(x > 0, x, 0.0),
    "product": lambda x: x * 0.0,
}


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("prim", WITH_RULES, ids=lambda p: p.name)
def test_rules_that_look_at_what_an_array_came_from(prim, inner, spread, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(LENGTH)
    x[rng.integers(0, x.size, x.size // 3)] = 0
    mask = rng.integers(0, 2, x.size)

    def run():
        leaf = tensor(x, requires_grad=True)
        with np.errstate(all="ignore"):
            out = prim.function(*[INNER[inner](leaf)] * len(prim.arrays))
            (anp.where(mask, out, 0.0) * 2.0).sum().backward()
        return leaf.grad.numpy()

    whole = alone(monkeypatch, run)
    assert_same_bits(run(), whole)
    assert spread


def sides():
    """Pairs of arguments that broadcast, and whether they are cut."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 25))
    yield "a row", x, rng.standard_normal(25), True
    yield "a row of a matrix", x, rng.standard_normal((1, 25)), True
    yield "a column", x, rng.standard_normal((40, 1)), True
    yield "a scalar", x, np.float64(2.5), False
    yield "an array of no axes", x, np.array(2.5), True
    yield "a whole number", x, 3, True
    yield "a number", x, 2.5, True
    yield "columns", x.reshape(-1, 1), rng.standard_normal((1000, 1)), True
    yield "one column", x.reshape(-1, 1), rng.standard_normal((1, 1)), True
    yield "all of one element", x, np.broadcast_to(2.5, x.shape), True
    yield "a matrix of each", rng.standard_normal((20, 1, 25)), x, True
    yield "few rows", rng.standard_normal((2, 500)), rng.standard_normal(500), False
    yield "columns first", np.asfortranarray(x), x, False
    yield "another dtype", x, x.astype(np.float32), False
    yield "integers", x, np.arange(25), False
    yield "complex", x + 1j, x + 2j, False
    yield "a bool", x, True, False


@pytest.mark.parametrize(("x", "y", "cut"), [s[1:] for s in sides()], ids=[s[0] for s in sides()])
@pytest.mark.parametrize("fn", [anp.multiply, anp.divide, anp.subtract], ids=lambda f: f.__name__)
def test_arguments_of_several_shapes(fn, x, y, cut, spread, monkeypatch):
    def run():
        xs = [
            tensor(v, requires_grad=True) if isinstance(v, np.ndarray) and v.dtype.kind in "fc" else v
            for v in (x, y)
        ]
        out = fn(*xs)
        begun = len(spread)
        out.backward(np.full(out.shape, 0.5, out.dtype))
        grads = [v.grad.numpy() for v in xs if hasattr(v, "grad")]
        return begun, [out.detach().numpy(), fn(x, y), *grads]

    _, whole = alone(monkeypatch, run)
    begun, found = run()
    assert bool(begun) == cut
    for a, b in zip(found, whole, strict=True):
        assert_same_bits(a, b)
        assert a.flags.c_contiguous == b.flags.c_contiguous


def test_shapes_that_do_not_fit_are_refused_as_ever():
    with pytest.raises(ValueError, match=r"\(1000,\).*\(999,\)"):
        tensor(np.ones(1000)) * tensor(np.ones(999))


def test_the_error_state_is_that_of_the_caller(elsewhere):
    x = np.ones(LENGTH)
    x[-1] = 0  # in the last part
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        anp.log(tensor(x))
    with np.errstate(divide="warn"), pytest.warns(RuntimeWarning, match="divide by zero"):
        anp.log(tensor(x))
    with np.errstate(divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        anp.log(tensor(x))


def test_reports_of_any_part_mask_cotangents(elsewhere):
    for place in (0, LENGTH // 2, LENGTH - 1):
        x = tensor(np.ones(LENGTH), requires_grad=True)
        with np.errstate(all="ignore"):
            shift = np.zeros(LENGTH)
            shift[place] = 1
            y = anp.log(x - shift)
            anp.where(shift == 0, y, 0.0).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), shift == 0)
    x = tensor(np.full(LENGTH, np.nan), requires_grad=True)  # that gives NaN, and no report
    (anp.log(x) * np.zeros(LENGTH)).sum().backward()
    assert np.isnan(x.grad.numpy()).all()


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    "fn", [anp.tanh, anp.negative, lambda y: 2.5 * y], ids=["tanh", "negative", "times"]
)
def test_cotangents_are_written_over_where_nobody_holds_them(fn, held):
    x, scale = tensor(np.linspace(-1, 1, LENGTH), requires_grad=True), np.linspace(1, 2, LENGTH)
    y, kept, places = fn(x), [], []

    def looked(g):
        places.append(address_of(g._data))
        if held:
            kept.append(g)

    y.register_hook(looked)
    (y * scale).sum().backward()
    assert (address_of(x.grad.numpy()) == places[0]) != held
    for g in kept:
        np.testing.assert_array_equal(g.numpy(), scale)


def test_calls_without_a_graph_are_spread_too(spread):
    x = np.linspace(1, 2, LENGTH)
    with autograd.no_grad():
        found = anp.exp(tensor(x, requires_grad=True)).numpy()
    assert_same_bits(found, np.exp(x))
    assert_same_bits(anp.exp(x), np.exp(x))
    assert len(spread) == 2


def test_sums_of_cotangents_are_spread(spread):
    x = tensor(np.linspace(1, 2, LENGTH), requires_grad=True)
    y = anp.positive(x)
    z = [y * np.full(LENGTH, k) for k in (1.0, 2.0, 3.0, 4.0)]
    loss = sum(v.sum() for v in z)
    spread.clear()
    loss.backward()
    assert len(spread) == 4 + 3
    np.testing.assert_array_equal(x.grad.numpy(), np.full(LENGTH, 10.0))


def test_cotangents_of_a_square_are_computed_once(spread, monkeypatch):
    made, write = [], spreading._write
    monkeypatch.setattr(spreading, "_write", lambda out, *rest: (made.append(out.size), write(out, *rest)))
    x, y = (tensor(np.linspace(1, 2, LENGTH), requires_grad=True) for _ in range(2))
    (x * x * y).backward(np.full(LENGTH, 0.5))
    assert sum(made) == 3 * LENGTH
    values = np.linspace(1, 2, LENGTH)
    np.testing.assert_allclose(x.grad.numpy(), values * values, rtol=1e-15)
    np.testing.assert_allclose(y.grad.numpy(), 0.5 * values * values, rtol=1e-15)


def test_what_a_part_calls_is_not_spread_again(spread, monkeypatch):
    monkeypatch.setattr(spreading, "PIECE", 1 << 20)
    x = tensor(np.linspace(1, 2, 100 * LENGTH), requires_grad=True)
    anp.sin(x).sum().backward()  # times cos(x), of pieces that are large here
    assert spread == [100 * LENGTH] * 2
    assert_same_bits(x.grad.numpy(), np.cos(np.linspace(1, 2, 100 * LENGTH)))


def test_several_threads_at_once():
    x = np.linspace(-1, 1, 50 * LENGTH)
    found = []

    def work(k):
        for _ in range(5):
            leaf = tensor(x * k, requires_grad=True)
            (anp.tanh(leaf) * leaf).sum().backward()
            found.append((k, leaf.grad.numpy()))

    in_threads(work, range(1, 5))
    assert len(found) == 20
    for k, grad in found:
        t = np.tanh(x * k)
        np.testing.assert_allclose(grad, t + (1 - t * t) * x * k, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("n", [1, 7])
def test_samples_of_light_convolutions(groups, stride, n, spread, monkeypatch):
    monkeypatch.setattr(sliding, "WORK", 1)
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s) for s in ((n, 4, 17, 17), (6, 4 // groups, 3, 3), (6,)))

    def run():
        leaves = [tensor(v, requires_grad=True) for v in (x, w, b)]
        out = F.conv2d(*leaves, stride=stride, padding=1, groups=groups)
        out.backward(np.cos(np.arange(out.size)).reshape(out.shape))
        return [out.detach().numpy(), *(v.grad.numpy() for v in leaves)]

    whole = alone(monkeypatch, run)
    spread.clear()
    found = run()
    assert spread.count(n) == 2  # the convolution, and its input's cotangent
    for a, b in zip(found, whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


def test_convolutions_of_many_weights_are_left_to_blas(spread, monkeypatch):
    monkeypatch.setattr(sliding, "WORK", 1)
    monkeypatch.setattr(sliding, "FEW", 6 * 4 * 9 - 1)
    rng = np.random.default_rng(0)
    F.conv2d(tensor(rng.standard_normal((3, 4, 9, 9))), tensor(rng.standard_normal((6, 4, 3, 3))))
    assert not spread
    monkeypatch.setattr(sliding, "FEW", 6 * 4 * 9)
    F.conv2d(tensor(rng.standard_normal((3, 4, 9, 9))), tensor(rng.standard_normal((6, 4, 3, 3))))
    assert spread == [3]


def _swept(x):
    leaf = tensor(x, requires_grad=True)
    anp.sin(leaf).sum().backward()
    return leaf._data


def large_work():
    """Calls that are spread, of an array each; they give the array that they take."""
    rows = np.ones((9, LENGTH))
    yield "a call", lambda x: (anp.exp(x), x)[1], np.ones(LENGTH)
    yield "rows", lambda x: (anp.multiply(rows, x), x)[1], np.ones(LENGTH)
    yield "a rule", _swept, np.ones(LENGTH)
    slide = sliding.Slide((9, 9), (3, 3), (7, 7), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    image, weight = np.ones((4, 2, 9, 9)), np.ones((3, 2, 3, 3))
    yield "samples", lambda x: (sliding.by_output(x, weight, None, slide), x)[1], image
    yield "a weight", lambda w: (sliding.by_output(image, w, None, slide), w)[1], weight


@pytest.mark.parametrize(("work", "x"), [w[1:] for w in large_work()], ids=[w[0] for w in large_work()])
def test_a_thread_that_stays_holds_no_arrays(work, x, monkeypatch):
    monkeypatch.setattr(sliding, "WORK", 1)
    kept, run = [], threads.spread
    monkeypatch.setattr(threads, "spread", lambda fn, *a, **o: (kept.append(fn), run(fn, *a, **o)))
    held = weakref.ref(work(x.copy()))
    assert kept
    assert held() is None


def test_rules_of_others_see_whole_cotangents(monkeypatch, spread):
    monkeypatch.setattr("autograd.primitive.REGISTRY", dict(REGISTRY))
    shapes = []
    each = np.linspace(1, 2, 10)
    scaled = elementwise(np.positive, d=lambda x: each, name="scaled_by_column")
    looked = elementwise(np.negative, vjp=lambda g: (shapes.append(g.shape), -g)[1], name="looked_at")
    x = tensor(np.ones((100, 10)), requires_grad=True)
    looked(scaled(x)).backward(np.full((100, 10), 2.0))
    assert shapes == [(100, 10)]
    np.testing.assert_array_equal(x.grad.numpy(), np.tile(-2.0 * each, (100, 1)))
    assert len(spread) == 2  # the calls


def test_a_report_of_one_rule_masks_nothing_of_another(monkeypatch):
    x, y, g = (np.ones(LENGTH) for _ in range(3))
    y[0], g[0] = np.nan, 0  # the cotangent of x is 0 / nan, which nobody reports
    x[1] = y[1] = 0  # that of y is invalid

    def run():
        leaves = [tensor(v, requires_grad=True) for v in (x, y)]
        with np.errstate(all="ignore"):
            (leaves[0] / leaves[1]).backward(g)
        return [v.grad.numpy() for v in leaves]

    found = run()
    monkeypatch.setitem(FAST, "LARGE", 1 << 30)  # as the generated pull does without parts
    monkeypatch.setattr(spreading, "LARGE", 1 << 30)
    for a, b in zip(found, run(), strict=True):
        assert_same_bits(a, b)


def test_each_thread_has_a_share(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 16)
    monkeypatch.setattr(spreading, "SHARE", 500)
    monkeypatch.setattr(sliding, "WORK", 1000)
    parts, run = [], threads.spread

    def counted(fn, n, table, **options):
        run(lambda *where: (parts[-1].append(where[1:]), fn(*where)), n, table, **options)

    monkeypatch.setattr(threads, "spread", lambda *a, **o: (parts.append([]), counted(*a, **o)))
    anp.exp(np.ones(130))
    anp.exp(np.ones(1000))
    anp.exp(np.ones(10000))
    assert list(map(len, parts)) == [2, 16, 16]
    slide = sliding.Slide((9, 9), (3, 3), (7, 7), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    for n in (1, 4, 9):  # 882 multiplications each
        sliding.by_output(np.ones((n, 1, 9, 9)), np.ones((2, 1, 3, 3)), None, slide)
    assert list(map(len, parts[3:])) == [2, 5]


WAYS_IN = {
    "a number first": (lambda x, y: 1.5 - x, 1),
    "a whole number first": (lambda x, y: 1 - x, 1),
    "a number": (lambda x, y: x * 2.5, 1),
    "a whole number": (lambda x, y: x * 2, 1),
    "two arrays": (lambda x, y: x * y, 1),
    "one array": (lambda x, y: anp.tanh(x), 1),
    "a rule that may meet infinities": (lambda x, y: anp.exp(x), 1),
    "two of them, one after the other": (lambda x, y: x / y, 2),
}


@pytest.mark.parametrize(("fn", "rules"), WAYS_IN.values(), ids=WAYS_IN)
def test_calls_and_rules_are_spread_whatever_they_take(fn, rules, spread):
    x, y = (tensor(np.linspace(1, 2, LENGTH), requires_grad=True) for _ in range(2))
    out = fn(x, y)
    assert len(spread) == 1
    out.backward(np.full(LENGTH, 0.5))
    assert len(spread) == 1 + rules
