"""The interactive page in headless Chromium: what a reader sees and does, and how fast it answers."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import graph, tensor
from autograd.graph import page
from autograd.graph.records import LEAF, OPERATION, Tape
from autograd.recording import Scope, record

from .browser import browse, dom, needs_chromium
from .tapes import HOSTILE, blocks, chain, encoder, small, tangle, tape_of


def leaf():
    return tape_of((LEAF, "", [], (), "w"))


@needs_chromium
def test_the_page_runs_under_its_own_policy():
    shown = dom(page.to_html(small(), title="a < b"))
    assert "<h1>a &lt; b</h1>" in shown
    assert "parameter or leaf</b>" in shown  # the legend, which the script makes
    assert "3 operations" not in shown
    assert "2 operations, 1 parameter." in shown


@needs_chromium
@pytest.mark.parametrize("with_policy", [True, False])
def test_hostile_names_are_shown_and_do_nothing(with_policy):
    rows = [(LEAF, "", [], (), name) for name in HOSTILE]
    scopes = tuple(Scope(i, name, name) for i, name in enumerate(HOSTILE[:3]))
    tape = tape_of(*rows, (OPERATION, HOSTILE[0], list(range(len(rows))), scopes, HOSTILE[1]))
    text = page.to_html(tape, depth=9, title=HOSTILE[0])
    if with_policy:
        shown = dom(text)
        assert "<img" not in shown
        assert shown.count("<script") == 2
        return
    done = browse(
        text,
        """
        click(at(DATA.records.length - 1));
        pointer("pointermove", at(0));
        const tip = $("tip").textContent, panel = $("panel").textContent;
        const found = [tip.includes("<script>document.title"), panel.includes("<img src=x onerror=")];
        type("lone");
        return [document.title, document.images.length, ...found, state.matches.size];
        """,
    )
    assert done == [HOSTILE[0], 0, True, True, 1]


@needs_chromium
def test_pointing_selecting_and_the_path_to_the_loss():
    a, b = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    with record():
        loss = ((a * a).tanh() + b.exp()).sum()
        loss.backward()
    done = browse(
        page.to_html(graph.tape(loss, names={"a": a, "b": b})),
        """
        const ops = (set) => [...set].map((i) => DATA.records[i].op).filter(Boolean);
        pointer("pointermove", at(record((r) => r.op === "tanh")));
        const tip = $("tip").textContent;
        click(at(record((r) => r.name === "a")));
        const first = ops(state.path), panel = $("panel").textContent;
        const dark = routes().filter((r) => r.sources.some((s) => state.path.has(s))).length;
        click(at(record((r) => r.op === "exp")));   // an operation shows no path until asked
        const none = state.path;
        $("path").click();
        const second = ops(state.path);
        press("Escape");
        const { path, selected } = state;
        return { tip, first, panel, dark, all: routes().length, none, second, last: path, selected };
        """,
    )
    for word in ("tanh", "(2,)", "float64", "elements", "gradient", "test_page_browser.py"):
        assert word in done["tip"]
    assert done["first"] == ["multiply", "tanh", "add", "sum"]
    assert "reaches sum through 4 operations; the shortest way has 4" in done["panel"]
    assert (done["dark"], done["all"]) == (4, 6)
    assert done["none"] is None
    assert done["second"] == ["exp", "add", "sum"]
    assert done["last"] is None
    assert done["selected"] == -1


@needs_chromium
def test_folding_and_searching():
    done = browse(
        page.to_html(encoder(), depth=1),
        """
        const shown = () => scene.nodes.map((n) => n.item);
        const layer = group("layers.0"), steps = [shown().length];
        toggle(layer);                                   // by its sign
        steps.push(shown().length, layer.folded);
        type("layers.0.linear1.weight");
        const inner = group("layers.0.linear1"), said = $("status").textContent;
        const inside = state.inside.get(inner.item);
        press("Enter", $("search"));
        const weight = record((r) => r.name === "layers.0.linear1.weight");
        steps.push(shown().includes(weight), inner.folded);
        const off = fromMiddle(weight);
        press("Escape");
        toggle(layer);
        steps.push(shown().length, shown().includes(layer.item));
        canvas.dispatchEvent(new MouseEvent("dblclick", at(layer.item)));
        steps.push(layer.folded);
        $("all").click();
        steps.push(DATA.groups.some((g) => g.folded), scene.nodes.length === DATA.records.length);
        for (let i = 0; i < 3; i++) $("fold").click();
        steps.push(shown().filter((i) => i >= DATA.records.length).length);
        $("unfold").click();
        steps.push(group("layers.1").folded);
        return { steps, inside, said, off, records: DATA.records.length };
        """,
    )
    steps = done["steps"]
    assert steps[0] < steps[1]
    assert steps[2:5] == [False, True, False]
    assert steps[5:] == [steps[0], True, False, False, True, 1, True]
    assert done["inside"] == 1
    assert done["said"] == "1 found"
    assert done["off"] < 60


@needs_chromium
def test_moving_and_zooming():
    done = browse(
        page.to_html(small()),
        """
        const start = { ...view }, corner = canvas.getBoundingClientRect();
        const place = (x, y) => ({ clientX: corner.left + x, clientY: corner.top + y });
        pointer("pointerdown", place(100, 100));
        pointer("pointermove", place(130, 90));
        pointer("pointerup", place(130, 90));
        const moved = [view.x - start.x, view.y - start.y], held = { ...view };
        const wheel = { ...place(200, 300), deltaY: -100, cancelable: true };
        canvas.dispatchEvent(new WheelEvent("wheel", wheel));
        const still = (from, v, p) => (p - from) / v;
        const kept = [still(held.x, held.scale, 200) - still(view.x, view.scale, 200),
                      still(held.y, held.scale, 300) - still(view.y, view.scale, 300)];
        const zoomed = view.scale / held.scale;
        press("0");
        const back = view.scale;
        for (let i = 0; i < 99; i++) press("-");
        const least = view.scale;
        press("f");
        return { moved, kept, zoomed, back, least, fit: view.scale, selected: state.selected };
        """,
    )
    assert done["moved"] == [30, -10]
    assert np.allclose(done["kept"], 0, atol=0.5)  # events have whole pixels
    assert done["zoomed"] > 1.1
    assert done["back"] == 1
    assert 0 < done["least"] < 0.01
    assert done["fit"] == 1
    assert done["selected"] == -1


GEOMETRY = """
const bad = [], n = DATA.records.length, slack = 1e-6;
const inside = (a, b) => a.x >= b.x - slack && a.y >= b.y - slack &&
  a.x + a.w <= b.x + b.w + slack && a.y + a.h <= b.y + b.h + slack;
