"""DOT text: golden graphs, escaping, determinism, and sizes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest

import autograd
from autograd import graph, tensor
from autograd.errors import ArgumentError, GraphFreedError, OperandError
from autograd.graph.text import quote

LEAF = 'style=filled, penwidth=1.6, color="#c77700", fillcolor="#ffefd2", tooltip="leaf"'
OPERATION = 'style="rounded,filled", color="#3d6fb0", fillcolor="#e8f0fb"'
OUTPUT = 'style=filled, peripheries=2, color="#2e8540", fillcolor="#e3f4e6", tooltip="output"'
HEADER = """\
digraph "autograd" {
  graph [rankdir=TB, bgcolor=white, pad=0.2, nodesep=0.25, ranksep=0.3, fontname="Helvetica", \
fontsize=10, labelloc=b, labeljust=l];
  node [shape=box, fontname="Helvetica", fontsize=12, width=0.4, height=0.35, margin="0.12,0.05"];
  edge [color="#6f6f6f", arrowsize=0.6];
"""


def scalar(value):
    return tensor(float(value), requires_grad=True)


def small(text):
    return f'<FONT POINT-SIZE="9" COLOR="#555555">{text}</FONT>'


def nodes_of(source):
    """Node name -> its attributes."""
    return {
        quoted or plain: attributes
        for quoted, plain, attributes in re.findall(
            r'^ +(?:"([^"]+)"|(\w+)) \[(.*)\];$', source, re.MULTILINE
        )
    }


def edges_of(source):
    found = re.findall(r'^  ("[^"]+"|\w+) -> ("[^"]+"|\w+)', source, re.MULTILINE)
    return [(a.strip('"'), b.strip('"')) for a, b in found]


# ------------------------------------------------------------------ golden


def test_square():
    x = scalar(3)
    f64 = small("float64")
    assert graph.to_dot(x * x, names={"x": x}, legend=False) == (
        HEADER
        + f"""\
  x [label=<<B>x</B> = 3<BR/>{f64}>, {LEAF}];
  "multiply.1" [label=<<B>multiply</B><BR/>{f64}>, {OPERATION}, \
tooltip="multiply\\nsaves y: 3\\nsaves x: 3"];
  x -> "multiply.1";
  x -> "multiply.1";
  "output.1" [label=<<B>output</B> = 9<BR/>{f64}>, {OUTPUT}, width=1.06];
  "multiply.1" -> "output.1" [weight=4];
}}
"""
    )


def test_small_expression():
    a, b, c = scalar(2), scalar(-3), tensor(np.ones((2, 3), np.float32), requires_grad=True)
    y = (a * b + c).tanh()
    source = graph.to_dot(y, names={"a": a, "b": b, "c": c, "y": y})
    nodes = nodes_of(source)
    steps = ["a", "b", "multiply.1", "broadcast_cast.1", "c", "broadcast_cast.2", "add.1", "tanh.1"]
    assert list(nodes)[3:] == [*steps, "output.1"]
    full = small("(2, 3) float64")
    assert nodes["a"] == f"label=<<B>a</B> = 2<BR/>{small('float64')}>, {LEAF}"
    assert nodes["c"] == f"label=<<B>c</B><BR/>{small('(2, 3) float32')}>, {LEAF}"
    implicit = 'style="rounded,dashed"'
    assert nodes["broadcast_cast.1"].startswith(f"label=<{small('broadcast () to (2, 3)')}>, {implicit}")
    assert nodes["broadcast_cast.2"].startswith(f"label=<{small('cast float32 to float64')}>, {implicit}")
    assert nodes["add.1"] == f'label=<<B>add</B><BR/>{full}>, {OPERATION}, tooltip="add"'
    tip = 'tooltip="tanh\\nsaves out: float64(2, 3)"'
    assert nodes["tanh.1"] == f"label=<<B>tanh</B><BR/>{full}>, {OPERATION}, {tip}"
    assert nodes["output.1"] == f"label=<<B>y</B><BR/>{full}>, {OUTPUT}"
    assert edges_of(source) == [
        ("a", "multiply.1"), ("b", "multiply.1"), ("multiply.1", "broadcast_cast.1"),
        ("c", "broadcast_cast.2"), ("broadcast_cast.1", "add.1"), ("broadcast_cast.2", "add.1"),
        ("add.1", "tanh.1"), ("tanh.1", "output.1"),
    ]  # fmt: skip
    legend = source[source.index("<TABLE") :]
    for meaning in ("parameter or leaf", "operation", "implicit broadcast or cast", "output"):
        assert f">{meaning}</TD>" in legend
    assert "constant" not in legend  # there is none


def test_constants_are_drawn_unless_told_otherwise():
    x = scalar(3)
    y = x * 2.5 + 1
    source = graph.to_dot(y)
    nodes = nodes_of(source)
    assert nodes["constant.1"].startswith("label=<2.5>, style=filled, penwidth=0.6")
    assert nodes["constant.2"].startswith("label=<constant>")  # an addend is not saved
    assert ">constant</TD>" in source
    bare = graph.to_dot(y, constants=False)
    assert list(nodes_of(bare))[3:] == ["leaf.1", "multiply.1", "add.1", "output.1"]
    assert ">constant</TD>" not in bare
    assert all(source in nodes_of(bare) for source, _ in edges_of(bare))


def test_order_of_arguments_is_kept_where_it_matters():
    x, y = scalar(3), scalar(4)
    assert "ordering=in" in nodes_of(graph.to_dot(x - y))["subtract.1"]
    assert "ordering=in" not in nodes_of(graph.to_dot(x + y))["add.1"]


def test_options_are_shown():
    x = tensor(np.ones((2, 3)), requires_grad=True)
    assert f"<B>sum</B>{small(' axis=1')}" in graph.to_dot(x.sum(axis=1))
    assert f"<B>getitem</B>{small(' index=(0, :2)')}" in graph.to_dot(x[0, :2])


def test_direction():
    x = scalar(1)
    assert "rankdir=LR" in graph.to_dot(x, direction="right")
    with pytest.raises(ArgumentError, match=r"direction: expected one of \['down', 'right'\], got 'up'"):
        graph.to_dot(x, direction="up")


def test_several_outputs():
    x = scalar(3)
    a, b = x * 2.0, x + x
    source = graph.to_dot([a, b, a], names={"b": b})
    nodes = nodes_of(source)
    assert nodes["output.1"].startswith("label=<<B>output 0</B> = 6")
    assert nodes["output.2"].startswith("label=<<B>b</B> = 6")
    assert [e for e in edges_of(source) if e[1].startswith("output")] == [
        ("multiply.1", "output.1"), ("add.1", "output.2"), ("multiply.1", "output.3"),
    ]  # fmt: skip


# ------------------------------------------------------------------ text


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("w<0>", "w&lt;0&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"),
        ('say "x"', 'say "x"'),
        ("back\\slash\\n", "back\\slash\\n"),
        ("two\nlines\tand tabs", "two lines and tabs"),
        ("nul\0bell\a", "nul\ufffdbell\ufffd"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("x" * 30 + "y" * 30, "x" * 21 + "..." + "y" * 24),
    ],
)
def test_names_are_escaped(name, escaped):
    x = scalar(3)
    source = graph.to_dot(x, names={name: x})
    assert f"label=<<B>{escaped}</B> = 3<BR/>" in source
    source.encode()


def test_tooltips_are_escaped():
    assert quote(['a "b"', "c\\n", "&lt;\n"]) == '"a \\"b\\"\\nc\\\\n\\n&amp;lt; "'


def test_labels_beyond_ascii_get_room():
    x = scalar(3)

    def width(name):
        (label,) = list(nodes_of(graph.to_dot(x, names={name: x})).values())[3:]
        return float((re.search(r", width=([\d.]+)", label) or [0, 0])[1])

    assert width("plain") == 0
    assert width("重み重み重") > width("βββββ") > 0.7


PROGRAM = """
import numpy as np
from autograd import graph, tensor
junk = [object() for _ in range({junk})]
rng = np.random.default_rng(0)
w, b = (tensor(rng.normal(size=s), requires_grad=True) for s in ((3, 4), (4,)))
for _ in range({before}):
    (w * 2.0).sum()
