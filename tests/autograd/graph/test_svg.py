"""SVG whose labels keep to their places, whatever font is there."""

from __future__ import annotations

import json
import re
from html import unescape

import numpy as np
import pytest

from autograd import graph
from autograd.graph.fonts import line_room, room, width
from autograd.graph.svg import settle

from . import models
from .browser import dom, needs_chromium
from .support import needs_layout, texts

X = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]], np.float32)
PICTURES = {
    "teach": lambda: models.draw_mlp(X, level="teach"),
    "to the right": lambda: models.draw_mlp(X, level="teach", direction="right"),
    "flow": lambda: models.draw_mlp(X, level="flow"),
    "cost": lambda: models.draw_mlp(X, level="cost"),
    "backward": lambda: graph.draw(lambda x: (x * x).sum(), X, level="backward"),
    "folded": lambda: graph.draw(models.Transformer(4, 2), models.TOKENS, depth=3),
}
# Each text must lie in its box and off all others. "bare" is how a viewer that does not know
# textLength shows it, as librsvg.
CHECK = """
const bad = [], slack = 1;
const boxOf = (e) => e.getBoundingClientRect();
const inside = (a, b) => a.left >= b.left - slack && a.right <= b.right + slack && a.top >= b.top - 2 &&
  a.bottom <= b.bottom + 2;
const meet = (a, b) => a.left < b.right - slack && b.left < a.right - slack && a.top < b.bottom - 4 &&
  b.top < a.bottom - 4;
for (const family of FAMILIES) {
  for (const e of document.querySelectorAll("text")) {
    e.setAttribute("font-family", family);
    if (BARE) e.removeAttribute("textLength");
  }
  const all = [...document.querySelectorAll("svg text")], places = all.map(boxOf);
  const whole = boxOf(document.querySelector("svg"));
  all.forEach((e, i) => {
    const own = e.closest("g.node, g.cluster");
    const outlines = own ? [...own.querySelectorAll("polygon, path")].map(boxOf) : [whole];
    if (!outlines.some((o) => inside(places[i], o))) bad.push([family, "out", e.textContent]);
    for (let k = 0; k < i; k++) {
      if (meet(places[i], places[k])) bad.push([family, e.textContent, all[k].textContent]);
    }
  });
}
const pre = document.createElement("pre");
pre.id = "result";
pre.textContent = JSON.stringify([bad.slice(0, 9), document.querySelectorAll("text").length]);
document.body.append(pre);
"""


def problems(svg, families, bare):
    head = f"const FAMILIES = {json.dumps(families)}, BARE = {json.dumps(bare)};"
    page = f"<!DOCTYPE html><body>{svg[svg.index('<svg') :]}<script>{head}{CHECK}</script></body>"
    found = re.search(r'<pre id="result">(.*?)</pre>', dom(page, "3000,3000"), re.DOTALL)
    return json.loads(unescape(found[1]))


@needs_chromium
@needs_layout
@pytest.mark.parametrize("name", PICTURES)
def test_no_label_overlaps_in_any_font(name):
    svg = PICTURES[name]().svg()
    for bare, families in (
        (False, ["Helvetica", "Courier New, DejaVu Sans Mono, monospace", "Times New Roman, serif"]),
        (True, ["Helvetica", "Verdana, DejaVu Sans"]),
    ):
        bad, count = problems(svg, families, bare)
        assert bad == []
        assert count > 5


@needs_chromium
@needs_layout
def test_the_check_above_sees_what_overlaps():
    svg = PICTURES["teach"]().svg()
    assert problems(svg.replace('font-size="10', 'font-size="16'), ["Helvetica"], True)[0]


@needs_layout
def test_words_of_a_line_are_one_text():
    shown = texts(graph.draw(lambda x: x.sum(axis=1), X).svg())
    assert "sum axis=1" in shown
    assert "operation" in shown


def test_what_is_no_picture_of_ours_is_left_alone():
    assert settle("<svg/>") == "<svg/>"
    assert settle("") == ""


def test_captions_begin_at_the_left():
    text = '<text text-anchor="start" x="8" y="5" font-family="f" font-size="10">block</text>\n'
    place = '<g id="a" class="{}">'
    assert 'text-anchor="start" x="8"' in settle(place.format("cluster") + text)
    assert 'text-anchor="middle" x="19.67"' in settle(place.format("node") + text)


def test_widths():
    assert width("", 12) == 0
    assert width("iii", 10) < width("mmm", 10)
    assert width("x\u0301", 10) == width("x", 10)  # a mark on another letter
    assert width("重", 10) == 10
    assert room("tanh", 12) > width("tanh", 12)
    assert line_room([("a", 10, False), ("b", 10, True)]) >= room("a", 10) + room("b", 10, True)
