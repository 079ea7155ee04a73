"""Drawn programs, and drawn training steps: compiled as eager, bit for bit; and what steps allocate."""

from __future__ import annotations

import doctest
import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import nn.functional as F
import optim
from autograd import graph
from autograd.compiling import native
from autograd.compiling.lowering import gives_new_array
from autograd.errors import ArgumentError, CompileError
from tests.autograd.compiling import test_training_steps as steps
from tests.support.compiling import outcome, plain, quietly, same

# Each takes an array of two axes (and another of its shape) and gives one of the same shape.
PIECES = {
    "sine": lambda x, y: np.sin(x),
    "product": lambda x, y: x * y,
    "difference": lambda x, y: x - 0.5 * y,
    "quotient": lambda x, y: x / (1 + y * y),
    "power": lambda x, y: (x * x + 1) ** 0.5,
    "exponential": lambda x, y: np.exp(-np.abs(x)),
    "choice": lambda x, y: np.where(x > y, x, 2 * y),
    "mask": lambda x, y: x * (y > 0),
    "maximum": lambda x, y: np.maximum(x, y),
    "clip": lambda x, y: np.clip(x, -0.5, 0.5),
    "rows": lambda x, y: x - x.mean(0),
    "columns": lambda x, y: x / (1 + np.abs(y).sum(1, keepdims=True)),
    "largest": lambda x, y: x - x.max(1, keepdims=True),
    "product of matrices": lambda x, y: x @ (y.T @ x),
    "einsum": lambda x, y: np.einsum("ij,kj->ik", x, y) @ x,
    "transposed": lambda x, y: (x.T + y.T).T,
    "reversed": lambda x, y: x[::-1] + y[:, ::-1],
    "shifted": lambda x, y: np.concatenate([x[1:], y[:1]]),
    "stacked": lambda x, y: np.stack([x, y])[1] + x,
    "reshaped": lambda x, y: (x.reshape(-1) + y.ravel()).reshape(x.shape),
    "taken": lambda x, y: x[np.array([0, 0, 1])[: len(x)].repeat(len(x))[: len(x)]] + y,
    "sorted": lambda x, y: np.sort(x, axis=1) + y,
    "accumulated": lambda x, y: np.cumsum(x, 0) - np.cumprod(y, 1),
    "variance": lambda x, y: x + np.var(y, axis=0),
    "broadcast": lambda x, y: x + y[:1] + y[:, :1],
    "written": lambda x, y: _written(x, y),
    "repeated": lambda x, y: np.tile(x, (2, 1))[: len(x)] + y,
    "norm": lambda x, y: x / (1 + np.linalg.norm(y)),
}  # fmt: skip


def _written(x, y):
    z = x * 1
    z[0] = y[0] * 2
    z[:, 1:] += y[:, :1]
    z *= 0.5
    return z


programs = st.lists(
    st.tuples(st.sampled_from(sorted(PIECES)), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8
)
SHAPES = [(3, 4), (1, 3), (2, 2)]


def build(pieces):
    def fn(x, y):
        values = [x, y]
        for name, i, j in pieces:
            values.append(PIECES[name](values[i % len(values)], values[j % len(values)]))
        return values[-1], values[len(values) // 2], values[-1].sum()

    return fn


def calls(seed):
    """Other values, then another shape, then another dtype, then other values again."""
    rng = np.random.default_rng(seed)
    kinds = [(0, np.float64)] * 4 + [(1, np.float64)] * 4 + [(2, np.float32)] * 4 + [(0, np.float64)] * 2
    return [[rng.normal(size=SHAPES[s]).astype(d) for _ in range(2)] for s, d in kinds]


@given(programs, st.booleans(), st.integers(0, 99))
def test_drawn_programs(pieces, differentiate, seed):
    fn = build(pieces)
    if differentiate:
        inner = fn
        fn = autograd.grad(lambda x, y: inner(x, y)[2] + (inner(x, y)[1] * 0.3).sum(), (0, 1))
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(native, "available", lambda: False)
        program = autograd.compile(fn)
        for args in calls(seed):
            assert same(outcome(fn, *args), quietly(outcome, program, *args))
        assert program.replays or program.fallback or program._misses


@settings(max_examples=3)
@given(programs, st.integers(0, 9))
def test_drawn_programs_with_loops(pieces, seed):
    fn = autograd.grad(lambda x, y: build(pieces)(x, y)[2], (0, 1))
    with np.errstate(all="ignore"):
        program = autograd.compile(fn)
        rng = np.random.default_rng(seed)
        for _ in range(4):
            args = rng.normal(size=(2, 3, 4))
            for a, b in zip(fn(*args), quietly(program, *args), strict=True):
                scale = np.abs(a[np.isfinite(a)]).max(initial=0)
                np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-9 * scale)


LAYERS = {
    "linear": lambda: nn.Linear(6, 6), "relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU,
    "dropout": lambda: nn.Dropout(0.3), "batch norm": lambda: nn.BatchNorm1d(6),
    "layer norm": lambda: nn.LayerNorm(6), "prelu": nn.PReLU, "softmax": lambda: nn.Softmax(1),
}  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.5), "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01), "RMSprop": lambda p: optim.RMSprop(p, lr=0.01),
}  # fmt: skip
SCHEDULERS = {
    None: None, "step": lambda o: optim.lr_scheduler.StepLR(o, 2, 0.5),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 5),
}  # fmt: skip
LOSSES = {"cross-entropy": F.cross_entropy, "squares": lambda h, y: ((h - y[:, None]) ** 2).mean()}


