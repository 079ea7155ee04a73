"""Loops over rows: elementwise calls and sums along rows in one kernel, with eager's results."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from autograd import threads
from autograd.compiling.ir import Operand
from autograd.compiling.planning.frames import Frame
from autograd.compiling.planning.rows import Rows

RNG = np.random.default_rng(0)
T, W, B, COLUMN, SQUARE = (
    RNG.standard_normal(s).astype(np.float32) for s in ((96, 80), 80, 80, (96, 1), (80, 80))
)


def of(fn):
    return autograd.grad(lambda *args: (fn(*args) * anp.asarray(T)).sum())


def shifted(x):
    x = x - anp.max(x, axis=1, keepdims=True)
    return anp.exp(x).sum(axis=1)


def in_the_place_of_another(x):
    y = anp.tanh(x @ SQUARE)  # its result takes the place of the product
    return (y * (y @ SQUARE)).sum(1)


def in_place(x):
    y = anp.exp(x)
    total = y.sum(1, keepdims=True)
    y = y / total
    z = y * 2
    return y, z - z.max(1, keepdims=True)


# a function of a matrix of 96 rows of 80, and the calls that NumPy still makes
CASES = {
    "a sum of a product": (lambda x: (x * T).sum(1), ""),
    "a sum and its use": (lambda x: x / np.exp(x).sum(1, keepdims=True), ""),
    "a mean and a variance": (lambda x: x.mean(1) + x.var(1), ""),
    "the largest": (shifted, ""),
    "the largest of the method": (lambda x: (x * T).max(-1) * 2, ""),
    "two results": (in_place, ""),
    "what lies in the place of another": (in_the_place_of_another, ""),
    "several in one pass": (lambda x: (x * x).sum(1) + np.abs(x).max(1) + (x * T).sum(1), ""),
    "weights": (lambda x: np.dot(np.tanh(x), W.astype(x.dtype)), ""),
    "rows with rows": (lambda x: np.vecdot(np.tanh(x), x) * 2, ""),
    "einsum": (lambda x: np.einsum("...i,...i->...", x * 2, x), ""),
    "a column and a row": (lambda x: (x * np.dot(COLUMN, W[None])).sum(1), ""),
    "a choice": (lambda x: np.where(x > 0, x, 0).sum(1) + np.maximum(x, T).sum(1), ""),
    "more axes": (lambda x: np.exp(x.reshape(8, 12, 80)).sum(-1), ""),
    "two of them summed": (lambda x: np.exp(x.reshape(96, 8, 10)).sum((1, 2)) * 3, ""),
    "a sum of all": (lambda x: (x * T).sum() * 2, ""),
    "a mean of all": (lambda x: np.exp(x).mean(), ""),
    "the largest of all": (lambda x: (x * T).max() + 1, ""),
    "a sum of all of one axis": (lambda x: np.exp(x.reshape(-1)).sum(), "add"),
    "a sum of short rows": (lambda x: np.exp(x.reshape(-1, 5)).sum(), "add"),
    "a mean and its gradient": (lambda x: autograd.value_and_grad(lambda x: ((x - T) ** 2).mean())(x), ""),
    "softmax": (lambda x: F.softmax(x, 1) * 2, ""),
    "gradient of softmax": (of(lambda x: F.softmax(x, 1)), ""),
    "gradient of log_softmax": (of(lambda x: F.log_softmax(x, 1)), ""),
    "layer_norm": (lambda x: F.layer_norm(x, (80,), W.astype(x.dtype), B.astype(x.dtype)), ""),
    "gradient of layer_norm": (of(lambda x: F.layer_norm(x, (80,), W.astype(x.dtype))), ""),
    "rows that are not next to each other": (lambda x: np.exp(x[:, 3:70]).sum(1), ""),
}  # fmt: skip


def calls(program):
    """What NumPy still calls but for what is done to few numbers."""
    steps = program._programs.last.plan.steps
    return " ".join(
        s.fn.__self__.__name__ for s in steps if hasattr(getattr(s.fn, "__self__", None), "nin")
    )


def near(found, wanted, tolerance):
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(found[~finite], wanted[~finite])
    scale = max(np.abs(wanted[finite]).max(initial=0), 1e-30)
    assert np.abs(found[finite] - wanted[finite]).max(initial=0) <= tolerance * scale


def check(fn, dtype, make):
    program = autograd.compile(fn, strict=True)
    for _ in range(5):
        x = make().astype(dtype)
        with np.errstate(all="ignore"):
            wanted, found = fn(x), program(x)
        pairs = zip(found, wanted, strict=True) if type(wanted) is tuple else [(found, wanted)]
        for a, b in pairs:
            near(np.asarray(a), np.asarray(b), 1e-5 if dtype == np.float32 else 1e-13)
    made: set[int] = set()
    for step in program._programs.last.plan.steps:  # nothing is read before it is there
        made |= {o.root for o in (*step.made(), *step.writes)}
        roots = program._programs.last.plan.recording.roots
        assert all(o.root in made or roots[o.root].kind != "fresh" for o in step.reads())
    return program


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_rows_give_what_calls_give(name, dtype):
    fn, left = CASES[name]
    program = check(fn, dtype, lambda: RNG.standard_normal((96, 80)))
    kernels = [s.extra for s in program._programs.last.plan.steps if s.kind == "native"]
    assert any(isinstance(item, Rows) for k in kernels for item in k.items)
    assert calls(program) == left


@pytest.mark.parametrize("name", ["the largest", "a mean and a variance", "a sum and its use", "a choice"])
def test_what_is_not_finite_goes_through(name):
    def make():
        x = RNG.standard_normal((96, 80))
        x[RNG.integers(0, 96, 9), RNG.integers(0, 80, 9)] = np.repeat([np.nan, np.inf, -np.inf], 3)
        return x

    check(CASES[name][0], np.float32, make)


@pytest.mark.parametrize("name", ["gradient of layer_norm", "gradient of log_softmax", "more axes"])
def test_rows_on_threads(monkeypatch, name):
    monkeypatch.setattr(threads, "PARALLEL", 1)
    monkeypatch.setattr(threads, "count", lambda: 3)
    program = check(CASES[name][0], np.float32, lambda: RNG.standard_normal((96, 80)))
    assert "spread(" in program.source


# calls that are no one loop over rows
APART = {
    "a sum over rows": lambda x: np.exp(x).sum(0),
    "a sum of all alone": lambda x: x.sum() * 2,
    "a sum of all of few": lambda x: np.exp(x[:9]).sum(),
    "a sum of all of a prime number": lambda x: np.exp(x.reshape(-1)[:7669]).sum(),
    "few numbers in a row": lambda x: np.exp(x.reshape(-1, 4)).sum(1),
    "one row": lambda x: np.exp(x.reshape(1, -1)).sum(1),
    "integers": lambda x: (x > 0).astype(np.int64).sum(1),
    "waves": lambda x: np.sin(x).sum(1),
}


@pytest.mark.parametrize("name", APART)
def test_other_calls_stay_apart(name):
    program = check(APART[name], np.float32, lambda: RNG.standard_normal((96, 80)))
    items = [
        item for s in program._programs.last.plan.steps if s.kind == "native" for item in s.extra.items
    ]
    assert not any(isinstance(item, Rows) for item in items)


def test_temporaries_of_a_row_need_no_memory():
    program = check(CASES["a mean and a variance"][0], np.float32, lambda: RNG.standard_normal((96, 80)))
    assert program._programs.last.plan.arena < 96 * 80


def test_the_plan_names_what_became_one_kernel():
    model = nn.Sequential(nn.LayerNorm(80), nn.LogSoftmax(1))
    optimizer = optim.Adam(model.parameters())

    @autograd.compile(state=(model, optimizer), strict=True)
    def step(x):
        optimizer.zero_grad()
        loss = (model(x) * T).sum()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(4):
        step(T)
    of = {s.label: s for s in step.plan.steps if s.kind == "native"}
    owners = [{*label.split(", ")} for label in of]
    for group in ({"normalise", "log_softmax"}, {"exp", "log_softmax backward"}, {"Adam"}):
        assert any(group <= found for found in owners), (group, owners)
    text = str(step.plan)
    assert all(word in text for word in ("Adam", "vecdot", "multiply+"))


@pytest.mark.parametrize(
    ("shape", "strides", "seen"),
    [
        ((6, 8), (8, 1), ((2, 3, 8), (24, 8, 1))),
        ((6, 1, 8), (8, 8, 1), ((2, 3, 8), (24, 8, 1))),
        ((2, 3, 8), (30, 9, 1), ((2, 3, 8), (30, 9, 1))),
        ((6, 8), (0, 1), ((2, 3, 8), (0, 0, 1))),
        ((8, 6), (7, 1), None),
        ((3, 2, 8), (40, 8, 1), None),
    ],
)
def test_views_of_a_grid(shape, strides, seen):
    operand = Operand(0, 0, shape, tuple(4 * s for s in strides), np.dtype(np.float32))
    found = Frame((2, 3, 8)).whole(operand, shape)
    wanted = seen and operand._replace(shape=seen[0], strides=tuple(4 * s for s in seen[1]))
    assert found == wanted


def test_grids_are_cut_finer():
    assert Frame((6, 8)).refined((2, 3, 1, 8)) == Frame((2, 3, 8))
    assert Frame((6, 8)).refined((6, 2, 4)) == Frame((6, 8))
    assert Frame((2, 3, 8)).refined((6,)) == Frame((2, 3, 8))
    assert Frame((2, 3, 8)).refined((3, 2, 8)) is None
    assert Frame((6, 8)).refined((8, 6)) == Frame((6, 8))
    assert Frame((6, 8)).refined((4, 12)) is None
