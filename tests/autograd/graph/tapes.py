"""Tapes that the tests of pages show: of programs, and made up."""

from __future__ import annotations

import numpy as np

import nn
from autograd import graph, tensor
from autograd.graph.records import CONSTANT, LEAF, OPERATION, Record, Tape
from autograd.recording import Scope, record

# Names that would end an element, a script or a string where they were not taken for data.
HOSTILE = [
    "</script><script>document.title = 'broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "<!--<script>",
    "&lt;b&gt; &amp; \"quotes\" 'single' \\u003c `${1}`",
    "line\u2028separator\u2029",
    "right\u202eto left",
    "nul\0 and lone \ud800",
    "@SCRIPT@ @TAPE@ \\1 \\g<0>",
]


def small():
    """Two operations on a parameter, one of them with a constant."""
    w = tensor([1.0, 2.0], requires_grad=True)
    return graph.tape((w * 3.0).sum(), names={"w": w})


def encoder(layers=2):
    rng = np.random.default_rng(0)
    block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    model = nn.TransformerEncoder(block, layers)
    with record():
        loss = (model(rng.normal(size=(2, 3, 8)).astype(np.float32)) ** 2).mean()
        loss.backward()
    return graph.tape(loss, names=model)


def tape_of(*records, outputs=None):
    """A tape from (kind, op, inputs, scopes, name) each."""
    made = [
        Record(i, kind, op, inputs=[(j, "x") for j in inputs], name=name, shape=(3,), scopes=scopes)
        for i, (kind, op, inputs, scopes, name) in enumerate(records)
    ]
    return Tape(made, (len(made) - 1,) if outputs is None else outputs)


def chain(n):
    first = [(LEAF, "", [], (), "x")]
    return tape_of(*first, *[(OPERATION, "tanh", [i], (), "") for i in range(n - 1)])


def blocks(outer, inner, each):
    """A chain in modules within modules, each of which has a parameter."""
    rows, last, net = [(LEAF, "", [], (), "x")], 0, Scope(0, "Net", "Net")
    for i in range(outer):
        for j in range(inner):
            block = Scope(1000 + i, f"block.{i}", "Block")
            scopes = (net, block, Scope(10**6 + inner * i + j, f"part.{j}", "Part"))
            rows.append((LEAF, "", [], (), f"block.{i}.part.{j}.weight"))
            rows.append((OPERATION, "multiply", [last, len(rows) - 1], scopes, ""))
            for _ in range(each - 1):
                rows.append((OPERATION, "tanh", [len(rows) - 1], scopes, ""))
            last = len(rows) - 1
    return tape_of(*rows)


def tangle(seed, n=250):
    """Operations that take whatever there is, in modules that come and go."""
    rng = np.random.default_rng(seed)
    rows, scopes, calls = [(LEAF, "", [], (), "x")], [], 0
    for _ in range(n):
        while scopes and rng.random() < 0.1:
            scopes.pop()
        if len(scopes) < 4 and rng.random() < 0.12:
            scopes.append(Scope(calls := calls + 1, f"m{calls}", "Module"))
        if rng.random() < 0.15:
            rows.append((CONSTANT if rng.random() < 0.5 else LEAF, "", [], (), f"p{len(rows)}"))
        recent = len(rows) - 1 - rng.integers(0, min(len(rows), 4), size=2)
        inputs = [int(i) for i in recent] + [int(rng.integers(len(rows)))] * int(rng.random() < 0.3)
        rows.append((OPERATION, "add", inputs, tuple(scopes), ""))
    used = {j for row in rows for j in row[2]}
    return tape_of(*rows, outputs=tuple(i for i in range(len(rows)) if i not in used))
