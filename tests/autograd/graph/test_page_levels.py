"""The page shows the level of detail of its drawing, and folds what repeats."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import autograd
from autograd import graph, tensor
from autograd.graph import page

from . import models
from .browser import browse, needs_chromium
from .tapes import blocks, chain

X = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]], np.float32)


def told(text):
    return json.loads(re.search(r'id="tape">(.*?)</script>', text, re.DOTALL)[1])


def titles(data):
    return [g["title"] for g in data["groups"] if "count" in g]


# ------------------------------------------------------------------ repeats


def test_what_repeats_is_folded_with_its_number():
    data = told(graph.draw(models.Transformer(12, 4), models.TOKENS).html())
    assert titles(data)[0] == "Block \u00d712"
    assert titles(data).count("Head \u00d74") == 12
    assert all(g["folded"] for g in data["groups"] if "count" in g)
    held = [g for g in data["groups"] if data["groups"][g["parent"]]["title"] == "Block \u00d712"]
    assert [g["title"] for g in held] == [f"blocks.{i}: Block" for i in range(12)]


def test_steps_of_a_loop_are_groups_within_one():
    data = told(graph.draw(models.loop, np.ones((1, 2)), np.eye(2), fold=True).html())
    assert titles(data) == ["steps \u00d719"]
    assert [g["title"] for g in data["groups"][2:]] == [f"step {i}" for i in range(1, 20)]


def test_one_operation_in_a_row_is_one_group():
    assert titles(told(page.to_html(chain(200)))) == ["tanh \u00d7198"]
    assert titles(told(page.to_html(chain(200), fold=False))) == []
    assert titles(told(page.to_html(chain(30)))) == []
    assert titles(told(page.to_html(chain(30), fold=True))) == ["tanh \u00d728"]


@pytest.mark.parametrize("fold", [True, False, None])
@pytest.mark.parametrize("level", ["shapes", "backward"])
def test_no_record_is_lost_and_no_group_is_torn(fold, level):
    """Operations of a group follow each other, so that folding makes no circle."""
    picture = graph.draw(models.Transformer(4, 4), models.TOKENS, level=level, fold=fold)
    data = told(picture.html())
    inside = {}
    for i, record in enumerate(data["records"]):
        at = record["group"]
        while record["op"] and at > 0:
            inside.setdefault(at, []).append(i)
            at = data["groups"][at]["parent"]
    rank = {i: n for n, i in enumerate(i for i, r in enumerate(data["records"]) if r["op"])}
    for ids in inside.values():
        assert [rank[i] for i in ids] == list(range(rank[ids[0]], rank[ids[0]] + len(ids)))
    assert len(data["records"]) == len(picture.tape)


def test_own_weights_lie_in_their_step():
    weights = [tensor(np.eye(2) * (i + 1), requires_grad=True) for i in range(4)]
    shared = tensor(np.ones(2), requires_grad=True)
    x = tensor(np.ones(2), requires_grad=True)
    for w in weights:
        x = (w @ x) * shared
    names = {f"w{i}": w for i, w in enumerate(weights)} | {"shared": shared}
    data = told(page.to_html(graph.tape(x.sum(), names=names), fold=True))
    place = {r["name"]: data["groups"][r["group"]]["title"] for r in data["records"] if r["name"]}
    assert [place[f"w{i}"] for i in range(1, 4)] == ["step 1", "step 2", "step 3"] or place[
        "w0"
    ] == "step 1"
    assert "step" not in place["shared"] or place["shared"].startswith("steps")


@needs_chromium
def test_unfolding_a_repetition_shows_all_of_it():
    done = browse(
        graph.draw(models.Transformer(12, 4), models.TOKENS).html(),
        """
        const shown = () => scene.nodes.map((n) => n.item).filter((i) => i >= DATA.records.length);
        const many = DATA.groups.find((g) => g.title.startsWith("Block "));
        const before = shown().includes(many.item);
        toggle(many);
        const blocks = DATA.groups.filter((g) => g.parent === many.item).map((g) => g.item);
        const inside = blocks.filter((b) => shown().includes(b)).length;
        type("blocks.7.norm1.weight");
        press("Enter", $("search"));
        const found = visible(record((r) => r.name === "blocks.7.norm1.weight")) < DATA.records.length;
        return [before, inside, found];
        """,
    )
    assert done == [True, 12, True]


# ------------------------------------------------------------------ levels


def test_a_drawing_tells_its_page_what_it_shows():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    picture = graph.draw(y.tanh(), level="flow", depth=0, fold=False, highlight=[y])
    data = told(picture.html())
    assert data["marked"] == [1]
    assert len(data["pens"]) == 1  # all that flows here is about the same
    assert told(graph.draw(y).html())["pens"] == []
    assert "<title>Graph of output: flow</title>" in picture.html()
    deep = models.draw_mlp(X, depth=1)
    assert [g["folded"] for g in told(deep.html())["groups"]] == [False, False, True, True, True]


def test_teach_says_values_and_gradients():
    data = told(graph.draw(lambda x, w: (x * w).sum(), X[0], X[1], level="teach").html())
    lines = dict(
        zip([r["name"] or r["op"] for r in data["records"]], (r.get("adds") for r in data["records"]))
    )
    assert lines["x"] == [["data  1  -2  0.5", "grid"], ["grad  0.25  1  3", "grid"]]
    assert lines["sum"][-1] == ["grad 1", "small"]
    assert lines["multiply"][0] == ["data  0.25  -2  1.5", "grid"]


def test_grids_have_columns_of_equal_width():
    data = told(models.draw_mlp(X, level="teach").html())
    weight = next(r for r in data["records"] if r["name"] == "0.weight")["adds"]
    assert len(weight) == 8
    assert len({len(text) for text, _ in weight[:4]}) == 1


def test_cost_says_times_and_warms():
    tape = graph.draw(lambda x: anp_exp(x).sum(), X).tape
    costs = {r.id: (0.75, 2048) if r.op == "exp" else (0.25, 0) for r in tape if r.op}
    picture = graph.draw(lambda x: anp_exp(x).sum(), X, level="cost", profile=costs)
    found = {r["op"]: r for r in told(picture.html())["records"]}
    assert found["exp"]["adds"] == [["750 ms 75%, 2 kB", "small"]]
    assert found["exp"]["heat"] > found["sum"]["heat"] > 0
    assert "heat" not in found[""]


def anp_exp(x):
    return autograd.numpy.exp(x)


def test_cost_of_a_group_is_that_of_all_in_it():
    model = models.mlp()
    with autograd.profile() as prof, autograd.record():
        loss = (model(X) ** 2).mean()
        loss.backward()
    picture = graph.draw(loss, names=model, level="cost", profile=prof)
    costs = prof.costs(picture.tape)
    whole = next(g for g in told(picture.html())["groups"] if g["kind"] == "Sequential")
    share = sum(costs[r.id].seconds for r in picture.tape if r.scopes and r.id in costs)
    total = sum(cost.seconds for cost in costs.values())
    assert whole["adds"][0][0].split("%")[0].endswith(f" {100 * share / total:.0f}")
    assert {r.op for r in picture.tape if r.id in costs} >= {"linear", "relu", "mean"}


def vanishing(x):
    for scale in (1e-5, 1.0, 1e5):
        x = (x * scale).tanh()
    return x.sum()


def test_wires_have_pens_by_what_flows():
    data = told(graph.draw(vanishing, np.ones(3) * 1e-8, level="flow", fold=False).html())
    assert [note[0][0][:4] for note in data["notes"]] == ["norm", "dash"]
    flows = [(data["pens"][i[2]], i[3]) for r in data["records"] for i in r["inputs"] if len(i) > 2]
    by_norm = sorted(flows, key=lambda flow: float(flow[1]))
    widths = [pen[1] for pen, _ in by_norm]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    assert by_norm[0][0][0] != by_norm[-1][0][0]


@needs_chromium
def test_wires_that_stand_for_several_show_the_strongest():
    done = browse(
        graph.draw(models.Transformer(3, 2), models.TOKENS, level="flow", fold=False, depth=9).html(),
        """
        const inner = DATA.records.flatMap((r) => r.inputs.map(([s, , pen]) => [s, pen ?? 0]));
        const seen = [];
        for (const g of DATA.groups.slice(1).reverse()) {
          if (!g.folded) $("fold").click();
          for (const route of routes()) {
            const own = inner.filter(([s]) => route.sources.includes(s));
            const best = Math.max(...own.map(([, pen]) => pen));
            seen.push(route.pen <= best && route.pen >= 0);
          }
        }
        return [seen.length > 20, seen.every(Boolean), scene.pens.length > 0, DATA.pens.length];
        """,
    )
    assert done[:3] == [True, True, True]
    assert done[3] < 30


@needs_chromium
@pytest.mark.parametrize("level", ["teach", "flow", "cost", "backward"])
def test_labels_of_every_level_fit_their_boxes(level):
    done = browse(
        models.draw_mlp(X, level=level).html(),
        """
        $("all").click();
        const pen = canvas.getContext("2d"), bad = [];
        const seen = [];
        const own = pen.fillText.bind(pen);
        pen.fillText = (text, x, y) => {
          const width = pen.measureText(text).width;
          const left = pen.textAlign === "center" ? x - width / 2 : x;
          seen.push([text, left, left + width, y]);
          own(text, x, y);
        };
        press("f");
        press("0");
        window.dispatchEvent(new Event("resize"));
        search.focus;
        type("");
        for (const [text, left, right, y] of seen) {
          const held = [...scene.nodes, ...scene.boxes];
          const holds = (n) => left >= n.x && right <= n.x + n.w && y >= n.y && y <= n.y + n.h;
          if (!held.some(holds)) bad.push(text);
        }
        return [seen.length, bad];
        """,
    )
    assert done[0] > 5
    assert done[1] == []


def test_ten_thousand_nodes_are_gathered_in_time(tmp_path):
    data = told(page.to_html(blocks(50, 5, 39)))
    assert "Block \u00d749" in titles(data)  # after the first, which starts from the input
