"""Products of matrices as tiles in programs: which are, and what they give."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import nn
from autograd import threads
from autograd.compiling.ir import Instruction, Operand
from autograd.compiling.kernels import native
from autograd.compiling.planning import layouts, lowering
from autograd.compiling.running import faster
from autograd.loops import longsums, processor, products, shortsums, tall
from tests.autograd.compiling import test_training_steps as steps
from tests.support.compiling import peak, replayed

KINDS = {"short": shortsums, "long": longsums}


def forget():
    for cache in (products._kind, products._run):
        cache.cache_clear()


@pytest.fixture(autouse=True, params=KINDS)
def kind(request, monkeypatch):
    """Tiles of one kind, whatever the product."""
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(processor, "blas_leaves", lambda: True)
    monkeypatch.setattr(processor, "vector_size", lambda: 64)
    monkeypatch.setattr(tall, "pays", lambda p, followed=False: False)
    for name, each in KINDS.items():
        wanted = name == request.param
        monkeypatch.setattr(each, "pays", lambda p, wanted=wanted: wanted and _large_of_rows(p))
    # no layout is faster than another: what lies in columns has no tiles
    monkeypatch.setattr(layouts, "measured", lambda shapes: 1.0)
    forget()
    yield request.param
    forget()


def _large_of_rows(p):
    return p.is_of_rows and min(p.rows, p.columns) >= 96


def drawn(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


WAYS = {
    "as they are": lambda a, b: a.T @ b,
    "turned": lambda a, b: (b.T @ a).T,
    "of one array": lambda a, b: a.T @ a,
    "of parts": lambda a, b: a[1:, 2:].T @ b[1:, :-3],
    "beside another": lambda a, b: a.T @ b + (b.T @ a).T,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
def test_products_are_right(way, dtype):
    a, b = drawn(61, 203, dtype=dtype), drawn(61, 121, dtype=dtype)
    found, source = replayed(lambda a, b: WAYS[way](a, b) + 0.5, a, b)
    wanted = WAYS[way](a.astype(np.float64), b.astype(np.float64)) + 0.5
    assert "tiled_dot(" in source
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=0, atol=500 * np.finfo(dtype).eps)


def test_rows_side_by_side_are_blass():
    """As in the products of a forward pass."""
    a, b = drawn(500, 64), drawn(64, 128)
    found, source = replayed(lambda a, b: a @ b, a, b)
    assert "tiled_dot(" not in source
    np.testing.assert_array_equal(found, a @ b)


@pytest.mark.parametrize("dtype", [np.complex64, np.int64])
def test_other_numbers_are_blass(dtype):
    a, b = (10 * drawn(100, 100)).astype(dtype), (10 * drawn(100, 120)).astype(dtype)
    found, source = replayed(lambda a, b: a.T @ b, a, b)
    assert "tiled_dot(" not in source
    np.testing.assert_array_equal(found, a.T @ b)


def operand(root, x, offset=0):
    return Operand(root, offset, x.shape, x.strides, x.dtype)


def call(fn=np.dot, a=0, b=1, out=2, dtypes=(np.float32,) * 3, options=None, order="C"):
    """A product that tiles would compute, but for what is given."""
    arrays = np.empty((64, 512), "f").T, np.empty((64, 784), "f"), np.empty((512, 784), "f", order)
    operands = [operand(0, x)._replace(dtype=np.dtype(d)) for x, d in zip(arrays, dtypes, strict=True)]
    x, y, made = (o._replace(root=root) for o, root in zip(operands, (a, b, out), strict=True))
    return Instruction(fn, (x, y), options or {}, made, (), kind="call")


CALLS = {
    "dot": (call(), True),
    "matmul": (call(np.matmul), True),
    "of one array": (call(b=0), True),
    "another function": (call(np.kron), False),
    "a result of another dtype": (call(dtypes=("f4", "f4", "f8")), False),
    "factors of two": (call(dtypes=("f4", "f8", "f4")), False),
    "the result in the place of the first": (call(out=0), False),
    "in that of the second": (call(out=1), False),
    "a result in columns": (call(order="F"), False),
    "options": (call(options={"dtype": np.float32}), False),
}


@pytest.mark.parametrize(("step", "tiles"), CALLS.values(), ids=CALLS)
def test_which_calls_are_such_products(step, tiles):
    found = native._in_tiles(step)
    assert (found is not step) == tiles
    assert found.fn is (products.tiled_dot if tiles else step.fn)


@pytest.mark.parametrize("by_name", [False, True])
def test_the_result_is_named_once(by_name):
    step = call(np.matmul)
    if by_name:
        made = step.results
        step = Instruction(np.matmul, step.args, {"out": made}, None, (made,), kind="call")
    found = native._in_tiles(step)
    names = {step.args[0]: "x", step.args[1]: "y", step.out: "z", products.tiled_dot: "tiled_dot"}
    assert lowering.source(found, lambda o: names[o]) == ["tiled_dot(x, y, out=z)"]


def test_without_numba_there_are_none(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)
    a, b = drawn(20, 100), drawn(20, 100)
    found, source = replayed(lambda a, b: a.T @ b, a, b)
    assert "tiled_dot(" not in source
    np.testing.assert_array_equal(found, a.T @ b)


def test_products_of_a_forward_pass(monkeypatch):
    monkeypatch.setattr(tall, "pays", lambda p, followed=False: not p.is_of_rows)
    x, w = drawn(203, 130, dtype=np.float32), drawn(70, 130, dtype=np.float32)
    found, source = replayed(lambda x, w: np.maximum(x @ w.T, 0) @ w, x, w)
    assert source.count("tiled_dot(") == 2
    wanted = np.maximum(x.astype(np.float64) @ w.T, 0) @ w
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-3)


BUILT = steps.chain(
    (nn.Linear, 120, 130), (nn.Tanh,), (nn.Linear, 130, 110), (nn.Tanh,), (nn.Linear, 110, 3)
)
BATCH = drawn(32, 120, dtype=np.float32), np.arange(32) % 3


def test_a_training_step_with_tiles_for_gradients():
    compiled = steps.trained_alike(BUILT, BATCH)
    assert compiled.source.count("tiled_dot(") == 2


def test_a_step_takes_no_memory():
    compiled = steps.trained_alike(BUILT, BATCH)
    assert "tiled_dot(" in compiled.source
    assert peak(compiled, BATCH)[0] < 4096


def test_where_tiles_differ_loops_remain(monkeypatch):
    """As if in each call rounding turned a mask: those of so many numbers that one is always near 0."""
    for each in KINDS.values():
        monkeypatch.setattr(each, "made", lambda p: lambda a, b, out: np.add(a @ b, 1, out=out))
    monkeypatch.setattr(faster, "ATTEMPTS", 2)
    compiled = steps.trained_alike(BUILT, BATCH)
    assert "tiled_dot(" not in compiled.source
    assert "loop_" in compiled.source
