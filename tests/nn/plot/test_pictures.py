"""Curves, images, planes: what is drawn, on which axis, into which file."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError
from nn import plot
from nn.data import beale, make_moons

X, Y = make_moons(20, generator=0)
DRAWN = {
    "curves": lambda ax: plot.curves({"a": [1, 2, 3], "b": [3, 2, 1]}, ax),
    "image": lambda ax: plot.image(np.eye(3), ax),
    "images": lambda ax: plot.images(np.zeros((5, 4, 4)), ax, titles="abcde"),
    "probabilities": lambda ax: plot.probabilities(np.array([0.2, 0.8]), ax, names=["no", "yes"]),
    "function": lambda ax: plot.function({"sin": np.sin, "cos": np.cos}, ax),
    "points": lambda ax: plot.points(X, Y, ax),
    "decision_regions": lambda ax: plot.decision_regions(lambda p: p[:, 0] > 0, X, Y, ax, n=10),
    "contours": lambda ax: plot.contours(beale, ax, n=20),
    "path": lambda ax: plot.path(X, ax),
    "network": lambda ax: plot.network([2, 1], ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_function_takes_and_returns_an_axis(name):
    ax = plot.new_axis()
    assert DRAWN[name](ax) is ax
    assert DRAWN[name](None) is not ax


def test_nothing_touches_the_global_state():
    from matplotlib import _pylab_helpers

    DRAWN["curves"](None)
    assert not _pylab_helpers.Gcf.figs


@pytest.mark.parametrize("ending", plot.axis.FORMATS)
def test_files(ending, tmp_path):
    ax = DRAWN["curves"](None)
    path = plot.save(ax, tmp_path / f"x.{ending}")
    first = path.read_bytes()
    assert first[:5] in (b"<?xml", b"\x89PNG\r", b"%PDF-")
    assert plot.save(ax.figure, path).exists()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_an_unknown_ending(tmp_path):
    with pytest.raises(ArgumentError, match=r"must end in one of \.svg"):
        plot.save(plot.new_axis(), tmp_path / "x.jpg")


def test_svg_has_the_labels(tmp_path):
    plot.save(plot.curves({"train": [1.0], "test": [2.0]}, ylabel="loss"), tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text()
    ElementTree.fromstring(text)
    assert "<!-- train -->" in text


@pytest.mark.parametrize("window", [1, 2, 3, 10])
def test_moving_average(window):
    values = np.random.default_rng(0).normal(size=7)
    expected = [values[max(0, i - window + 1) : i + 1].mean() for i in range(7)]
    np.testing.assert_allclose(plot.moving_average(values, window), expected, rtol=1e-12)


def test_moving_average_refuses():
    with pytest.raises(ArgumentError, match="at least 1"):
        plot.moving_average([1.0], 0)
    assert plot.moving_average([], 3).size == 0


def test_curves_draw_the_values():
    ax = plot.curves({"a": [3.0, 1.0]}, log=True)
    (line,) = ax.lines
    assert line.get_xydata().tolist() == [[1, 3], [2, 1]]
    assert ax.get_yscale() == "log"
    assert len(plot.curves({"a": [1.0] * 9}, window=3).lines) == 2


def test_live_curves():
    shown = []
    live = plot.LiveCurves(every=2, show=shown.append, ylabel="loss")
    for i in range(5):
        live.update(loss=i, other=-i)
    assert len(shown) == 2
    assert live.histories == {"loss": [0, 1, 2, 3, 4], "other": [0, -1, -2, -3, -4]}
    assert [len(line.get_xdata()) for line in live.draw().lines] == [5, 5]
    with pytest.raises(ArgumentError):
        plot.LiveCurves(every=0)


def test_decision_regions_take_scores_of_a_model():
    model = nn.Sequential(nn.Linear(2, 3))
    before = [p.detach().numpy().copy() for p in model.parameters()]
    ax = plot.decision_regions(model, X, Y, n=10)
    assert ax.collections
    assert all((p.detach().numpy() == b).all() for p, b in zip(model.parameters(), before, strict=True))


def test_functions_of_tensors_are_drawn():
    ax = plot.function({"f": lambda x: autograd.tensor(x, requires_grad=True) * 2}, low=0, high=1, n=3)
    assert ax.lines[0].get_ydata().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plot.images(np.zeros((4, 4))),
        lambda: plot.probabilities(np.zeros((2, 2))),
        lambda: plot.points(np.zeros((3, 3)), np.zeros(3)),
        lambda: plot.points(np.zeros((3, 2)), np.zeros(2)),
    ],
)
def test_wrong_shapes(wrong):
    with pytest.raises(ShapeError, match="expected"):
        wrong()
