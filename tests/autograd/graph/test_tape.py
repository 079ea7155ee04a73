"""The records: kinds, names, constants, and the shapes and dtypes that follow from few."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import graph, tensor
from autograd import tape as core
from autograd.errors import OperandError
from autograd.graph.names import Names
from autograd.graph.records import text
from autograd.graph.walk import _Reader, nodes_of
from autograd.primitive import REGISTRY
from tests.support import samples

rng = np.random.default_rng(0)


def leaf(*shape, dtype=np.float64):
    return tensor(rng.uniform(0.5, 1.5, shape).astype(dtype), requires_grad=True)


def facts(tape):
    return [(r.op or r.kind, r.shape, str(r.dtype)) for r in tape]


# ------------------------------------------------------------------ records


def test_records_are_in_order_of_creation_and_edges_name_arguments():
    x, y = leaf(2), leaf(2)
    late = y * y  # made before what is computed from x, read after
    out = (x - 1.0) / late
    tape = graph.tape(out)
    assert [r.id for r in tape] == list(range(len(tape)))
    assert all(edge.source < edge.target for edge in tape.edges())
    assert [r.op for r in tape if r.op] == ["multiply", "subtract", "divide"]
    assert list(tape.edges())[-2:] == [graph.Edge(4, 5, "x"), graph.Edge(2, 5, "y")]
    assert tape.outputs == (5,)
    assert repr(tape) == "Tape(6 records)"


def test_what_is_saved():
    x = leaf(2, 3)
    record = graph.tape(x.std(axis=0))[-1]
    assert record.saved == {"x": "float64(2, 3)", "out": "float64(3,)", "axis": "0", "ddof": "0"}
    assert record.options == {"axis": "0", "ddof": "0"}
    assert record.nbytes == 6 * 8 + 3 * 8


def test_records_keep_no_array_alive():
    tape = graph.tape(leaf(3).tanh())
    for record in tape:
        held = [getattr(record, name) for name in record.__slots__]
        assert not any(isinstance(v, np.ndarray) for v in held)


def test_one_constant_array_is_one_record():
    big = np.ones((200, 200))  # guarded, not copied, when saved
    x = leaf(200, 200)
    tape = graph.tape((x * big) @ big)
    assert [r.kind for r in tape].count("constant") == 1


def test_transforms_have_inputs():
    seen = []

    def f(x):
        y = x * x
        seen.append(graph.tape(y))
        return y

    autograd.grad(f)(3.0)
    assert seen[0][0].kind == "input"


def test_saved_values_on_one_line():
    assert text(np.zeros((2, 3), np.float32)) == "float32(2, 3)"
    assert text((slice(None), slice(1, None, 2), ..., np.zeros(3))) == "(:, 1::2, Ellipsis, float64(3,))"
    assert text((0,)) == "(0,)"
    long = text(tuple(range(10_000)))
    assert len(long) == 60
    assert long.endswith("...")


# ------------------------------------------------------------------ names


class Module:
    def __init__(self, **parameters):
        self.parameters = parameters

    def named_parameters(self):
        return iter(self.parameters.items())


def test_names_of_modules_and_constants():
    w, x = leaf(3, 2), rng.normal(size=(4, 3))
    labels = rng.normal(size=(4, 2))
    out = ((x @ w) * labels).sum()
    names = [r.name for r in graph.tape(out, names=Module(weight=w))]
    assert names == ["weight", "", "", "", "", ""]
    tape = graph.tape(out, names={"net": Module(weight=w), "x": x, "labels": labels, "out": out})
    assert [r.name for r in tape] == ["net.weight", "x", "", "labels", "", "out"]
    assert graph.tape(out, names={"": Module(weight=w)})[0].name == "weight"


def test_two_names_of_one_tensor():
    w = leaf(2)
    assert graph.tape(w * w, names={"embed": w, "head": w})[0].name == "embed = head"


def test_a_copied_constant_is_named_only_if_that_is_certain():
    w, a = leaf(3), np.ones(3)
    assert graph.tape(w * a, names={"a": a})[1].name == "a"
    assert graph.tape(w * a, names={"a": a, "b": np.ones(3)})[1].name == ""
    assert graph.tape(w * a, names={"b": np.ones(3, np.float32)})[1].name == ""


@pytest.mark.parametrize("names", [3, ["w"], {"w": 3.0}, {1: tensor(1.0)}])
def test_bad_names(names):
    with pytest.raises(OperandError, match="names: expected"):
        graph.tape(leaf(2), names=names)


# ------------------------------------------------------------------ shapes and dtypes


def test_unnamed_network():
    x = rng.normal(size=(5, 4)).astype(np.float32)
    w1, b1, w2, b2 = (leaf(*s, dtype=np.float32) for s in ((4, 3), (3,), (3, 2), (2,)))
    loss = (((x @ w1 + b1).tanh() @ w2 + b2) ** 2).mean()
    assert facts(graph.tape(loss)) == [
        ("leaf", (4, 3), "float32"), ("leaf", (3,), "float32"),
        ("leaf", (3, 2), "float32"), ("leaf", (2,), "float32"),
        ("constant", (5, 4), "float32"), ("matmul", (5, 3), "float32"),
        ("broadcast_cast", (5, 3), "float32"), ("add", (5, 3), "float32"), ("tanh", (5, 3), "float32"),
        ("matmul", (5, 2), "float32"), ("broadcast_cast", (5, 2), "float32"), ("add", (5, 2), "float32"),
        ("constant", (), "None"), ("power", (5, 2), "float32"), ("mean", (), "float32"),
    ]  # fmt: skip


def test_a_leaf_that_nothing_saved_is_known_by_its_gradient():
    x = leaf(2, 3)
    y = x.T.sum()
    assert graph.tape(y)[0].shape is None
    (x * 1.0).sum().backward()
    assert graph.tape(y)[0].shape == (2, 3)


def test_large_operations_are_not_run_to_learn_their_shape():
    def shapes(n):
        x = leaf(n, 3)
        return [r.shape for r in graph.tape(anp.tril(x).T.sum(), names={"x": x})]

    assert shapes(30) == [(30, 3), (30, 3), (3, 30), ()]
    assert shapes(5000) == [(5000, 3), None, (3, 5000), ()]
    x = leaf(5000, 3)  # a view costs nothing
    assert graph.tape(x.T.T.sum(), names={"x": x})[1].shape == (3, 5000)


PROGRAMS = {
    "batched matmul": lambda x, y: (x[None] @ anp.stack([y.T, y.T])).sum(axis=0),
    "vectors": lambda x, y: (x @ y[0]) @ x,
    "shapes": lambda x, y: anp.concatenate([x.T.reshape(2, 6), y.reshape(2, -1)], axis=1)[:, 1:4].sum(),
    "reductions": lambda x, y: (x - x.mean(axis=1, keepdims=True)).std(axis=0) * y.max(axis=0),
    "casts": lambda x, y: (x.astype(np.float32) * y).astype(np.float32).sum(axis=1) ** 2,
    "upcast": lambda x, y: x.astype(np.float64).sum(axis=0) + y.astype(np.float64).sum(),
    "constant written to": lambda x, y: written(tensor(np.zeros((4, 3))), y).sum(axis=1),
    "complex": lambda x, y: anp.real(x * 1j + y).sum(axis=0) + anp.abs(x * (1 + 1j)).max(),
    "where": lambda x, y: anp.where(x.data > 1, x, y[0]).cumsum(axis=0),
    "einsum": lambda x, y: anp.einsum("ij,kj->ik", x, y).T @ x,
    "setitem": lambda x, y: written(x * 1.0, y),
}


def written(x, y):
    x[0] = y[1] * 2.0
    return x.tanh() * y


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("dtypes", [("f8", "f8"), ("f4", "f4"), ("f4", "f8"), ("f8", "f4")])
def test_what_is_inferred_is_true(name, dtypes, monkeypatch):
    """Every shape and dtype that is shown is that of the tensor; most are known."""
    x, y = (leaf(4, 3, dtype=t) for t in dtypes)
    if name == "setitem" and dtypes == ("f4", "f8"):
        y = y.astype(np.float32)
    tape, truth = traced(monkeypatch, lambda: PROGRAMS[name](x, y))
    known = 0
    for record in tape:
        if record.op and record.id in truth:
            shape, dtype = truth[record.id]
            assert record.shape in (None, shape), record
            assert record.dtype in (None, dtype), record
            known += (record.shape is not None) + (record.dtype is not None)
    assert known >= 1.5 * len(truth)
    for record in tape:
        if record.kind == "leaf":
            assert record.shape in (None, x.shape)
            assert record.dtype in (None, x.dtype, y.dtype)


def traced(monkeypatch, program):
    """The tape of a program, and the true shape and dtype of its results by id."""
    made = {}
    record = core.record

    def recording(prim, nodes, values, aliases, out, *rest):
        node = record(prim, nodes, values, aliases, out, *rest)
        if node is not None:
            made[node[core.ORDER]] = np.shape(out), out.dtype
        return node

    monkeypatch.setattr(core, "record", recording)
    with autograd.enable_grad():  # sends every call through `tape.apply`, which calls `record`
        out = program()
    nodes = nodes_of([out])
    reader = _Reader(Names(None))
    tape = reader.read([out], nodes)
    return tape, {reader.ids[n[0]]: made[n[0]] for n in nodes if n[0] in made}


SAMPLES = [s for p in REGISTRY.values() if p.is_differentiable for s in samples.samples_of(p) if s.active]


def dtypes_of(prim):
    """Those that a primitive is tried with; the ufuncs of SciPy as they are: not all take others."""
    place = getattr(prim.kernel, "__module__", None) or ""
    if not place.startswith("autograd.ops") and not hasattr(np, getattr(prim.kernel, "__name__", "")):
        return [""]
    return ["f4", "f8", "c16"] if prim.analytic else ["f4", "f8"]


@pytest.mark.filterwarnings("ignore")  # what functions of SciPy say of their samples is tested elsewhere
@samples.each([s.cast(t) if t else s for s in SAMPLES for t in dtypes_of(s.prim)])
def test_what_is_inferred_of_every_primitive_is_true(sample):
    """Forward from named arguments, and back from the result alone."""
    args = sample.tensors()
    out = sample.call(*args)
    truth = {t._node[core.ORDER]: (t.shape, t.dtype) for t in [out, *args] if getattr(t, "_node", None)}
    nodes = nodes_of([out])
    names = {f"#{i}": args[i] for i in sample.active}
    for roots, given in (([], names), ([out], {}), ([out], names)):
        reader = _Reader(Names(given))
        tape = reader.read(roots, nodes)
        for order, (shape, kind) in truth.items():
            record = tape[reader.ids[order]]
            assert record.shape in (None, shape), (record, roots)
            assert record.dtype in (None, kind), (record, roots)


def test_inference_knows_the_common_operations():
    """From named arguments, of which operations the shape of the result is not found."""
    unknown = set()
    places = [(s, getattr(s.prim.kernel, "__module__", "scipy") or "") for s in SAMPLES]
    common = [s for s, place in places if not place.startswith(("autograd.ops.neural", "scipy"))]
    for sample in common:
        args = sample.tensors()
        nodes = nodes_of([sample.call(*args)])
        tape = _Reader(Names({f"#{i}": args[i] for i in sample.active})).read([], nodes)
        unknown |= {r.op for r in tape if r.op and r.shape is None}
    assert not unknown & KNOWN
    assert len(unknown) < len({s.prim.name for s in common}) / 4


# Of the rest, many do not save what their shape depends on; those around them tell it.
KNOWN = {
    "add", "multiply", "divide", "power", "exp", "log", "tanh", "matmul", "transpose", "getitem",
    "concatenate", "stack", "where", "max", "min", "astype", "cumsum", "squeeze", "expand_dims",
}  # fmt: skip
