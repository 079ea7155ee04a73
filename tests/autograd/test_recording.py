"""`autograd.record()`: what it notes, and that nothing else changes."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import graph, tensor
from autograd.codegen import FAST
from autograd.recording import note_of
from autograd.summaries import summarise
from autograd.tape import EXTRA, mode

HERE = "test_recording.py"


def leaf(*values):
    return tensor(np.array(values), requires_grad=True)


def test_values_gradients_and_lines():
    x = leaf(1.0, 2.0)
    with autograd.record():
        y = x * 3.0
        z = y.sum()
    z.backward()
    record = graph.tape(z)[2]
    assert (record.op, record.summary.few.tolist()) == ("multiply", [3.0, 6.0])
    assert record.gradient.few.tolist() == [1.0, 1.0]
    assert record.source.startswith(f"{HERE}:")
    assert record.code == "y = x * 3.0"
    assert record.seconds > 0


def test_results_are_the_same():
    rng = np.random.default_rng(0)
    x, w = (tensor(rng.normal(size=(3, 3)), requires_grad=True) for _ in range(2))

    def f():
        h = anp.stack([x @ w, x]).sum(axis=0)
        h[0] = h[1] * 2
        return (h.tanh() * np.ones(3)).sum()

    plain = f()
    plain.backward()
    expected = [x.grad.numpy().copy(), w.grad.numpy().copy()]
    x.grad = w.grad = None
    with autograd.record():
        recorded = f()
        recorded.backward()
    assert recorded.item() == plain.item()
    for tensor_, grad in zip((x, w), expected):
        assert np.array_equal(tensor_.grad.numpy(), grad)


def test_elsewhere_nothing_is_noted():
    x = leaf(1.0)
    fast = dict(FAST)
    with autograd.record():
        x * 2.0
    assert {key: FAST[key] for key in ("Tensor", "Parameter")} == {
        key: fast[key] for key in ("Tensor", "Parameter")
    }
    assert mode.interceptor is None
    assert type(mode.scopes) is list
    y = x * 2.0
    assert y._node[EXTRA] is None


def test_an_exception_ends_it():
    with pytest.raises(autograd.errors.ShapeError), autograd.record():
        leaf(1.0, 2.0) + leaf(1.0, 2.0, 3.0)
    assert mode.interceptor is None


def test_nested_recordings_take_one_note():
    x = leaf(1.0)
    recording = autograd.record()
    with recording, recording, autograd.record():
        y = x * 2.0
    assert len(y._node[EXTRA].hooks) == 1


def test_other_threads_do_not_record():
    x, found = leaf(1.0), []
    with autograd.record():
        thread = threading.Thread(target=lambda: found.append(x * 2.0))
        thread.start()
        thread.join()
    assert note_of(found[0]._node) is None


def test_modules():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh()))
    with autograd.record():
        y = model(model(np.ones((1, 2), np.float32)))
    calls = [r.scopes for r in graph.tape(y) if r.op in ("linear", "tanh")]
    assert [[s.name for s in c] for c in calls] == [
        ["Sequential", "0"], ["Sequential", "1", "0"], ["Sequential", "0"], ["Sequential", "1", "0"],
    ]  # fmt: skip
    assert [s.kind for s in calls[1]] == ["Sequential", "Sequential", "Tanh"]
    assert calls[0][0].call == calls[1][0].call != calls[2][0].call


def test_constants_that_no_rule_saves_are_known():
    x, c = leaf(1.0, 2.0), np.array([5.0, 6.0])
    with autograd.record():
        y = (x + c) + c
    constants = [r for r in graph.tape(y, names={"c": c}) if r.kind == "constant"]
    assert [(r.name, r.summary.few.tolist()) for r in constants] == [("c", [5.0, 6.0])]


def test_a_recorded_graph_can_be_drawn_after_backward():
    x = leaf(1.0, 2.0)
    with autograd.record():
        y = (anp.stack([x, x * 2.0]) * np.ones((3, 1, 1))).sum()
    before = str(graph.tape(y))
    y.backward()
    after = graph.tape(y)
    assert [line.rsplit("  ", 1)[0] for line in str(after).splitlines()] == [
        line.rsplit("  ", 1)[0] for line in before.splitlines()
    ]
    assert graph.draw(y).source == graph.to_dot(y)


def test_notes_hold_no_arrays_and_live_as_long_as_their_nodes():
    big = np.ones((100, 100))
    held = weakref.ref(big)
    x = tensor(np.ones((100, 100)), requires_grad=True)
    with autograd.record():
        y = (x * big).sum()
        y.backward()
        del big
        gc.collect()
        assert held() is None
    seen = weakref.ref(note_of(note_of(y._node).node[3]).inputs[0])
    assert seen().value.shape == (100, 100)
    del y
    assert seen() is None


def test_table():
    x = leaf(1.0, 2.0)
    with autograd.record():
        y = (x * x).sum()
    lines = str(graph.tape(y, names={"x": x})).splitlines()
    assert lines[0].split() == ["step", "op", "inputs", "shape", "dtype", "saved", "source"]
    assert lines[2].split()[:8] == ["1", "multiply", "x=0,", "y=0", "(2,)", "float64", "32", "B"]
    assert lines[2].endswith("y = (x * x).sum()")
    starts = {line.index("float64") for line in lines[1:]}
    assert len(starts) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, np.int64, bool])
def test_summaries(dtype):
    values = np.array([3, 4, 0]).astype(dtype)
    seen = summarise(values)
    assert seen.norm == pytest.approx(np.linalg.norm(values.astype(complex)))
    assert (seen.shape, seen.dtype) == ((3,), np.dtype(dtype))
    assert seen.few.tolist() == values.tolist()


def test_summaries_of_what_is_not_finite():
    seen = summarise(np.array([np.nan, np.inf, -np.inf, 1.0, 3.0]))
    assert (seen.nans, seen.infinities, seen.low, seen.high, seen.mean) == (1, 2, 1.0, 3.0, 2.0)
    assert summarise(np.array([1e300, 1e300])).norm == pytest.approx(np.sqrt(2) * 1e300)
    assert summarise(np.zeros((0, 3))).low is None
