"""The generated code: readable, named after its primitive, and written once, at the first call."""

from __future__ import annotations

import linecache
import subprocess
import sys
import traceback

import numpy as np
import pytest

import autograd
from autograd import codegen, tensor
from autograd.ops import elementwise, reductions
from autograd.primitive import REGISTRY, slow_defaults
from tests.support.bundles import bundled
from tests.support.samples import DIFFERENTIABLE, function_of


@bundled("prim", REGISTRY.values())
def test_every_primitive_has_a_function_with_source_and_docstring(prim):
    function = function_of(prim)
    assert function.primitive is prim
    assert function.__name__ == prim.name
    assert function.__doc__
    assert f"def {prim.name}(" in codegen.source(prim.name)


def test_unknown_names_say_where_to_look():
    with pytest.raises(KeyError, match="REGISTRY lists them"):
        codegen.source("nonsense")


def test_arguments_go_by_name_too():
    x = tensor([[1.0, 2.0]], requires_grad=True)
    assert reductions.sum(x=x, keepdims=True, axis=1).tolist() == [[3.0]]
    assert elementwise.add(y=1.0, x=x).tolist() == [[2.0, 3.0]]
    with pytest.raises(TypeError):
        elementwise.add(x)
    with pytest.raises(TypeError):
        reductions.sum(x, nonsense=1)


def test_tracebacks_show_the_generated_lines():
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(autograd.errors.ShapeError) as caught:
        elementwise.multiply(x, tensor([1.0, 2.0, 3.0]))
    frames = traceback.extract_tb(caught.value.__traceback__)
    generated = [f for f in frames if f.filename.startswith("<autograd")]
    assert generated
    assert all(f.line for f in generated)
    assert all(linecache.getlines(f.filename) for f in generated)


def test_a_failing_rule_is_found_in_the_traceback():
    x = tensor([1.0], requires_grad=True)
    y = elementwise.exp(x)
    node = y._node
    node[-1] = "no array"  # what the rule saved
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever NumPy says
        y.backward()
    assert any(
        f.filename.startswith("<autograd exp") for f in traceback.extract_tb(caught.value.__traceback__)
    )


def test_the_first_call_and_the_second_are_alike():
    code = (
        "import autograd; from autograd import tensor; from autograd.ops import elementwise as e\n"
        "x = tensor([1.0, 2.0], requires_grad=True)\n"
        "a = e.hypot(x, y=3.0); b = e.hypot(x, y=3.0)\n"
        "assert a.tolist() == b.tolist() and a._node[1] is b._node[1]\n"
        "with autograd.no_grad(): print(e.arctan2(x, x).requires_grad)\n"
        "print(e.arctan2(x, x).requires_grad)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_rules_save_what_they_name_and_no_more():
    x, y = tensor(np.ones(3), requires_grad=True), tensor(np.full(3, 2.0))
    saved = {
        "add": (elementwise.add(x, y), 0),
        "multiply": (elementwise.multiply(x, y), 1),
        "exp": (elementwise.exp(x), 1),
        "negative": (elementwise.negative(x), 0),
    }
    for name, (out, n) in saved.items():
        step = out._node[1].step
        assert len(step.saves) == n, name
        assert len(out._node) == 3 + step.arity + n, name
    assert saved["exp"][0]._node[-1] is saved["exp"][0]._data
    assert saved["multiply"][0]._node[-1] is y._data


def test_reductions_save_shapes_not_data():
    out = reductions.sum(tensor(np.ones((100, 100)), requires_grad=True))
    assert not any(isinstance(v, np.ndarray) for v in out._node)


def test_slow_defaults_are_listed():
    slow = slow_defaults()
    names = {s.prim.name for s in DIFFERENTIABLE}
    assert set(slow["jvp"]) <= names
    assert "exp" not in slow["jvp"]
    assert "matmul" not in slow["jvp"]
