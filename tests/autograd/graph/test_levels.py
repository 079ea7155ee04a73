"""The levels of detail: values, gradients, flow and costs are those of the program."""

from __future__ import annotations

import re

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import graph, tensor
from autograd.errors import ArgumentError, GraphFreedError

from . import models
from .models import draw_mlp
from .support import boxes_of


def label_of(picture, key):
    (label,) = re.findall(
        rf'^ +"?{re.escape(key)}"? \[label=<(.*?)>, (?:style|shape)', picture.source, re.M
    )
    return re.sub("<[^>]+>", " ", label).split()


def pen_of(picture, arrow):
    level = picture.view.level
    return level.pen(level.norm(arrow.pairs))


def test_teach_prints_values_and_gradients():
    def f(x, w):
        return (x * w).sum()

    picture = graph.draw(f, np.array([2.0, 3.0]), np.array([0.5, -4.0]), level="teach")
    assert label_of(picture, "x") == ["x", "(2,)", "float64", "data", "2", "3", "grad", "0.5", "-4"]
    assert label_of(picture, "multiply.1")[-6:] == ["data", "1", "-12", "grad", "1", "1"]
    assert label_of(picture, "output.1") == ["output", "=", "-11", "float64", "grad", "1"]


def test_teach_describes_large_arrays():
    picture = graph.draw(lambda x: (x * 2.0).sum(), np.arange(100.0), level="teach")
    words = label_of(picture, "x")
    assert words[3:] == [
        "data", "49.5", "\u00b1", "28.87,", "from", "0", "to", "99",
        "grad", "2", "\u00b1", "0,", "from", "2", "to", "2",
    ]  # fmt: skip


@pytest.mark.parametrize("level", ["teach", "flow", "backward"])
def test_gradients_of_tensors_stay_as_they_are(level):
    x = tensor([1.0, 2.0], requires_grad=True)
    (x * 3.0).sum().backward()
    y = (x * x).sum()
    graph.draw(y, level=level)
    assert x.grad.numpy().tolist() == [3.0, 3.0]
    y.backward()
    assert x.grad.numpy().tolist() == [5.0, 7.0]


def test_flow_measures_each_edge():
    x = tensor([3.0, 4.0], requires_grad=True)
    out = (x * 2.0).sum() + (x * 100.0).sum()
    picture = graph.draw(out, names={"x": x}, level="flow")
    along = {
        (arrow.source.key, arrow.target.key): pen_of(picture, arrow).says for arrow in picture._scene.arrows
    }
    assert along["x", "multiply.1"] == "2.828"  # its own part,
    assert along["x", "multiply.2"] == "141.4"
    assert label_of(picture, "x")[-2:] == ["|grad|", "144.2"]  # and their sum
    widths = dict(re.findall(r'x -> "multiply\.(\d)" .*?penwidth=([\d.]+)', picture.source))
    assert float(widths["1"]) < float(widths["2"])


def test_flow_tells_zero_and_what_is_not_finite():
    x = tensor([1.0, -1.0], requires_grad=True)
    dead = graph.draw(anp.maximum(x * 0.0 - 1.0, 0.0).sum(), names={"x": x}, level="flow")
    assert 'tooltip="zero"' in dead.source
    with np.errstate(all="ignore"):
        broken = graph.draw((anp.sqrt(x * 0.0) * 1e300 * 1e300).sum(), names={"x": x}, level="flow")
    assert 'tooltip="not finite"' in broken.source


def test_vanishing_gradients_are_thin_and_blue():
    def deep(x):
        for _ in range(30):
            x = anp.tanh(x * 0.3)
        return x.sum()

    picture = graph.draw(deep, np.ones(3), level="flow", fold=False)
    pens = [pen_of(picture, a) for a in picture._scene.arrows if a.source.record.kind != "constant"]
    assert pens[0].width < 1 < pens[-1].width
    assert pens[0].colour == "#2166ac"