@given(
    st.lists(st.sampled_from(sorted(LAYERS)), max_size=4),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.sampled_from(list(SCHEDULERS)),
    st.sampled_from(sorted(LOSSES)),
    st.lists(st.sampled_from(["train", "eval", "batch", "lr"]), max_size=3),
)
def test_drawn_training_steps(layers, optimizer, scheduler, loss, events):
    def run(compile_it):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), *[LAYERS[name]() for name in layers], nn.Linear(6, 3))
        opt = OPTIMIZERS[optimizer](model.parameters())
        schedule = SCHEDULERS[scheduler] and SCHEDULERS[scheduler](opt)

        def step(x, y):
            opt.zero_grad()
            value = LOSSES[loss](model(x), y)
            value.backward()
            opt.step()
            if schedule is not None:
                schedule.step()
            return value

        state = [model, opt, *([schedule] if schedule else [])]
        act = autograd.compile(step, state=state, strict=True) if compile_it else step
        rng, rows, found = np.random.default_rng(1), 5, []
        for event in [None, *events]:
            if event == "batch":
                rows = 7
            elif event == "lr":
                opt.param_groups[0]["lr"] = 0.03
            elif event:
                model.train(event == "train")
            for _ in range(4):
                x, y = rng.normal(size=(rows, 4)).astype(np.float32), rng.integers(0, 3, rows)
                found.append(plain(act(x, y)))
        found += [plain(t.detach()) for t in (*model.parameters(), *model.buffers())]
        return [*found, opt.param_groups[0]["lr"]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "available", lambda: False)
        assert same(run(False), run(True))


# ---------------------------------------------------------------- what a step allocates

# NumPy's iterator has buffers of its own for some operands: three of 4 KB at most.
BUFFERS = 3 * 512 * 8


def peak(program, args):
    """How many bytes above what there was a call has at most, and after it."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        program(*args)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = program(*args)
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    del result
    return most - before, after - before


@pytest.mark.parametrize("name", steps.MODELS)
def test_a_steady_step_allocates_nothing(name, numpy_alone):
    built, data = steps.MODELS[name]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["Adam"])
    program = autograd.compile(step, state=state, strict=True)
    for _ in range(8):
        program(data, steps.CLASSES)
    most, kept = peak(program, (data, steps.CLASSES))
    assert kept < 1024
    assert most < 4096 + BUFFERS
    made = [s for s in program.plan.steps if s.results is not None and gives_new_array(s)]
    assert all(o.nbytes <= 4096 for s in made for o in s.made())
    assert not [s.label for s in program.plan.steps if s.kind == "opaque"]


@pytest.mark.parametrize("kernels", ["numpy", "numba"])
@pytest.mark.parametrize("name", steps.MODELS)
def test_a_large_step_allocates_no_array(name, kernels, monkeypatch):
    if kernels == "numba":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(native, "available", lambda: False)
    built, data = steps.MODELS[name]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["SGD"])
    program = autograd.compile(step, state=state, strict=True)
    x, y = np.concatenate([data] * 150), np.concatenate([steps.CLASSES] * 150)
    for _ in range(6):
        program(x, y)
    most, _ = peak(program, (x, y))
    assert (kernels == "numba") == any(type(s.extra) is native.Kernel for s in program.plan.steps)
    made = [s for s in program.plan.steps if s.results is not None and gives_new_array(s)]
    assert not [s.fn for s in made for o in s.made() if o.nbytes > 4096]
    assert most < 4096 + BUFFERS


def test_sums_do_not_see_that_buffers_are_small(numpy_alone):
    """Of arrays with gaps NumPy adds buffer by buffer; so the last bits depend on their length."""
    x, y = np.random.default_rng(0).normal(size=(2, 64, 512)).astype(np.float32)
    fn = autograd.compile(lambda x, y: ((x + y[0])[::2].sum(), (x.T + y[:, 0])[:, ::2].sum()), strict=True)
    for _ in range(4):
        found = fn(x, y)
    assert "setbufsize" in fn.source
    assert np.getbufsize() == 8192
    assert found == ((x + y[0])[::2].sum(), (x.T + y[:, 0])[:, ::2].sum())
    with pytest.raises(ValueError, match="shape"):
        fn(x, y[:, :5])
    assert np.getbufsize() == 8192


# ---------------------------------------------------------------- inspection


def test_the_page_of_the_documentation():
    page = Path(__file__).resolve().parents[3] / "docs" / "compile.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 15
    assert not found.failed


def test_the_plan_is_readable(numpy_alone):
    program = autograd.compile(lambda x: np.tanh(x * 2).sum() + x.mean(), strict=True)
    with pytest.raises(CompileError, match="no program yet: call it first"):
        program.plan  # noqa: B018 - what raises
    for _ in range(4):
        program(np.ones((5, 3)))
    text = str(program.plan)
    assert "bytes" in text.splitlines()[0]
    assert "tanh" in text
    assert "test_programs.py:" in text
    assert "tanh(" in program.source


@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_the_plan_is_drawn(kernels, monkeypatch):
    if kernels == "numba":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(native, "available", lambda: False)
    built, data = steps.MODELS["mlp"]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["SGD"])
    program = autograd.compile(step, state=state, strict=True)
    with pytest.raises(CompileError, match="no program yet"):
        graph.draw(program)
    for _ in range(5):
        program(data, steps.CLASSES)
    drawn = graph.draw(program)
    assert drawn.source == graph.draw(program.plan).source
    tape = drawn.tape
    assert sum(record.kind == "operation" for record in tape) == len(program.plan.steps)
    assert {"input", "leaf"} <= {record.kind for record in tape}
    assert all(source < record.id for record in tape for source, _ in record.inputs)
    names = {record.op for record in tape}
    assert ("dot" in names) if kernels == "numpy" else any(" more" in name for name in names)
    assert any(record.name.startswith("argument") for record in tape)
    with pytest.raises(ArgumentError, match="plan"):
        graph.draw(program, level="teach")
