"""What is shown: modules, folding, repetition, limits."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

import nn
from autograd import graph, tensor
from autograd.errors import ArgumentError, OperandError
from autograd.graph import drawing
from autograd.graph.repeats import runs

from . import models
from .models import draw_mlp
from .support import boxes_of, needs_layout


def frames_of(picture):
    """The captions of the frames, in the order of the text."""
    captions = re.findall(r"subgraph .*\n +label=<(.*?)>; labelloc", picture.source)
    return [re.sub("<[^>]+>", "", caption) for caption in captions]


def titles_of(picture):
    """The first lines of the boxes, without the markup."""
    labels = re.findall(r"\[label=<(?:<TABLE[^>]*><TR><TD[^>]*>)?(.*?)(?:<BR/>|</TD>|>,)", picture.source)
    return [re.sub("<[^>]+>", "", label) for label in labels]


def test_modules_are_frames_that_say_their_names():
    picture = draw_mlp(np.ones((2, 3), np.float32))
    assert frames_of(picture) == ["Sequential", "0 Linear", "2 Linear"]
    assert list(boxes_of(picture)) == [
        "x", "0.weight", "0.bias", "0/linear.1", "1/relu.1",
        "2.weight", "2.bias", "2/linear.1",
    ]  # fmt: skip
    assert boxes_of(picture)["x"].record.kind == "input"


def test_depth_folds_modules():
    model, x = models.Transformer(2, 2), models.TOKENS
    assert list(boxes_of(graph.draw(model, x, depth=0, fold=False))) == ["Transformer", "tokens"]
    shallow = boxes_of(graph.draw(model, x, depth=1, fold=False))
    paths = ["embedding", "blocks.0", "blocks.1", "norm", "head"]
    assert set(shallow) == {"tokens", *(f"Transformer.{path}" for path in paths)}
    folded = shallow["Transformer.blocks.0"]
    own = dict(model.named_parameters())
    inside = {r.name for r in folded.records if r.kind == "leaf"}
    assert inside == {name for name in own if name.startswith("blocks.0.")}
    everything = [r.id for box in shallow.values() for r in box.records]
    assert sorted(everything) == list(range(len(graph.draw(model, x).tape)))


def test_repeated_modules_are_drawn_once_with_their_number():
    picture = graph.draw(models.Transformer(12, 4), models.TOKENS, depth=1)
    assert "blocks.0 Block \u00d712" in titles_of(picture)
    inner = graph.draw(models.Transformer(5, 4), models.TOKENS)
    assert "blocks.0 Block \u00d75" in frames_of(inner)
    assert "heads.0 Head \u00d74" in frames_of(inner)
    assert "constraint=false" in inner.source  # from one block to the next
    apart = graph.draw(models.Transformer(3, 1), models.TOKENS, depth=1, fold=False)
    assert sum(title.startswith("blocks.") for title in titles_of(apart)) == 3


def test_what_differs_is_not_folded():
    layers = [nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 4), nn.Linear(4, 4)]
    picture = graph.draw(nn.Sequential(*layers), np.ones((1, 3), np.float32), fold=True, depth=1)
    assert [t for t in titles_of(picture) if "Linear" in t] == ["0 Linear \u00d73", "3 Linear", "4 Linear"]


def test_steps_of_a_loop_are_drawn_once():
    picture = graph.draw(models.loop, np.ones((1, 2)), np.eye(2), fold=True)
    assert frames_of(picture) == ["steps \u00d719"]  # after the first, which starts from the input
    steps = [box.record.op for box in boxes_of(picture).values() if box.record.op]
    assert steps == ["matmul", "tanh", "matmul", "tanh", "sum"]


@pytest.mark.parametrize(
    ("tokens", "found"),
    [("", []), ("ab", []), ("aab", []), ("aaab", [(0, 1, 3)]), ("xabababyzzz", [(1, 2, 3), (8, 1, 3)])],
)
def test_runs(tokens, found):
    assert list(runs(tokens)) == found


def acyclic(picture):
    """Whether the arrows that the layout follows make no circle."""
    scene = picture._scene
    left = {id(box): 0 for box in scene.root.boxes()}
    out = {key: [] for key in left}
    for arrow in scene.arrows:
        if not arrow.again:
            out[id(arrow.source)].append(id(arrow.target))
            left[id(arrow.target)] += 1
    ready = [key for key, count in left.items() if not count]
    for key in ready:
        for target in out[key]:
            left[target] -= 1
            if not left[target]:
                ready.append(target)
    return len(ready) == len(left)


@pytest.mark.parametrize("depth", [None, 0, 2, 3])
@pytest.mark.parametrize("fold", [None, False, True])
@pytest.mark.parametrize("level", ["shapes", "backward"])
def test_folding_makes_no_circles(depth, fold, level):
    model = models.Transformer(3, 1)
    assert acyclic(graph.draw(model, models.TOKENS, depth=depth, fold=fold, level=level))


@pytest.mark.parametrize("most", [5, 20, 60])
def test_large_graphs_are_folded_until_they_fit(most):
    rng = np.random.default_rng(0)
    y = x = tensor(2.0, requires_grad=True)
    for choice in rng.integers(3, size=3000):  # no repetition to speak of
        y = y * x if choice == 0 else y + x if choice == 1 else y.tanh()
    picture = graph.draw(y, max_nodes=most)
    assert len(boxes_of(picture)) <= most
    assert acyclic(picture)
    shown = {r.id for box in boxes_of(picture).values() for r in box.records}
    assert len(shown) <= len(picture.tape)


def test_a_module_that_is_called_twice_has_two_frames():
    layer = models.Norm(2)
    picture = graph.draw(lambda x: layer(layer(x).tanh()), np.ones((1, 2), np.float32), names=layer)
    assert frames_of(picture) == ["Norm", "Norm"]
    assert [b for b in boxes_of(picture) if "weight" in b] == ["weight"]  # once, outside of both
    assert acyclic(picture)


def test_twelve_blocks_are_drawn_in_time():
    model = models.Transformer()
    start = time.process_time()
    picture = graph.draw(model, models.TOKENS)
    taken = time.process_time() - start
    assert sum(1 for r in picture.tape if r.inputs) >= 1500
    assert len(boxes_of(picture)) <= 100
    assert taken < 6  # 0.7 s on an idle machine; layout is timed by the benchmark


@needs_layout
def test_twelve_blocks_are_laid_out_in_time():
    picture = graph.draw(models.Transformer(), models.TOKENS, time_limit=10)
    assert "blocks.0" in picture.svg()


def test_a_layout_that_takes_too_long_is_done_with_less(monkeypatch):
    asked = []

    def slow(source, format, limit):
        asked.append(source)
        if len(asked) < 2:
            raise graph.LayoutTimeoutError("slow")
        return b"<svg/>"

    monkeypatch.setattr(drawing, "lay_out", slow)
    picture = graph.draw(models.Transformer(), models.TOKENS)
    assert picture.svg() == "<svg/>"
    assert len(asked) == 2
    assert asked[0].count("->") > 2 * asked[1].count("->")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "all"}, "level: expected one of teach, shapes, flow, cost, backward, got 'all'"),
        ({"depth": -1}, "depth: expected a number of levels, 0 or more, got -1"),
        ({"depth": "x"}, "depth"),
        ({"direction": "up"}, "direction"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ArgumentError, match=message):
        graph.draw(tensor(1.0), **options)


def test_what_cannot_be_drawn():
    with pytest.raises(OperandError, match="inputs are for a function or model"):
        graph.draw(tensor(1.0), 2.0)
    with pytest.raises(OperandError, match="gave no Tensor; floating inputs"):
        graph.draw(lambda x: x + 1, 3)
    with pytest.raises(OperandError, match="expected a Tensor"):
        graph.draw(3.0)
