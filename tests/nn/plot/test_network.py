"""The drawing of a network: circles, lines, colours, numbers; what cannot be drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle

import autograd
import nn
from autograd.errors import ArgumentError, OperandError
from nn import plot
from nn.plot.network_parts import short


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


def test_bias_units_stand_where_there_are_biases():
    model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Tanh(), nn.Linear(3, 1))
    ax = plot.network(model, bias=True)
    assert len(circles(ax)) == 6 + 1
    assert [len(c.get_segments()) for c in lines(ax)] == [6, 4]
    assert {"6 weights", "4 weights"} <= set(words(ax))


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5), nn.Linear(2, 1))
    model[1].eval()
    before = {name: value.copy() for name, value in model.state_dict().items()}
    ax = plot.network(model, inputs=autograd.tensor([3.0, -1.0], requires_grad=True))
    assert words(ax)[:2] == ["3", "-1"]
    assert [m.training for m in model.modules()] == [True, True, False, True, True]
    assert all((value == before[name]).all() for name, value in model.state_dict().items())


def test_what_is_not_finite_is_drawn_too():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    model[0].weight.data[0] = [np.nan, np.inf]
    ax = plot.network(model, inputs=np.array([1.0, 2.0]), bias=True)
    ax.figure.canvas.draw()
    assert words(ax).count("nan") == 2
    assert {to_rgba("gold")} == {c.get_facecolor() for c in circles(ax)} & {to_rgba("gold")}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.8437, "-0.84"), (-0.00734, "-0.007"), (99.96, "100"), (130.2, "130"),
        (-1234.0, "-1.2k"), (9960.0, "10k"), (2.5e6, "2.5M"), (-2.5e11, "-250G"), (3.5e-4, "3e-4"),
        (1e300, "1e300"), (-np.inf, "-inf"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert short(value) == text


def random_model(*sizes):
    layers = [nn.Linear(a, b, generator=0) for a, b in itertools.pairwise(sizes)]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 5, 4, 2), (784, 30, 10), (2, 13, 1)])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("size", [None, (2.5, 2.5), (9.0, 4.0)])
def test_no_labels_overlap_and_numbers_fit_their_circles(sizes, bias, size):
    ax = None
    if size is not None:
        ax = Figure(figsize=size).subplots()
    inputs = (
        np.random.default_rng(0).normal(size=sizes[0]) * 10.0 ** np.arange(-6, 6).repeat(66)[: sizes[0]]
    )
    names = ["x", *["a hidden layer"] * (len(sizes) - 2), "the output"]
    ax = plot.network(random_model(*sizes), ax, inputs=inputs, bias=bias, names=names)
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts if t.get_text() != "⋮"]
    for a, b in itertools.combinations(boxes, 2):
        assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1)
    drawn = [c.get_window_extent() for c in circles(ax)]
    for box in boxes:
        touched = [c for c in drawn if box.overlaps(c)]
        assert all(c.x0 <= box.x0 and box.x1 <= c.x1 and c.y0 <= box.y0 and box.y1 <= c.y1 for c in touched)


def test_an_axis_is_taken_and_returned():
    ax = plot.new_axis()
    assert plot.network([2, 1], ax) is ax


@pytest.mark.parametrize("model", [[3], [3, 0], [3, 2.5], "abc", None])
def test_sizes_that_are_none(model):
    with pytest.raises(ArgumentError, match="positive sizes"):
        plot.network(model)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: plot.network([2, 1], names=["x"]), "1 titles for 2 columns"),
        (lambda: plot.network([2, 1], inputs=np.ones(2)), "sizes alone have no activations"),
        (lambda: plot.network([2, 1], shown=1), "shown must be an integer of at least 2, got 1"),
        (lambda: plot.network([2, 1], shown=2.5), "shown must be an integer of at least 2, got 2.5"),
    ],
)
def test_wrong_options(run, message):
    with pytest.raises(ArgumentError, match=message):
        run()


def test_layers_that_are_not_called_one_by_one():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x):
            return self.layer(self.layer(x))

    model = Twice()
    with pytest.raises(OperandError, match="Twice does not call its 1 Linear layers one by one"):
        plot.network(model, inputs=np.ones(2))
    assert not any(model.layer._hooks)


def test_models_that_cannot_be_drawn():
    with pytest.raises(OperandError, match="no Linear"):
        plot.network(nn.Sequential(nn.ReLU()))
    with pytest.raises(OperandError, match="2 units is followed by one that takes 3"):
        plot.network(nn.Sequential(nn.Linear(4, 2), nn.Linear(3, 1)))
    with pytest.raises(ArgumentError, match="inputs must have shape"):
        plot.network(nn.Sequential(nn.Linear(4, 2)), inputs=np.zeros(3))
