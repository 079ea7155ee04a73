"""Errors: the class, the built-in it also is, and words in the caller's terms."""

from __future__ import annotations

import contextlib
import inspect

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import errors, tensor
from autograd.diagnose import describe
from autograd.errors import (
    ArgumentError,
    AutogradError,
    AxisError,
    DeclarationError,
    DtypeError,
    IndexingError,
    OperandError,
    ShapeError,
    SpellingError,
)
from autograd.primitive import REGISTRY
from tests.support.samples import Sample, differentiable


def leaf(shape, dtype=float):
    return tensor(np.ones(shape, dtype), requires_grad=True)


class Odd:
    """Something that is no number."""

    def __repr__(self):
        return "odd"


# The operation, shapes and dtypes, in the order in which the caller gave them.
CALLS = {
    "add shapes": (
        lambda: leaf((2, 3)) + leaf((2,)),
        ShapeError,
        r"add\(x=float64\(2, 3\), y=float64\(2,\)\): these shapes do not broadcast",
    ),
    "where shapes": (
        lambda: anp.where(np.ones(3, bool), leaf(2), 0.0),
        ShapeError,
        r"where\(condition=bool\(3,\), x=float64\(2,\), y=float 0.0\)",
    ),
    "matmul axes": (
        lambda: leaf((2, 3)) @ leaf((2, 3), np.float32),
        ShapeError,
        r"matmul\(x=float64\(2, 3\), y=float32\(2, 3\)\): the last axis of x \(3\)",
    ),
    "matmul batches": (
        lambda: leaf((2, 3, 3)) @ leaf((4, 3, 3)),
        ShapeError,
        r"matmul\(.*do not broadcast",
    ),
    "matmul of scalars": (lambda: leaf(()) @ leaf((2,)), ShapeError, "matmul: .*use \\* for scalars"),
    "reshape": (lambda: leaf(6).reshape(4), ShapeError, r"reshape\(x=float64\(6,\), shape=\(4,\)\)"),
    "broadcast_to": (
        lambda: anp.broadcast_to(leaf((2, 3)), (3, 2)),
        ShapeError,
        r"broadcast_to\(x=float64\(2, 3\), shape=\(3, 2\)\)",
    ),
    "concatenate": (
        lambda: anp.concatenate([leaf((2, 3)), leaf((2, 4))]),
        ShapeError,
        r"concatenate\(#0=float64\(2, 3\), #1=float64\(2, 4\), axis=0\)",
    ),
    "stack": (
        lambda: anp.stack([leaf(2), leaf(3)]),
        ShapeError,
        r"stack\(#0=float64\(2,\), #1=float64\(3,\)",
    ),
    "squeeze": (lambda: leaf((2, 1)).squeeze(0), ShapeError, r"squeeze: axis 0 of \(2, 1\) has length 2"),
    "transpose": (lambda: leaf((2, 3)).transpose(0), ShapeError, r"transpose: 2 axes in \(2, 3\), got 1"),
    "tensordot": (lambda: anp.tensordot(leaf((2, 3)), leaf((2, 3)), 1), ShapeError, "tensordot: axes"),
    "einsum length": (lambda: anp.einsum("ij,jk", leaf((2, 3)), leaf((2, 2))), ShapeError, "label 'j'"),
    "einsum diagonal": (
        lambda: anp.einsum("ii", leaf((2, 3))),
        ShapeError,
        "label 'i' has lengths 2 and 3",
    ),
    "einsum operands": (lambda: anp.einsum("ij,jk", leaf((2, 3))), ArgumentError, "2 terms .* 1 operands"),
    "einsum term": (lambda: anp.einsum("ijk", leaf((2, 3))), ArgumentError, r"'ijk' .* shape \(2, 3\)"),
    "einsum output": (
        lambda: anp.einsum("ij->ik", leaf((2, 3))),
        ArgumentError,
        "unknown or repeated label",
    ),
    "split": (lambda: anp.split(leaf(5), 2), ArgumentError, "split: 5 does not divide into 2"),
    "sum axis": (lambda: leaf((2, 3)).sum(axis=2), AxisError, r"sum\(x=float64\(2, 3\), axis=2"),
    "max axis": (
        lambda: leaf((2, 3)).max(axis=(0, 5)),
        AxisError,
        r"max\(x=float64\(2, 3\), axis=\(0, 5\)",
    ),
    "cumsum axis": (lambda: leaf(3).cumsum(1), AxisError, "axis 1"),
    "flip axis": (lambda: anp.flip(leaf(3), 1), AxisError, r"flip\(x=float64\(3,\), axis=1\)"),
    "softmax axis": (lambda: leaf(3).softmax(1), AxisError, r"softmax\(x=float64\(3,\), axis=1\)"),
    "index": (lambda: leaf(3)[5], IndexingError, r"getitem\(x=float64\(3,\), index=5\): index 5 is out"),
    "indices": (lambda: leaf(3)[0, 0], IndexingError, "too many indices"),
    "index kind": (lambda: leaf(3)["a"], IndexingError, "an index is made of .* got str 'a'"),
    "index dtype": (lambda: leaf(3)[np.ones(3)], IndexingError, "integer or boolean, got float64"),
    "take": (lambda: anp.take(leaf(3), [7]), IndexingError, "index 7 is out of bounds"),
    "text": (lambda: leaf(3) * "a", OperandError, "multiply: argument 'y' must be .* got str 'a'"),
    "nothing": (lambda: leaf(3) + None, AutogradError, "add"),
    "object": (lambda: leaf(3) - Odd(), OperandError, "subtract: argument 'y' .* got Odd"),
    "reflected": (lambda: Odd() - leaf(3), OperandError, "subtract: argument 'x' .* got Odd"),
    "text array": (lambda: leaf(1) * np.array(["a"]), DtypeError, "expected numbers, got <U1"),
    "object array": (lambda: np.array([Odd()]) * leaf(1), DtypeError, "expected numbers, got object"),
    "dates": (
        lambda: leaf(1) + np.array(["2020"], "M8[Y]"),
        DtypeError,
        "expected numbers, got datetime64",
    ),
    "no loop": (lambda: np.arctan2(leaf(2, complex), 1.0), OperandError, r"arctan2\(.*complex128\(2,\)"),
    "bits of floats": (lambda: leaf(2) & 1, OperandError, r"bitwise_and\(x=float64\(2,\)"),
    "order of nothing": (lambda: leaf(0).max(), AutogradError, r"max\(x=float64\(0,\)"),
    "flatten": (lambda: leaf(3).flatten(0), SpellingError, "flatten"),
    "keyword": (lambda: anp.sum(leaf(3), nonsense=1), ArgumentError, "sum: the keyword 'nonsense'"),
    "where without out": (
        lambda: np.exp(leaf(2), where=np.ones(2, bool)),
        ArgumentError,
        "where= needs out=",
    ),
    "requires_grad": (lambda: leaf(3, int), DtypeError, "floating and complex .* int64"),
    "data": (lambda: tensor(["a"]), DtypeError, "Tensor: expected numbers, got dtype <U1"),
    "unary of text": (lambda: anp.sin("a"), OperandError, "sin"),
    "iteration": (lambda: list(leaf(())), TypeError, "iteration over a 0-d tensor"),
    "pickle": (lambda: __import__("pickle").dumps(leaf(1)), TypeError, "not pickled"),
}