const meet = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const parent = (i) => (i < n ? DATA.records[i].group : DATA.groups[i - n].parent);
const check = (say) => {
  const { nodes, boxes } = scene, wires = routes();
  const note = (what, ...rest) => bad.push([say, what, ...rest]);
  nodes.forEach((a, i) => nodes.slice(0, i).forEach((b) => meet(a, b) && note("overlap", a.item, b.item)));
  boxes.forEach((a, i) => boxes.slice(0, i).forEach((b) => {
    if (meet(a, b) && !inside(a, b) && !inside(b, a)) note("boxes", a.item, b.item);
  }));
  for (const shape of [...nodes, ...boxes]) {
    const around = scene.at.get(parent(shape.item));
    if (around && !inside(shape, around)) note("outside", shape.item);
    if (!inside(shape, { x: 0, y: 0, w: scene.w, h: scene.h })) note("off the page", shape.item);
  }
  for (const { points, curve, sources } of wires) {
    if (!(points ?? curve).every(Number.isFinite)) note("not finite", sources);
    if (curve && curve[1] > curve[5] + slack) note("upwards", sources);
  }
  const arrows = wires.filter((r) => r.isEnd);
  const ends = arrows.map(({ curve, points }) => (curve ? [curve[3], curve[5]] : points.slice(-2)));
  for (const node of nodes) {  // each node that takes something has a wire that ends on it
    const meets = ([x, y]) => Math.abs(y - node.y) < 0.01 && x > node.x && x < node.x + node.w;
    const takes = node.item < n && DATA.records[node.item].inputs.length;
    if (takes && !ends.some(meets)) note("no wire", node.item);
  }
};
check("first");
$("unfold")?.click();
check("one more");
$("all")?.click();
check("all");
$("fold")?.click();
check("folded");
return [bad.slice(0, 5), scene.nodes.length];
"""


@needs_chromium
@pytest.mark.parametrize(
    "tape",
    [small(), encoder(), tangle(0), tangle(1), tangle(2), blocks(12, 3, 8), chain(300), leaf()],
    ids=["small", "encoder", "tangle 0", "tangle 1", "tangle 2", "blocks", "chain", "one leaf"],
)
def test_nothing_overlaps_and_wires_run_down(tape):
    bad, count = browse(page.to_html(tape), GEOMETRY)
    assert bad == []
    assert count > 0


@needs_chromium
def test_arguments_stand_in_the_order_of_the_call():
    y, x = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    left, right = browse(
        page.to_html(graph.tape((x - y).sum(), names={"x": x, "y": y})),
        'return ["x", "y"].map((name) => scene.at.get(record((r) => r.name === name)).x);',
    )
    assert left < right


@needs_chromium
def test_an_empty_tape_is_a_page():
    assert browse(page.to_html(Tape([], ())), "return scene.nodes") == []


@needs_chromium
def test_marked_records_are_shown_first():
    tape = blocks(20, 2, 20)
    done = browse(
        page.to_html(tape, marked=[500]),
        """
        return [visible(500), fromMiddle(500)];
        """,
    )
    assert done[0] == 500
    assert done[1] < 60


# A search, or a fold with the unfolding after it, takes a tenth to two thirds of the work beside it.
@needs_chromium
@pytest.mark.parametrize("where", ["", 'press("f");'], ids=["close", "from afar"])
def test_ten_thousand_nodes_fold_in_time(where):
    done = browse(
        page.to_html(blocks(50, 5, 39), depth=9, fold=False),
        where
        + """
        const there_and_back = (g) => () => { toggle(g); pixel(); toggle(g); };
        const taken = ["block.25", "block.40.part.2"].map((path) => turns(there_and_back(group(path))));
        return [scene.nodes.length, taken];
        """,
    )
    assert done[0] >= 10_000
    assert max(done[1]) < 2, done


@needs_chromium
@pytest.mark.parametrize("tape", [chain(10_000), blocks(50, 5, 39)], ids=["chain", "modules"])
def test_ten_thousand_nodes_are_searched_in_time(tape):
    done = browse(
        page.to_html(tape, depth=9, fold=False),
        """
        const taken = ["tanh", "nothing", "x", "weight"].map((word) => turns(() => type(word)));
        type("tanh");
        taken.push(turns(() => press("Enter", $("search"))));
        return [state.matches.size, taken];
        """,
    )
    assert done[0] > 9000
    assert max(done[1]) < 1, done


@needs_chromium
def test_the_map_takes_its_place_whenever_it_is_painted():
    links = [(OPERATION, "step", [i], (), "") for i in range(300)]
    tape = tape_of((LEAF, "", [], (), "x"), *links)
    done = browse(
        page.to_html(tape, fold=False),
        """
        const map = $("map");
        press("0");
        map.width = 1; // as of a canvas that was hidden when the window took its size
        type("step"); // paints
        return [map.classList.contains("idle"), map.width > 100];
        """,
    )
    assert done == [False, True]
