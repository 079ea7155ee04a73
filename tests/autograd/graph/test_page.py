"""The interactive page as a file: what it holds, and that names in it stay data."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time

import pytest

from autograd import graph, tensor
from autograd.errors import ArgumentError, OperandError
from autograd.graph import page
from autograd.graph.records import CONSTANT, LEAF, OPERATION
from autograd.graph.styles import STYLES
from autograd.recording import Scope, record

from .support import listing
from .tapes import HOSTILE, blocks, chain, encoder, small, tape_of


def data_of(text):
    """What a page was told, and its script."""
    pattern = r'<script type="application/json" id="tape">(.*?)</script>\n<script>(.*?)</script>'
    found = re.search(pattern, text, re.DOTALL)
    return json.loads(found[1]), found[2]


# ------------------------------------------------------------------ the file


def test_records_are_told_in_full():
    data, _ = data_of(page.to_html(small()))
    assert [(r["kind"], r["op"], r["name"], r["shape"], r["value"]) for r in data["records"]] == [
        ("leaf", "", "w", "(2,)", ""),
        ("constant", "", "", "()", "3"),
        ("operation", "multiply", "", "(2,)", ""),
        ("operation", "sum", "", "()", "9"),
    ]
    assert [r["inputs"] for r in data["records"]] == [[], [], [[0, "x"], [1, "y"]], [[2, "x"]]]
    assert data["outputs"] == [3]
    assert len(data["groups"]) == 1


def test_statistics_and_source_lines_are_told_of_what_was_recorded():
    x = tensor([1.0, 2.0, 6.0], requires_grad=True)
    with record():
        y = (x * 2.0).sum()
        y.backward()
    data, _ = data_of(page.to_html(graph.tape(y, names={"x": x})))
    facts = dict(map(tuple, data["records"][2]["facts"]))
    assert re.fullmatch(r"test_page\.py:\d+\ny = \(x \* 2\.0\)\.sum\(\)", facts["line"])
    assert "from 2 to 12" in facts["elements"]
    assert "from 1 to 1" in facts["gradient"]


def test_modules_are_groups():
    data, _ = data_of(page.to_html(encoder()))
    groups = data["groups"]
    paths = [g["path"] for g in groups]
    assert {"layers.0", "layers.1", "layers.1.self_attn", "layers.0.linear1"} <= set(paths)
    assert groups[0]["parent"] == -1
    assert all(g["parent"] < i for i, g in enumerate(groups))
    assert groups[paths.index("layers.0.linear1")]["kind"] == "Linear"
    weight = next(r for r in data["records"] if r["name"] == "layers.1.linear1.weight")
    assert paths[weight["group"]] == "layers.1.linear1"


def folded(tape, **options):
    data, _ = data_of(page.to_html(tape, **options))
    return {g["path"] for g in data["groups"][1:] if g["folded"]}, len(data["groups"]) - 1


def test_depth_says_what_is_unfolded():
    parts = {f"block.{i}.part.{j}" for i in range(2) for j in range(2)}
    tape = blocks(2, 2, 2)
    assert folded(tape, depth=0) == ({"Net", "block.0", "block.1", *parts}, 7)
    assert folded(tape, depth=1) == ({"block.0", "block.1", *parts}, 7)
    assert folded(tape, depth=2) == (parts, 7)
    assert folded(tape, depth=3) == (set(), 7)
    assert folded(tape, depth=99) == (set(), 7)


def test_modules_are_unfolded_as_far_as_there_is_room():
    assert folded(blocks(2, 2, 2)) == (set(), 7)
    inner = {f"block.{i}.part.{j}" for i in range(30) for j in range(2)}
    assert folded(blocks(30, 2, 20), fold=False)[0] == inner
    assert len(folded(blocks(70, 2, 20), fold=False)[0]) == 210
    assert len(folded(blocks(200, 1, 2), fold=False)[0]) == 401


def test_the_text_is_the_same_in_two_runs():
    program = """
import numpy as np, nn
from autograd import graph, recording
nn.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
with recording.record():
    loss = (model(np.ones((2, 3))) ** 2).mean()
    loss.backward()
print(graph.to_html(graph.tape(loss, names=model)))
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert "tanh" in runs[0]


def test_the_policy_allows_only_the_page_s_own_script():
    text = page.to_html(small())
    _, script = data_of(text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    assert not re.search(r"https?:|\b(src|href)\s*=|@import|url\(|fetch\(|XMLHttpRequest|import\(", text)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The ratio of WCAG 2.2, which wants 4.5 of text and 3 of outlines."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_from_their_ground(scheme):
    style = re.search("<style>(.*?)</style>", page.to_html(small()), re.DOTALL)[1]
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    rule = re.compile(r"--([\w-]+): (#\w{6});")
    colours = dict(rule.findall(light)) | (dict(rule.findall(dark)) if scheme == "dark" else {})
    for kind in STYLES:
        for words in ("ink", "faint"):
            assert contrast(colours[words], colours[kind]) >= 4.5, (words, kind)
        if kind != CONSTANT:  # grey is what they are meant to be
            assert contrast(colours[f"{kind}-line"], colours["page"]) >= 3, kind
    for ground in ("page", "panel", "group"):
        assert contrast(colours["ink"], colours[ground]) >= 4.5
        assert contrast(colours["faint"], colours[ground]) >= 4.5
    for line in ("wire", "path", "select", "marked"):
        assert contrast(colours[line], colours["page"]) >= 3, line


def hostile(name):
    scopes = (Scope(0, "Net", "Net"), Scope(1, name, name))
    operation, total = (OPERATION, name, [0], scopes, name), (OPERATION, "sum", [1], (), name)
    return tape_of((LEAF, "", [], (), name), operation, total)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data(name):
    text = page.to_html(hostile(name), title=name)
    text.encode()
    data, _ = data_of(text)
    shown = name.translate({ord(c): "\ufffd" for c in "\u202e\0\ud800"})
    assert data["records"][0]["name"] == shown
    assert any(g["kind"] == shown for g in data["groups"])
    assert text.count("<script") == 2
    assert text.count("</script") == 2


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: page.to_html([1, 2]), OperandError, "expected a Tape, as graph.tape.. gives it, got list"),
        (lambda: page.to_html(tensor(1.0)), OperandError, "expected a Tape"),
        (lambda: page.to_html(small(), depth=-1), ArgumentError, "depth must be None or an int >= 0, got"),
        (lambda: page.to_html(small(), depth=True), ArgumentError, "depth must be"),
        (lambda: page.to_html(small(), marked=[4]), ArgumentError, "marked.*from 0 to 3, got int 4"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_save(tmp_path):
    path = page.save(small(), tmp_path / "graph.HTML", title="mine")
    assert path.read_text() == page.to_html(small(), title="mine")
    assert "<title>mine</title>" in path.read_text()
    with pytest.raises(graph.FormatError, match=r"'graph.svg': the suffix must be \.html"):
        page.save(small(), tmp_path / "graph.svg")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        page.save(small(), tmp_path / "nowhere" / "graph.html")
    assert listing(tmp_path) == ["graph.HTML"]


@pytest.mark.parametrize("tape", [chain(10_000), blocks(50, 5, 39)], ids=["chain", "modules"])
def test_ten_thousand_nodes_are_written_in_time(tape, tmp_path):
    assert len(tape) >= 10_000
    start = time.process_time()
    page.save(tape, tmp_path / "graph.html", depth=9)
    assert time.process_time() - start < 5