@pytest.mark.parametrize("name", CALLS)
def test_message(name):
    call, kind, words = CALLS[name]
    with pytest.raises(kind, match=words) as caught:
        call()
    assert "gufunc" not in str(caught.value)
    assert "loop" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", CALLS)
def test_the_slow_path_says_the_same(name):
    call, kind, words = CALLS[name]
    with autograd.enable_grad(), pytest.raises(kind, match=words):
        call()
    assert autograd.is_grad_enabled()


def test_traceback_ends_in_the_error_alone():
    with pytest.raises(ShapeError) as caught:
        leaf((2, 3)) + leaf((2,))
    assert caught.value.__suppress_context__


# ------------------------------------------------------------------ every primitive


@differentiable
def test_what_no_primitive_takes(sample: Sample):
    for i in sample.active:
        for wrong in (Odd(), "text", {"a": 1}):
            args = [wrong if j == i else a for j, a in enumerate(sample.tensors())]
            with pytest.raises(OperandError) as caught:
                sample.call(*args)
            assert sample.prim.name in str(caught.value)
            assert describe(wrong) in str(caught.value)


@differentiable
def test_arrays_of_text_and_objects_raise_nothing_of_numpys(sample: Sample):
    for i in sample.active:
        for dtype in ("U3", object):
            odd = np.full(sample.args[i].shape, "a", dtype)
            args = [odd if j == i else a for j, a in enumerate(sample.args)]
            tensors = [autograd.Tensor(a) if j != i and isinstance(a, np.ndarray) else a
                       for j, a in enumerate(args)]  # fmt: skip
            if any(isinstance(t, autograd.Tensor) for t in tensors):
                with contextlib.suppress(AutogradError):  # some only move values about
                    sample.call(*tensors)


