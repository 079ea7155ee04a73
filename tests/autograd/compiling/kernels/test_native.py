"""Compiled loops: the same as NumPy's calls, for any program of them, whatever memory they meet."""

from __future__ import annotations

import builtins
import gc
import importlib.util
import sys

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import autograd.numpy as anp
import nn
import optim
from autograd.compiling.kernels import chains, kernel, matrixloops, native, wholestep
from autograd.compiling.planning.elementwise import zero_where_undefined
from autograd.loops import chain, diskcache, machine, translate
from autograd.loops.scalars import NAMES
from tests.support.compiling import training_step

from ..test_training_steps import CLASSES, MODELS, training

RNG = np.random.default_rng(0)
# Those that were given up: loops that are in use live in them.
ENGINES: list = []


@pytest.fixture(autouse=True)
def failures_are_errors(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


def near(found, wanted, tolerance):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    if wanted.dtype.kind != "f":
        np.testing.assert_array_equal(found, wanted)
        return
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(found[~finite], wanted[~finite])
    scale = np.abs(wanted[finite]).max(initial=0)
    assert np.abs(found[finite] - wanted[finite]).max(initial=0) <= tolerance * max(scale, 1e-30)


def compiled(fn, *args, loops=True):
    """The function after it has been compiled for these arguments."""
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        program(*args)
    assert loops == any(s.kind == "native" for s in program._programs.last.plan.steps)
    return program


def check(fn, *args, tolerance=None, loops=True):
    with np.errstate(all="ignore"):
        wanted = fn(*args)
        found = compiled(fn, *args, loops=loops)(*args)
    if not isinstance(wanted, (tuple, list)):
        wanted, found = [wanted], [found]
    for a, b in zip(found, wanted, strict=True):
        near(anp.asarray(a), anp.asarray(b), tolerance or (1e-6 if b.dtype == np.float32 else 1e-14))


# ------------------------------------------------------------------ training


@pytest.mark.parametrize("name", ["layer norm", "lstm"])
def test_one_step_of_float32_is_near_the_eager_one(name):
    build, data = MODELS[name]
    step, state, model, _ = training(build, lambda p: optim.SGD(p, lr=0.1))
    act = autograd.compile(step, state=state, strict=True)
    for _ in range(4):
        act(data, CLASSES)
    assert any(s.kind == "native" for s in act._programs.last.plan.steps)
    tensors = [*model.parameters(), *model.buffers()]
    start, results = [np.array(t._data) for t in tensors], []
    for run in (step, act):
        for tensor, values in zip(tensors, start, strict=True):
            tensor._data[...] = values
        nn.manual_seed(11)
        loss = np.array(run(data, CLASSES)._data)
        results.append([loss, *(np.array(t._data) for t in tensors)])
    for found, wanted in zip(*results[::-1], strict=True):
        near(found, wanted, 1e-5)


@pytest.mark.parametrize("name", ["mlp"])
def test_100_steps_of_float64_stay_near_the_eager_ones(name):
    build, data = MODELS[name]
    data = data.astype(np.float64)

    def run(use):
        def double():
            model = build()
            for tensor in (*model.parameters(), *model.buffers()):
                if tensor._data.dtype == np.float32:
                    tensor._data = tensor._data.astype(np.float64)
            return model

        step, state, model, _ = training(double, lambda p: optim.SGD(p, lr=0.05, momentum=0.9))
        act = autograd.compile(step, state=state, strict=True) if use else step
        for i in range(100):
            act(data[i % 2 :], CLASSES[i % 2 :])
        if use:
            assert any(s.kind == "native" for s in act._programs.last.plan.steps)
        return [np.array(p._data) for p in model.parameters()]

    for a, b in zip(run(True), run(False), strict=True):
        near(a, b, 1e-9)


@pytest.mark.parametrize("batch", [1, 8, 20])
def test_a_small_net_is_one_function(batch):
    x, y = RNG.standard_normal((batch, 6)).astype(np.float32), RNG.integers(0, 4, batch)

    def run(use):
        model = nn.Sequential(nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 4))
        opt = optim.SGD(model.parameters(), lr=0.1)

        step = training_step(model, opt)
        act = autograd.compile(step, state=(model, opt), strict=True) if use else step
        losses = [float(act(x, y)._data) for _ in range(8)]
        if use:
            assert [s.kind for s in act._programs.last.plan.steps] == ["native"]
        return losses, [np.array(p._data) for p in model.parameters()], act

    nn.manual_seed(0)
    losses, parameters, _ = run(False)
    nn.manual_seed(0)
    found, trained, act = run(True)
    np.testing.assert_allclose(found, losses, rtol=1e-5)
    for a, b in zip(trained, parameters, strict=True):
        near(a, b, 1e-5)
    for wrong in (4, -1):
        bad = np.full_like(y, wrong)
        before = [p.copy() for p in trained]
        with pytest.raises(autograd.errors.IndexingError):
            act(x, bad)
        for a, b in zip(trained, before, strict=True):
            np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------------ programs of calls

