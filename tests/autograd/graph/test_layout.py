"""Layout: what the picture shows, and a process under a time limit."""

from __future__ import annotations

import os
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from autograd import graph, tensor
from autograd.errors import AutogradError
from autograd.graph import layout

from .support import SVG, listing, needs_layout, posix, texts


@needs_layout
def test_svg_shows_what_the_dot_text_says():
    w = tensor(np.ones((3, 2), np.float32), requires_grad=True)
    x = np.ones((4, 3), np.float32)
    loss = ((x @ w).tanh() * 0.5).sum(axis=0)
    svg = graph.draw(loss, names={"w<&>\"'\\1": w, "x": x}).svg()
    shown = [t for t in texts(svg) if t.strip()]
    assert "w<&>\"'\\1" in shown
    for line in ("matmul", "tanh", "multiply", "0.5", "sum axis=0", "output", "x", "(3, 2) float32"):
        assert line in shown
    root = ET.fromstring(svg)
    assert len(root.findall(f".//{SVG}g[@class='edge']")) == 7
    assert len(root.findall(f".//{SVG}g[@class='node']")) == 8


@needs_layout
def test_nothing_overlaps_and_nothing_is_cut_off():
    a, b = (tensor(v, requires_grad=True) for v in (2.0, 3.0))
    root = ET.fromstring(graph.draw((a * b + a).tanh(), names={"a" * 40: a, "b": b}).svg())
    boxes = []
    for node in root.findall(f".//{SVG}g[@class='node']"):
        outline = node.findall(f".//{SVG}polygon")[-1:] or node.findall(f".//{SVG}path")[-1:]
        numbers = outline[0].get("points") or outline[0].get("d").replace("M", "").replace("C", " ")
        points = np.array([[float(v) for v in p.split(",")] for p in numbers.split()])
        boxes.append((*points.min(axis=0), *points.max(axis=0)))
    assert len(boxes) == 6
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
            assert apart


@needs_layout
def test_a_weight_used_at_many_steps_is_laid_out_in_time():
    w = tensor(np.eye(2), requires_grad=True)
    h = w
    for _ in range(120):
        h = (h @ w).tanh()
    assert "<svg" in graph.draw(h.sum()).svg()  # without limits on the search: minutes


@posix
def test_layout_is_stopped_at_the_time_limit_with_all_that_it_started(program, tmp_path, picture):
    program(f"sleep 60 & echo $! > {tmp_path}/child; wait")
    picture.time_limit = 1.0
    start = time.monotonic()
    with pytest.raises(graph.LayoutTimeoutError, match=r"longer than 1 s.*time_limit.*to_dot"):
        picture.svg()
    assert time.monotonic() - start < 10
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@posix
def test_an_interrupt_stops_the_layout_too(program, tmp_path, picture, monkeypatch):
    program(f"echo $$ > {tmp_path}/pid; exec sleep 60")

    def interrupted(self, *args, **options):
        monkeypatch.undo()
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(layout.subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        picture.svg()
    assert not is_running(int((tmp_path / "pid").read_text()))


@posix
def test_a_failing_program_is_quoted(program, picture):
    program("cat > /dev/null; echo 'first line' >&2; echo 'out of ink' >&2; exit 3")
    with pytest.raises(graph.LayoutError, match="dot failed with status 3: out of ink"):
        picture.svg()
    program("cat > /dev/null")
    with pytest.raises(graph.LayoutError, match="status 0: it said nothing"):
        picture.svg()


@posix
def test_graphviz_is_preferred_and_gets_the_source(program, tmp_path, picture):
    program(f'echo "$@" > {tmp_path}/args; cat > {tmp_path}/input; echo "<svg/>"')
    assert picture.svg() == "<svg/>\n"
    assert (tmp_path / "args").read_text() == "-Kdot -Tsvg\n"
    assert (tmp_path / "input").read_text() == picture.source


def test_missing_program_says_what_to_install(no_program, picture, tmp_path):
    with pytest.raises(graph.LayoutMissingError, match=r'pip install "wengert\[graph\]"') as caught:
        picture.save(tmp_path / "graph.svg")
    assert "to_dot" in str(caught.value)
    assert isinstance(caught.value, AutogradError)
    assert listing(tmp_path) == []
    assert picture.save(tmp_path / "graph.dot").read_text() == picture.source


def test_the_executable_of_the_wheel_is_found_by_its_record(monkeypatch, tmp_path):
    executable = tmp_path / "graphviz-pure"
    executable.write_text("")
    executable.chmod(0o755)

    class File:
        stem = "graphviz-pure"

        def locate(self):
            return executable

    class Distribution:
        files = (File(),)

    monkeypatch.setattr(layout.shutil, "which", lambda *args, **options: None)
    monkeypatch.setattr(layout.metadata, "distribution", lambda name: Distribution)
    assert layout.find_program() == (str(executable), ("svg", "png", "jpg", "jpeg"))