# ------------------------------------------------------------------ the classes


BUILT_INS = {
    "ShapeError": ValueError,
    "MatrixError": np.linalg.LinAlgError,
    "MatrixShapeError": np.linalg.LinAlgError,
    "DtypeError": TypeError,
    "OperandError": TypeError,
    "ArgumentError": ValueError,
    "IndexingError": IndexError,
    "AxisError": np.exceptions.AxisError,
    "SpellingError": TypeError,
    "NotDifferentiable": TypeError,
    "MissingRule": NotImplementedError,
    "AnomalyError": FloatingPointError,
    "GradientError": RuntimeError,
    "GraphFreedError": RuntimeError,
    "LeafWriteError": RuntimeError,
    "RequiresGradError": RuntimeError,
    "DeclarationError": TypeError,
    "VmapError": RuntimeError,
    "MissingExtra": ImportError,
    "CompileError": RuntimeError,
}


def test_every_class_is_caught_as_the_built_in_it_stands_for():
    classes = {
        name: c
        for name, c in vars(errors).items()
        if inspect.isclass(c) and c.__module__ == errors.__name__
    }
    assert set(classes) == {*BUILT_INS, "AutogradError"}
    for name, built_in in BUILT_INS.items():
        assert issubclass(classes[name], AutogradError)
        assert issubclass(classes[name], built_in)
        assert classes[name].__doc__


def test_axis_errors_are_caught_as_numpys():
    for built_in in (ValueError, IndexError):
        with pytest.raises(built_in):
            leaf(3).sum(axis=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 3), np.float32), "float32(2, 3)"),
        (np.float64(1), "float64()"),
        (tensor([1, 2]), "Tensor int64(2,)"),
        (2.5, "float 2.5"),
        (True, "bool True"),
        ("a" * 100, "str '" + "a" * 36 + "..."),
        (None, "NoneType"),
        (Odd(), "Odd"),
        ([1], "list"),
    ],
    ids=repr,
)
def test_describe(value, text):
    assert describe(value) == text


# ------------------------------------------------------------------ declarations


def _declaration(**changes):
    from autograd.declare import primitive

    facts = {"name": "declared_wrongly", "vjp": {"x": lambda g: g}} | changes
    try:
        return primitive(lambda x, k=0: x, ["x"], **facts)
    finally:
        REGISTRY.pop("declared_wrongly", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vjp": {"z": lambda g: g}}, "'z' is no array argument"),
        ({"vjp": {"x": lambda g, z: g}}, "a rule needs 'z'; known: .*'k'.*'out'.*'x'"),
        ({"vjp": {"x": lambda x: x}}, "takes the cotangent 'g' first"),
        ({"surprise": 1}, "unknown fact 'surprise'"),
        ({"name": "add"}, "add is declared twice"),
        ({"constants": ["y"]}, "'y' is no array argument"),
        ({"name": "two words"}, "'two words' is no name for a primitive; give name="),
        ({"name": "lambda"}, "'lambda' is no name"),
        ({"vjp": {"x": np.negative}}, "does not tell its parameters' names; write a lambda"),
    ],
    ids=["argument", "rule", "cotangent", "fact", "twice", "constant", "words", "keyword", "ufunc"],
)
def test_wrong_declarations_are_refused_at_once(changes, words):
    before = dict(REGISTRY)
    with pytest.raises(DeclarationError, match=words):
        _declaration(**changes)
    assert before == REGISTRY


def test_an_argument_with_neither_rule_nor_constancy_is_refused():
    from autograd.declare import elementwise, primitive

    with pytest.raises(DeclarationError, match="'y' has no rule and is not constant"):
        elementwise(np.multiply, x=lambda y: y, arrays=["x", "y"], name="half_declared")
    with pytest.raises(DeclarationError, match="kernel must begin with"):
        primitive(lambda y: y, ["x"], name="misnamed")
    with pytest.raises(DeclarationError, match="statics by position"):
        primitive(lambda x, *, axis: x, ["x"], name="misnamed")
    with pytest.raises(DeclarationError, match="does not tell its parameters"):
        primitive(np.add.reduce, ["x"], name="misnamed")
    with pytest.raises(DeclarationError, match="'<lambda>' is no name"):
        elementwise(lambda x: x, d=1)