loss = ((rng.normal(size=(5, 3)) @ w + b).tanh() ** 2).mean() + (w * w).sum()
print(graph.to_dot(loss, names={{"w": w}}))
"""


def test_two_runs_give_the_same_text():
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(junk=junk, before=before)],
            capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for junk, before, seed in ((0, 0, "1"), (1000, 7, "2"))
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert "<B>tanh</B>" in runs[0]


# ------------------------------------------------------------------ whatever the graph


def test_double_backward_graph():
    x = scalar(2)
    (slope,) = autograd.gradients(x**3, x, create_graph=True)
    source = graph.to_dot(slope, names={"x": x})
    assert "<B>power</B>" in source
    assert "<B>output</B> = 12" in source


def test_no_history_draws_the_tensor_alone():
    nodes = nodes_of(graph.to_dot(tensor([1.0, 2.0]), names={}, legend=False))
    assert list(nodes) == ["graph", "node", "edge", "constant.1"]
    assert small("(2,) float64") in nodes["constant.1"]
    assert "label=<3<BR/>" in nodes_of(graph.to_dot(tensor(3.0)))["constant.1"]
    w = scalar(5)
    source = graph.to_dot(w, names={"w": w}, legend=False)
    assert "<B>w</B> = 5" in source
    assert edges_of(source) == []
    c = tensor(7.0)
    assert "label=<c = 7<BR/>" in graph.to_dot(c, names={"c": c}, constants=False)


def test_freed_graph():
    x = scalar(3)
    y = x * x
    y.backward(retain_graph=True)
    graph.to_dot(y)
    y.backward()
    for tensors in (y, y * 2.0, [x, y]):
        with pytest.raises(GraphFreedError, match=r"draw it before backward.*retain_graph=True"):
            graph.to_dot(tensors)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.ones(3), r"expected a Tensor or a sequence of Tensors, got float64\(3,\)"),
        (None, "got NoneType"),
        ([tensor(1.0), 2.0], "got float 2.0"),
        ([], "at least one"),
    ],
)
def test_what_is_no_tensor(bad, message):
    with pytest.raises(OperandError, match=message):
        graph.to_dot(bad)


def chain(n):
    y = scalar(1)
    for _ in range(n):
        y = y * 1.0001
    return y


def test_size_limit():
    with pytest.raises(graph.GraphSizeError, match=r"21 nodes, more than max_nodes=20.*larger max_nodes"):
        graph.to_dot(chain(20), max_nodes=20)
    graph.to_dot(chain(20), max_nodes=21)


def test_a_long_chain_takes_linear_time_and_no_recursion():
    def seconds(n):
        y = chain(n)
        start = time.process_time()
        source = graph.to_dot(y)
        taken = time.process_time() - start
        assert source.count(" -> ") == 2 * n + 1
        return taken

    seconds(1000)
    short = seconds(1_500)
    assert seconds(15_000) < 60 * short  # quadratic time would be a hundredfold
