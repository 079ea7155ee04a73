"""Drawing what a function does: the function runs once, and leaves no trace but the picture."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import graph, tensor

X = np.array([[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]])


class Noisy(nn.Module):
    """Draws from every generator there is, and remembers."""

    def __init__(self):
        super().__init__()
        self.generator = np.random.default_rng(0)
        self.register_buffer("seen", np.zeros(2))
        self.norm, self.dropout = nn.BatchNorm1d(2, dtype=np.float64), nn.Dropout(0.5)

    def forward(self, x):
        self.seen = tensor(self.seen.numpy() + 1)
        noise = self.generator.normal() + np.random.rand() + random.random()
        return self.dropout(self.norm(x)) * noise


def state_of(model):
    drawn = [model.generator, nn.default_generator()]
    states = [g.bit_generator.state for g in drawn] + [np.random.get_state()[2], random.getstate()]
    return [b.numpy().copy() for b in model.buffers()], states, [p.grad for p in model.parameters()]


@pytest.mark.parametrize("level", ["teach", "shapes", "flow", "cost", "backward"])
@pytest.mark.parametrize("how", ["the model", "a function around it"])
def test_drawing_leaves_the_model_and_generators_as_they_were(level, how):
    model = Noisy()
    buffers, states, grads = state_of(model)
    seen = model.seen
    graph.draw(model if how == "the model" else lambda x: model(x).sum(), X, level=level)
    after, states_after, grads_after = state_of(model)
    assert all(np.array_equal(a, b) for a, b in zip(buffers, after, strict=True))
    assert model.seen is seen
    assert states == states_after
    assert grads == grads_after == [None] * len(grads)
    model(X)
    assert not np.array_equal(model.norm.running_mean.numpy(), buffers[1])  # it still learns


def test_a_function_that_fails_leaves_the_model_too():
    model = Noisy()
    buffers, states, _ = state_of(model)

    def fails(x):
        model(x)
        raise KeyError("no")

    with pytest.raises(KeyError):
        graph.draw(fails, X)
    after, states_after, _ = state_of(model)
    assert all(np.array_equal(a, b) for a, b in zip(buffers, after, strict=True))
    assert states == states_after


def test_what_ran_has_values_gradients_and_lines():
    record = graph.draw(lambda x: (x * x).sum(), np.array([1.0, 2.0])).tape[1]
    assert record.op == "multiply"
    assert record.summary.few.tolist() == [1.0, 4.0]
    assert record.gradient.few.tolist() == [1.0, 1.0]
    assert record.source.startswith("test_running.py:")


def test_a_picture_leaves_what_a_recording_noted():
    x = tensor([1.0, 2.0], requires_grad=True)
    with autograd.record():
        y = x * x
        y.backward(tensor([5.0, 7.0]), retain_graph=True)
    graph.draw(y, level="flow")
    assert graph.tape(y)[1].gradient.few.tolist() == [5.0, 7.0]


# ------------------------------------------------------------------ several results


def several(x):
    u, s, _ = anp.linalg.svd(x, full_matrices=False)
    return (u * s).sum() + s.sum()


def test_operations_with_several_results_are_recorded():
    x = tensor(X, requires_grad=True)
    with autograd.record():
        y = several(x)
        y.backward()
    tape = graph.tape(y, names={"x": x})  # also when the graph has been released
    svd, *picks = tape[1:4]
    assert [r.op for r in (svd, *picks)] == ["svd", "pick", "pick"]
    assert all(r.code.startswith("u, s, _ = anp.linalg.svd") for r in (svd, *picks))
    assert svd.seconds > 0
    assert picks[1].summary.few.tolist() == np.linalg.svd(X)[1].tolist()
    assert picks[1].gradient is not None
    assert tape[0].summary.few.tolist() == X.tolist()


def test_recording_changes_no_gradient_of_several_results():
    x, again = (tensor(X, requires_grad=True) for _ in range(2))
    several(x).backward()
    with autograd.record():
        several(again).backward()
    assert x.grad.numpy().tolist() == again.grad.numpy().tolist()
    (slope,) = autograd.gradients(several(x), x, create_graph=True)
    with autograd.record():
        (recorded,) = autograd.gradients(several(again), again, create_graph=True)
    assert slope.detach().numpy().tolist() == recorded.detach().numpy().tolist()


def test_flow_goes_through_several_results():
    picture = graph.draw(several, X, level="flow")
    along = {(a.source.key, a.target.key): picture.view.level.norm(a.pairs) for a in picture._scene.arrows}
    assert along["x", "svd.1"] > 0
    assert along["svd.1", "pick.1"] > along["svd.1", "pick.2"] > 0