UNARY = [
    anp.exp, anp.tanh, anp.sin, anp.cos, anp.negative, anp.square, anp.abs, anp.expm1,
    lambda x: anp.log1p(x * x), lambda x: anp.sqrt(x * x + 1), lambda x: anp.log(x * x + 0.5),
    lambda x: anp.where(x > 0, x, 0.5), lambda x: x**3, lambda x: anp.maximum(x, 0.25),
    lambda x: anp.floor(x), lambda x: x[::-1], lambda x: anp.sign(x),
    lambda x: anp.sum(x, -1, keepdims=True) + x,
    lambda x: x - anp.max(x, 0), lambda x: anp.concatenate([x[1:], x[:1]]),
    lambda x: anp.reshape(x.T, x.shape),
    lambda x: anp.isnan(x) * 1.0 + x, lambda x: x @ (x.T @ x) * 0.01 if x.ndim == 2 else x,
]  # fmt: skip
BINARY = [
    anp.add, anp.subtract, anp.multiply, anp.maximum, anp.minimum, lambda a, b: a / (b * b + 1),
    lambda a, b: anp.where(a < b, a, b * 2), lambda a, b: (a >= b) * a, lambda a, b: a * (b != 0),
]  # fmt: skip


def program(seed, size):
    """A function of random calls of one array and one row."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, 10**6, (size, 4))

    def body(x, row):
        values = [x, row + x * 0]
        for kind, fn, a, b in picks:
            first, second = values[a % len(values)], values[b % len(values)]
            if kind % 2:
                made = UNARY[fn % len(UNARY)](first)
            else:
                made = BINARY[fn % len(BINARY)](first, second)
            values.append(anp.tanh(made) if (kind // 2) % 3 == 0 else anp.clip(made, -50, 50))
        return values[-1], values[-2] * values[len(values) // 2]

    return body


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(4))
def test_random_programs(seed, dtype):
    shape = [(5, 7), (3, 1), (17,), (2, 3)][seed % 4]
    x, row = RNG.standard_normal(shape).astype(dtype), RNG.standard_normal(shape[-1:]).astype(dtype)
    # sums in another order, and sin and cos of what has grown, lose a few digits
    check(program(seed, 8), x, row, tolerance=2e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("budget", [1, 3, 9])
@pytest.mark.parametrize("seed", range(3))
def test_random_programs_of_which_numpy_computes_parts(seed, budget, monkeypatch):
    monkeypatch.setattr(native, "BUDGET", budget)
    x, row, indices = RNG.standard_normal((6, 7)), RNG.standard_normal(7), RNG.integers(0, 6, 9)
    body = program(seed, 6)

    def fn(x, row, indices):
        """Calls that make arrays of their own between others, of other sizes."""
        few = body(x[indices], row)[0] + x[indices[:1]]
        return body(few[indices[:4] % 2], row)[1], few.sum(0)

    check(autograd.grad(lambda *args: sum(r.sum() for r in fn(*args))), x, row, indices, tolerance=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", [1, 2])
def test_large_programs(dtype, threads, monkeypatch):
    monkeypatch.setattr(kernel.threads, "count", lambda: threads)
    x, row = RNG.standard_normal((600, 301)).astype(dtype), RNG.standard_normal(301).astype(dtype)

    def body(x, row):
        y = anp.exp(-x * x) * row + anp.sin(x * 3)
        return y / (1 + anp.tanh(y) ** 2), anp.cos(y.T) + x.T

    check(body, x, row, tolerance=1e-5 if dtype == np.float32 else 1e-13)
    check(
        autograd.grad(lambda x: anp.sum(body(x, row)[0])),
        x,
        tolerance=1e-5 if dtype == np.float32 else 1e-13,
    )


@pytest.mark.parametrize("n", [3, 70000])
def test_large_arguments_of_waves(n):
    x = RNG.standard_normal(n).astype(np.float32)

    def body(x):
        return anp.sin(x) + anp.cos(x * 2)

    run = compiled(body, x)
    for far in (1e10, 3e38, np.inf, np.nan):
        x[n // 2] = far
        with np.errstate(all="ignore"):
            near(run(x), body(x), 1e-6)


def test_special_values():
    x = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, -3e38], np.float32)
    for fn in (anp.exp, anp.tanh, anp.log, anp.expm1, anp.sign, anp.log1p):
        with np.errstate(all="ignore"):
            check(lambda x, fn=fn: (fn(x) * 1, anp.maximum(x, fn(x)), anp.minimum(x, 0)), x)


def test_integers_and_booleans():
    x = RNG.integers(-5, 5, (4, 6))
    check(lambda x: (x + x * x, anp.maximum(x, 0) - 3, x > 1, (x > 1) & (x < 3), x / 2, -x), x)
    small = x.astype(np.int32)
    check(lambda x: (x * 2**30 + x * x * 7, x - 2**30), small)


@pytest.mark.parametrize(
    "turn", [lambda x: x.T, lambda x: x[::-1], lambda x: x[:, ::2], lambda x: x[:, :1]]
)
@pytest.mark.parametrize("shape", [(6, 8), (150, 300)])
def test_arguments_may_lie_in_any_way(turn, shape):
    x = turn(RNG.standard_normal(shape).astype(np.float32))
    check(lambda x: (x[1:] * x[:-1] + anp.exp(x[1:]), anp.tanh(x) + x), x)


def test_an_argument_may_be_of_other_memory_each_time():
    run = compiled(lambda x: anp.exp(x) * x, np.ones((3, 5)))
    for _ in range(5):
        x = RNG.standard_normal((3, 5))
        near(run(x), np.exp(x) * x, 1e-14)
        x.flags.writeable = False
        near(run(x), np.exp(x) * x, 1e-14)


@pytest.mark.parametrize("n", [3, 70000])
def test_an_argument_without_axes_may_be_a_scalar(n):
    x, y = np.array(0.3), RNG.standard_normal(n)
    for first in (autograd.tensor(x), autograd.tensor(x) * 1, x, x[()]):
        check(lambda x, y: (anp.exp(x) * y + x * y, anp.tanh(x) * 3 - y), first, y, tolerance=1e-13)


def test_results_are_the_callers():
    x = RNG.standard_normal(50000)
    run = compiled(lambda x: anp.exp(x) * 2, x)
    first = run(x)
    kept = first.copy()
    run(x + 1)
    np.testing.assert_array_equal(first, kept)


def test_what_overlaps_is_left_to_numpy():
    def body(x):
        y = anp.exp(x) * 1.0
        y[1:] += y[:-1]
        y[::2] *= 2
        return y + 1

    check(body, RNG.standard_normal(64))


def test_a_cotangent_of_zero_stays_zero():
    def body(x):
        return anp.sum(anp.where(x > 0, anp.sqrt(anp.where(x > 0, x, 0)), 0) + anp.sqrt(x * x))

    x = np.array([0.0, 1.0, 4.0, -1.0])
    with np.errstate(all="ignore"):
        check(autograd.grad(body), x)
    g, result = np.array([0.0, 0.0, 1.0]), np.array([np.nan, 2.0, np.nan])
    zero_where_undefined(g, result, g != 0)
    np.testing.assert_array_equal(result, [0, 2, np.nan])


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [(1, 3, 6), (5, 9, 1), (5, 70, 6), (3, 20, 3), (2, 1, 2), (4, 8, 5), (4, 9, 5), (3, 16, 5), (2, 17, 5)],
)  # fmt: skip
def test_products(m, k, n):
    a, b = RNG.standard_normal((m, k)), RNG.standard_normal((k, n))

    def body(a, b):
        c = a @ b
        return c, b.T @ a.T, anp.dot(a[0], b), anp.dot(a, b[:, 0]), c @ c.T, anp.dot(a[0], b[:, 0])

    check(body, a, b, tolerance=1e-13)


@pytest.mark.parametrize("shape", [(7,), (3, 5)])
def test_reductions(shape):
    x = RNG.standard_normal(shape)

    def body(x):
        found = [anp.sum(x), anp.max(x), anp.min(x)]
        for axis in range(x.ndim):
            for fn in (anp.sum, anp.max, anp.min):
                found += [fn(x, axis), fn(x, axis, keepdims=True) * x]
        return found

    check(body, x, tolerance=1e-14)
    x.flat[3] = np.nan
    check(body, x, tolerance=1e-14)


def test_rows_by_index():
    x, rows = RNG.standard_normal((6, 4)), np.array([5, 0, -6, 2, 2])

    def body(x, rows):
        x, rows = (getattr(a, "_data", a) for a in (x, rows))  # below the operations: NumPy's calls
        taken = x[rows] * 2
        y = x * 1
        y.reshape(-1)[rows] = 5.0
        y[rows] = taken
        return taken + 1, y + x.take(rows).sum()

    run = compiled(body, x, rows)
    for found, wanted in zip(run(x, rows), body(x, rows), strict=True):
        near(found, wanted, 1e-15)
    with pytest.raises(IndexError):
        run(x, np.array([5, 0, 6, 2, 2]))


def test_calls_that_no_loop_is_written_for_stay_numpys():
    check(lambda x: anp.sort(x) + anp.cumsum(x, 1), np.ones((2, 3)) + 1j, loops=False)


# ------------------------------------------------------------------ without numba, and when it fails


def step_of(x, y):
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    opt = optim.SGD(model.parameters(), lr=0.1)

    step = training_step(model, opt)
    return step, (model, opt)


def losses(use):
    nn.manual_seed(5)
    x, y = np.random.default_rng(1).standard_normal((4, 6)), np.array([0, 2, 1, 2])
    step, state = step_of(x, y)
    act = autograd.compile(step, state=state, strict=True) if use else step
    found = [float(act(x, y)._data) for _ in range(6)]
    return found, act


def test_numpys_programs_run_where_numba_is_missing(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)
    found, act = losses(True)
    assert found == losses(False)[0]
    assert act.replays >= 3
    assert not any(s.kind == "native" for s in act._programs.last.plan.steps)
    assert ".tolist()" in act.source  # in the forms that are NumPy's fastest


def test_a_missing_install_is_known_without_importing_it(monkeypatch):
    machine.usable.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    try:
        assert not native.available()
    finally:
        monkeypatch.undo()
        machine.usable.cache_clear()
    assert native.available()


@pytest.mark.parametrize("broken", ["numba", "llvmlite"])
def test_a_broken_install_is_as_none(monkeypatch, broken, tmp_path):
    monkeypatch.delenv("WENGERT_NATIVE")
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path))
    real = builtins.__import__

    def fails(name, *args, **options):
        if name.split(".")[0] == broken:
            raise OSError("libllvm is gone")
        return real(name, *args, **options)

    for module in ("scalars", "polynomials", "translate"):
        monkeypatch.delitem(sys.modules, f"autograd.loops.{module}", raising=False)
        monkeypatch.delattr(f"autograd.loops.{module}", raising=False)
    monkeypatch.setattr(diskcache, "importable", True)
    monkeypatch.setattr(diskcache, "_ready", {})
    diskcache.load.cache_clear()
    machine.version.cache_clear()
    ENGINES.append(machine._engine())
    machine._engine.cache_clear()
    monkeypatch.setattr(builtins, "__import__", fails)
    try:
        found, act = losses(True)
        assert not native.available()
    finally:
        monkeypatch.undo()
    assert found == losses(False)[0]
    assert act.replays >= 3
    assert not any(s.kind == "native" for s in act._programs.last.plan.steps)
    assert ".tolist()" in act.source  # in the forms that are NumPy's fastest
    assert native.available()


@pytest.mark.parametrize(
    ("owner", "where"),
    [
        (kernel.Kernel, "source"),
        (kernel.Kernel, "located"),
        (chains.Chain, "written"),
        (chain, "table"),
    ],
    ids=["source", "located", "written", "table"],
)
def test_numpys_programs_run_where_numba_fails(monkeypatch, owner, where):
    monkeypatch.delenv("WENGERT_NATIVE")

    def fails(*args):
        raise RuntimeError("LLVM ERROR")

    monkeypatch.setattr(owner, where, fails)
    found, act = losses(True)
    assert found == losses(False)[0]
    assert act.replays >= 3
    assert not any(s.kind == "native" for s in act._programs.last.plan.steps)
    assert ".tolist()" in act.source  # in the forms that are NumPy's fastest


def test_each_kind_of_piece_says_no_to_what_it_does_not_know():
    for form in (matrixloops.product, wholestep._reduction, wholestep._taking, wholestep._putting):
        from autograd.compiling.ir import Instruction

        assert form(Instruction(np.sort, (), {})) is None


def test_loops_that_end_in_a_result_keep_polynomials():
    """Large arguments are done again where the loop can run twice: what it writes to, it must not read."""
    x = RNG.standard_normal(10_000).astype(np.float32)
    formula = lambda x: (anp.tanh(x) * anp.exp(-x * x) + anp.sin(x) / (1 + x * x)).sum()
    act = compiled(autograd.grad(formula), x)
    assert [step.kind for step in act.plan.steps] == ["native"]
    assert "sin_f4(" in act.source
    assert "cos_f4(" in act.source
    assert act.source.count("store_f4(") == 2  # one in the loop, one where it is repeated


def test_loops_with_polynomials_compute_as_many_elements_as_there_can_be():
    x = np.linspace(0, 1, 1 << 17, dtype=np.float32)
    curved, straight = (compiled(fn, x) for fn in (lambda x: np.exp(x) * x, lambda x: x * x + x))
    assert "widest()" in curved.source
    assert "store_f4(" in straight.source
    assert "widest()" not in straight.source
    source = "def loop(a):\n    widest()\n    return 0\n"
    names = {**NAMES}
    exec(source, names)
    text = translate._library(names["loop"], "wide", exact=False).get_llvm_str()
    assert '"prefer-vector-width"="512"' in text


@pytest.mark.parametrize("limits", [(0.0, np.inf), (-0.5, 0.75), (np.float32(-1), 1)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_clipping_is_part_of_loops(limits, dtype):
    x = RNG.standard_normal(9000).astype(dtype)
    x[:3] = np.nan, np.inf, -np.inf
    fn = lambda x: np.clip(x * 2, *limits) + 1
    check(fn, x)
    steps = compiled(fn, x).plan.steps
    assert [step.kind for step in steps] == ["native"]


def test_a_program_that_was_replaced_is_freed_at_once():
    model = nn.Linear(4, 3)
    opt = optim.SGD(model.parameters(), lr=0.1)

    step = training_step(model, opt, lambda out: out.sum())
    gc.collect()
    gc.disable()
    try:
        act = autograd.compile(step, state=(model, opt), strict=True)
        for _ in range(6):
            act(np.ones((2, 4), np.float32))
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert not [o for o in gc.garbage if type(o) is dict and "kept" in o]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
