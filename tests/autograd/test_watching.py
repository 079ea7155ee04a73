"""Watched sweeps mean what plain ones mean, and nothing is left of them when none is watched."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import sweeping, tensor
from autograd.codegen import FAST, source
from autograd.declare import primitive
from autograd.errors import AnomalyError, GraphFreedError
from autograd.primitive import REGISTRY
from autograd.tape import mode
from autograd.watching import Watcher, watching


class Counter(Watcher):
    def __init__(self):
        self.calls, self.pulls, self.sweeps = [], [], []

    def call(self, run, prim, args, statics):
        self.calls.append(prim.name)
        return run(prim, args, statics)

    def begin(self, roots):
        self.sweeps.append("begin")

    def pull(self, run, node, g):
        parts = run(node, g)
        self.pulls.append((node[1].step.prim.name if node[1].step.prim else "leaf", type(parts)))
        return parts

    def end(self):
        self.sweeps.append("end")


def program(x, w):
    h = anp.tanh(x @ w) + x[:, :1] * 2.0
    h = anp.where(h > 0, h, 0.1 * h)
    return (h * h).sum() + anp.exp(w[0]).mean()


def gradients_of(run, *, create_graph=False):
    rng = np.random.default_rng(3)
    x, w = (tensor(rng.standard_normal(s), requires_grad=True) for s in ((4, 3), (3, 3)))
    return run(x, w, create_graph)


def by_backward(x, w, create_graph):
    seen = []
    x.register_hook(lambda g: seen.append(g.data.copy()))
    w.register_hook(lambda g: 2 * g)
    program(x, w).backward(create_graph=create_graph)
    return x.grad.data, w.grad.data, seen[0]


def by_gradients(x, w, create_graph):
    h = x * w[0, 0]
    out = program(h, w)
    return [g.data for g in autograd.gradients(out, [h, w], create_graph=create_graph)]


def by_second_order(x, w, create_graph):
    (first,) = autograd.gradients(program(x, w), x, create_graph=True)
    return [g.data for g in autograd.gradients((first**2).sum(), [x, w])]


def by_nested_transforms(x, w, create_graph):
    inner = autograd.grad(lambda v: program(v, w))
    return [autograd.grad(lambda v: (inner(v) ** 2).sum())(x).data]


def by_module_hooks(x, w, create_graph):
    model = nn.Sequential(nn.Linear(3, 4, dtype=np.float64, generator=0), nn.Tanh())
    seen = []
    model[0].register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].numpy(), go[0].numpy())))
    model(x).sum().backward()
    return [x.grad.data, model[0].weight.grad.data, *seen[0]]


@pytest.mark.parametrize(
    "run", [by_backward, by_gradients, by_second_order, by_nested_transforms, by_module_hooks]
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_watched_sweep_gives_the_same(run, create_graph):
    plain = gradients_of(run, create_graph=create_graph)
    with watching(Watcher()):
        watched = gradients_of(run, create_graph=create_graph)
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_a_watcher_sees():
    x = tensor([1.0, 2.0], requires_grad=True)
    seen = Counter()
    with watching(seen):
        (x * x).sum().backward()
    assert seen.calls == ["multiply", "sum"]
    assert [name for name, _ in seen.pulls] == ["sum", "multiply", "leaf"]
    assert seen.pulls[-1] == ("leaf", tuple)
    assert seen.sweeps == ["begin", "end"]


def test_watchers_nest_and_each_sees_a_call_once():
    x = tensor([1.0, 2.0], requires_grad=True)
    outer, inner = Counter(), Counter()
    with watching(outer):
        y = x * x
        with watching(inner):
            y.sum().backward()
    assert (outer.calls, inner.calls) == (["multiply", "sum"], ["sum"])
    assert outer.pulls == inner.pulls


def test_a_sweep_that_raises_is_ended_and_the_graph_is_released():
    x = tensor([1.0, 2.0], requires_grad=True)
    seen = Counter()
    y = (x * x).sum()
    with watching(seen):
        y.backward()
        with pytest.raises(GraphFreedError):
            y.backward()
    assert seen.sweeps == ["begin", "end"] * 2


def test_nothing_is_left_when_none_is_watched():
    before = dict(FAST), source("multiply"), sweeping._loop

    def run():
        assert FAST["Tensor"] is not autograd.Tensor
        assert sweeping._loop is not sweeping._sweep
        (tensor(1.0, requires_grad=True) * 2.0).backward()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watching(Watcher()):
        run()
    assert sweeping._loop is sweeping._sweep is before[2]
    assert FAST["Tensor"] is autograd.Tensor
    assert source("multiply") == before[1]
    assert mode.interceptor is None
    assert {k: v for k, v in FAST.items() if k in before[0]} == before[0]


def test_other_threads_are_not_watched():
    x = tensor([1.0, 2.0], requires_grad=True)
    seen, found = Counter(), []

    def other():
        y = tensor([3.0], requires_grad=True)
        (y * y).sum().backward()
        found.append(y.grad.numpy())

    with watching(seen):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen.calls == seen.pulls == seen.sweeps == []
        x.sum().backward()
    assert seen.calls == ["sum"]
    np.testing.assert_array_equal(found[0], [6.0])


# ---------------------------------------------------------------- several results


@pytest.fixture
def halves():
    """A primitive with two results, which is taken off the registry again."""
    prim = primitive(
        lambda x: (x / 2, x * x),
        ["x"],
        name="halves_for_tests",
        vjp=lambda g, x: [sum(part * by for part, by in zip(g, (0.5, 2 * x)) if part is not None)],
        results=["half", "square"],
    )
    yield prim
    del REGISTRY["halves_for_tests"]


def test_several_results_in_profiles_and_explanations(halves):
    x = tensor(np.array([1.0, 2.0]), requires_grad=True)
    with autograd.profile() as prof:
        half, square = halves(x)
        loss = (half + square * 3.0).sum()
    found = autograd.explain(loss, x)
    np.testing.assert_allclose(found.gradient, 0.5 + 6 * np.array([1.0, 2.0]))
    assert sorted(r.norm for r in found.routes) == pytest.approx([0.5 * 2**0.5, 6 * 5**0.5])
    assert (prof.events[0].op, prof.events[0].nbytes) == ("halves_for_tests", 32)
    with prof:
        loss.backward()
    assert [e.op for e in prof.events if e.phase == "backward"].count("halves_for_tests") == 1
    np.testing.assert_allclose(x.grad.data, found.gradient)


def test_several_results_that_are_not_finite(halves):
    x = tensor(np.array([1e200]), requires_grad=True)
    with pytest.raises(AnomalyError, match="halves_for_tests: gave 1 infinity") as caught:  # noqa: SIM117
        with autograd.detect_anomaly():
            halves(x)
    assert caught.value.record.op == "halves_for_tests"
    x = tensor(np.array([1e100]), requires_grad=True)
    results = halves(x)
    with pytest.raises(AnomalyError, match="its derivative gave") as caught:  # noqa: SIM117
        with autograd.detect_anomaly():
            autograd.gradients(results, x, [np.array([1.0]), np.array([1e250])])
    assert sorted(caught.value.inputs) == ["g[0]", "g[1]", "x"]
