"""The drawing of a network: circles, lines, colours, numbers; what cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle

import nn
from autograd.errors import ArgumentError, OperandError
from nn import plot


def words(ax):
    return [t.get_text() for t in ax.texts]


def circles(ax):
    return [p for p in ax.patches if isinstance(p, Circle)]


def lines(ax):
    return [c for c in ax.collections if isinstance(c, LineCollection)]


def test_a_circle_for_each_unit_and_a_line_for_each_weight():
    ax = plot.network([3, 4, 2])
    assert len(circles(ax)) == 9
    assert [len(c.get_segments()) for c in lines(ax)] == [12, 8]
    assert {"3", "4", "2", "16 weights", "10 weights", "input", "hidden", "output"} <= set(words(ax))


def test_bias_units():
    ax = plot.network([3, 4, 2], bias=True)
    assert len(circles(ax)) == 11
    assert [len(c.get_segments()) for c in lines(ax)] == [16, 10]


def test_large_layers_leave_out_their_middle():
    ax = plot.network([784, 10], shown=6)
    assert len(circles(ax)) == 12
    assert "⋮" in words(ax)
    assert "7,850 weights" in words(ax)


def test_lines_show_sign_and_size():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": np.array([[2.0, -1.0]]), "bias": np.zeros(1)})
    (drawn,) = lines(plot.network(nn.Sequential(layer)))
    blue, red = (tuple(c[:3]) for c in drawn.get_colors())
    assert (blue, red) == (to_rgba("tab:blue")[:3], to_rgba("tab:red")[:3])
    wide, narrow = drawn.get_linewidths()
    assert wide > narrow


def test_circles_hold_activations():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    model[0].load_state_dict({"weight": np.eye(2), "bias": np.zeros(2)})
    model[2].load_state_dict({"weight": np.array([[1.0, 1.0]]), "bias": np.array([0.5])})
    ax = plot.network(model, inputs=np.array([3.0, -1.0]), counts=False)
    assert words(ax)[:5] == ["3", "-1", "3", "0", "3.5"]
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert not any(model[0]._hooks)


def test_an_axis_is_taken_and_returned():
    ax = plot.new_axis()
    assert plot.network([2, 1], ax) is ax


@pytest.mark.parametrize("model", [[3], [3, 0], [3, 2.5], "abc", None])
def test_sizes_that_are_none(model):
    with pytest.raises(ArgumentError, match="positive sizes"):
        plot.network(model)


def test_models_that_cannot_be_drawn():
    with pytest.raises(OperandError, match="no Linear"):
        plot.network(nn.Sequential(nn.ReLU()))
    with pytest.raises(OperandError, match="2 units is followed by one that takes 3"):
        plot.network(nn.Sequential(nn.Linear(4, 2), nn.Linear(3, 1)))
    with pytest.raises(ArgumentError, match="inputs must have shape"):
        plot.network(nn.Sequential(nn.Linear(4, 2)), inputs=np.zeros(3))
