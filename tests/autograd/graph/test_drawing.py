"""Drawings: files that are whole or not there, notebooks, and limits."""

from __future__ import annotations

import sys

import pytest

from autograd import files, graph, tensor
from autograd.errors import GraphFreedError
from autograd.graph import layout

from .support import boxes_of, listing, needs_layout, no_graphviz, posix, texts

# ------------------------------------------------------------------ files


@needs_layout
@pytest.mark.parametrize("name", ["g.svg", "g.PNG", "g.jpg", "g.dot", "g.gv"])
def test_save(picture, tmp_path, name):
    start = {"svg": b"<?xml", "PNG": b"\x89PNG", "jpg": b"\xff\xd8"}.get(name[2:], b"digraph")
    path = picture.save(tmp_path / name)
    assert path == tmp_path / name
    assert path.read_bytes().startswith(start)
    assert listing(tmp_path) == [name]
    assert picture.save(str(path)) == path  # over the old one


@pytest.mark.parametrize("name", ["graph", "graph.doc", "graph.svg.bak", ".svg"])
def test_unknown_suffix_is_refused_before_any_work(picture, tmp_path, name, monkeypatch):
    monkeypatch.setattr(layout.subprocess, "Popen", lambda *a, **k: pytest.fail("worked"))
    with pytest.raises(graph.FormatError, match=r"suffix must be one of \.svg, \.png"):
        picture.save(tmp_path / name)
    assert listing(tmp_path) == []


def test_missing_folder_is_refused_before_any_work(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(layout.subprocess, "Popen", lambda *a, **k: pytest.fail("worked"))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        picture.save(tmp_path / "nowhere" / "graph.svg")


@posix
def test_graphviz_writes_pdf_itself(program, picture, tmp_path):
    program('echo "$@" > /dev/null; cat > /dev/null; echo "%PDF by dot"')
    assert picture.save(tmp_path / "graph.pdf").read_bytes() == b"%PDF by dot\n"


@needs_layout
@no_graphviz
def test_pdf_without_graphviz(picture, tmp_path):
    pytest.importorskip("svglib")
    first = picture.save(tmp_path / "graph.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    assert picture.save(tmp_path / "graph.pdf").read_bytes() == first


@needs_layout
@no_graphviz
def test_pdf_without_svglib_says_what_to_install(picture, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "svglib", None)
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    with pytest.raises(
        graph.LayoutMissingError, match=r"PDF needs Graphviz.*pip install .wengert\[graph\]"
    ):
        picture.save(tmp_path / "graph.pdf")
    assert listing(tmp_path) == []


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_save_leaves_the_old_file(picture, tmp_path, monkeypatch, moment, failure):
    path = tmp_path / "graph.dot"
    path.write_text("old")

    def fail(*args):
        raise failure

    if moment == "write":
        monkeypatch.setattr(files.Path, "write_bytes", half_written(failure))
    else:
        monkeypatch.setattr(files.os, moment, fail)
    with pytest.raises(type(failure)):
        picture.save(path)
    assert path.read_text() == "old"
    assert listing(tmp_path) == ["graph.dot"]


def half_written(failure):
    """A write that fails in the middle."""

    def write_bytes(path, data):
        with open(path, "wb") as file:
            file.write(data[: len(data) // 2])
        raise failure

    return write_bytes


@posix
def test_a_failed_layout_leaves_the_old_file(program, picture, tmp_path):
    program("echo half of a picture; exit 1")
    path = tmp_path / "graph.svg"
    path.write_text("old")
    with pytest.raises(graph.LayoutError):
        picture.save(path)
    assert path.read_text() == "old"


# ------------------------------------------------------------------ notebooks and the rest


@needs_layout
def test_notebooks_show_svg(picture):
    bundle = picture._repr_mimebundle_()
    assert "multiply" in texts(bundle["image/svg+xml"])
    assert picture._repr_svg_() is bundle["image/svg+xml"]  # laid out once


def test_notebooks_without_a_layout_program_say_why(no_program, picture):
    bundle = picture._repr_mimebundle_(include=None, exclude=None)
    assert sorted(bundle) == ["text/plain", "text/vnd.mermaid"]
    assert "pip install" in bundle["text/plain"]


def test_to_graphviz(picture, monkeypatch):
    graphviz = pytest.importorskip("graphviz")
    assert isinstance(picture.to_graphviz(), graphviz.Source)
    assert picture.to_graphviz().source == picture.source
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(graph.LayoutMissingError, match="graphviz package"):
        picture.to_graphviz()


def test_large_graphs_are_folded_and_freed_ones_refused():
    x = tensor(1.0, requires_grad=True)
    y = x
    for i in range(600):
        y = y * 1.5 if i % 7 else y + 1.5 ** (i % 11)
    assert 3 < len(boxes_of(graph.draw(y))) <= 100
    assert graph.draw(y, max_nodes=None, fold=False).source == graph.to_dot(y)
    y.backward()
    with pytest.raises(GraphFreedError, match="draw it before backward"):
        graph.draw(y)


def test_drawing_leaves_the_graph_as_it_was():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    graph.draw(y)
    y.backward()
    assert x.grad.numpy().tolist() == [2.0, 4.0]


def test_importing_autograd_does_not_import_what_drawing_needs():
    code = "import sys, autograd; assert not {'subprocess', 'graphviz'} & set(sys.modules) - before"
    code = f"import sys, numpy; before = set(sys.modules); {code}"
    assert layout.subprocess.run([sys.executable, "-c", code]).returncode == 0