def test_cost_from_a_recording_and_from_a_profile():
    def f(x):
        return anp.exp(x @ x).sum()

    assert re.search(r"matmul.*? [um]s \d+%", graph.draw(f, np.ones((30, 30)), level="cost").source)
    tape = graph.draw(f, np.ones((3, 3))).tape
    product = next(r for r in tape if r.op == "matmul")

    class Profile:
        def costs(self, tape):
            return {r: (0.5, 2048) for r in tape if r.op == "exp"}

    for profile in (
        {product.key: (0.25, 1024), "exp.1": (0.75, 0)},
        {product.id: (0.25, 1024), 2: (0.75, 0)},
    ):
        source = graph.draw(f, np.ones((3, 3)), level="cost", profile=profile).source
        assert "250 ms 25%, 1 kB" in source
    assert "500 ms 100%, 2 kB" in graph.draw(f, np.ones((3, 3)), level="cost", profile=Profile()).source


def test_cost_needs_figures():
    x = tensor(1.0, requires_grad=True)
    with pytest.raises(ArgumentError, match=r"needs a profile=, or a graph that ran under autograd.record"):
        graph.draw(x * x, level="cost")
    with pytest.raises(ArgumentError, match="profile: expected a mapping"):
        graph.draw(x * x, level="cost", profile=3)


def test_backward_draws_the_derivative():
    x = np.array([1.0, 2.0])
    picture = graph.draw(lambda x: (x * x).sum(), x, level="backward")
    title = picture.tape.title(1)
    assert title == "d output / d x"
    assert picture.tape[picture.tape.outputs[1]].summary.few.tolist() == [2.0, 4.0]
    assert any(r.phase == "backward" for r in picture.tape)
    assert 'subgraph "cluster backward"' in picture.source


def test_backward_lies_in_the_modules_that_it_comes_from():
    picture = draw_mlp(np.ones((2, 3), np.float32), level="backward")
    places = {".".join(s.name for s in r.scopes) for r in picture.tape if r.phase == "backward" and r.op}
    assert {"Sequential.0", "Sequential.1", "Sequential.2"} <= places


def test_highlight():
    x = tensor(2.0, requires_grad=True)
    y = x * x
    picture = graph.draw(y.tanh(), highlight=[y])
    assert re.findall(r'"(\S+)" \[.*#d4001a', picture.source) == ["multiply.1"]


def test_a_released_graph_shows_the_gradients_that_were_recorded():
    model = models.mlp()
    with autograd.record():
        loss = (model(np.ones((2, 3), np.float32)) ** 2).mean()
        loss.backward()
    picture = graph.draw(loss, names=model, level="teach")
    weight = next(r for r in picture.tape if r.name == "0.weight")
    assert weight.gradient.few.tolist() == model[0].weight.grad.numpy().tolist()
    y = nn.Linear(2, 2)(np.ones((1, 2), np.float32)).sum()
    y.backward()
    with pytest.raises(GraphFreedError):
        graph.draw(y, level="flow")


def test_mermaid():
    picture = draw_mlp(np.ones((2, 3), np.float32))
    lines = picture.mermaid().splitlines()
    assert lines[0] == "flowchart TD"
    assert '  subgraph n_in_Sequential["Sequential"]' in lines
    assert "  n_x --> n_0_linear_1" in lines
    assert sum(line.strip() == "end" for line in lines) == 3
    defined = set(re.findall(r"^ +(n_\w+)[\[(>]", picture.mermaid(), re.M))
    used = {
        name for pair in re.findall(r"^  (n_\w+) -->\s(n_\w+)", picture.mermaid(), re.M) for name in pair
    }
    assert used - defined <= {"n_output_1"}
    assert len(boxes_of(picture)) == len(defined)


def test_text_in_mermaid_is_escaped():
    x = tensor(3.0, requires_grad=True)
    assert 'n_a__b_["' not in graph.to_mermaid(x * x, names={'a"<b>': x})
    assert "a#quot;#lt;b#gt; = 3" in graph.to_mermaid(x * x, names={'a"<b>': x})
