"""What packages written for HIPS autograd do beyond its documentation, found in packages."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import deriv, grad, jacobian
from autograd.core import VJPNode, VSpace, backward_pass
from autograd.errors import ArgumentError, DeclarationError, GradientError, OperandError
from autograd.extend import Box, defjvp, defvjp, primitive
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.numpy.numpy_vspaces import ArrayVSpace
from autograd.tracer import isbox, new_box, trace_stack

X = np.array([0.5, 1.5])


def test_functions_of_ours_keep_their_derivative():
    """Packages give forward rules to functions that have none in HIPS autograd."""
    special = pytest.importorskip("autograd.scipy.special")
    defjvp(special.expit, lambda g, ans, x: 7.0 * g)
    assert deriv(special.expit)(0.0) == 0.25
    with pytest.warns(UserWarning, match="sin has a derivative, which stays"):
        defvjp(anp.sin, lambda ans, x: lambda g: 7.0 * g)
    assert grad(anp.sin)(0.0) == 1.0


def of_parameters(rule):
    """A function of two lists of numbers, as packages hand parameters to a simulator."""
    made = primitive(lambda ps: np.array([p[0] * p[1] for p in ps]))
    defvjp(made, lambda ans, ps: lambda g: rule([[g[i] * p[1], g[i] * p[0]] for i, p in enumerate(ps)]))
    return grad(lambda x: anp.sum(made(([x[0], x[1]], [x[1], x[2]]))))


def test_an_array_is_the_cotangent_of_a_list_of_numbers():
    """It was taken for zero, silently."""
    x = np.array([2.0, 3.0, 5.0])
    for rule in (tuple, lambda found: tuple(map(np.array, found)), np.array):
        np.testing.assert_array_equal(of_parameters(rule)(x), [3, 7, 3])
    np.testing.assert_array_equal(of_parameters(lambda found: (found[0], None))(x), [3, 2, 0])
    for wrong in (lambda found: (1.0, 2.0), lambda found: found[:1], lambda found: (found[0], [1.0])):
        with pytest.raises(ArgumentError, match=r"the vjp of argument 0.* must be nested as the argument"):
            of_parameters(wrong)(x)


def test_a_rule_that_takes_no_batch():
    """`jacobian` sweeps many cotangents at once where it can, and one by one here."""
    made = primitive(lambda x: x**2)
    defvjp(made, lambda ans, x: lambda g: np.array([float(p) for p in g]) * 2 * x)
    x = np.arange(1.0, 6.0)
    np.testing.assert_array_equal(jacobian(made)(x), np.diag(2 * x))


def test_classes_of_arrays_may_be_registered():
    class Mine(np.ndarray):
        pass

    ArrayBox.register(Mine)
    Box.type_mappings[Mine] = ArrayBox
    VSpace.register(Mine, ArrayVSpace)
    assert grad(lambda x: anp.sum(x**2))(np.ones(2).view(Mine)).tolist() == [2, 2]
    with pytest.raises(DeclarationError, match=r"Box.register\(str\): values of other types"):
        Box.register(str)


def test_variables_and_sweeps_by_hand():
    with trace_stack.new_trace() as trace:
        x = new_box(X, trace, VJPNode.new_root())
        out = anp.sum(anp.sin(x))
    np.testing.assert_allclose(backward_pass(1.0, out._node), np.cos(X))
    np.testing.assert_allclose(backward_pass(2.0, out._node), 2 * np.cos(X))  # once more
    recorded = backward_pass(new_box(1.0, 0, VJPNode.new_root()), out._node)
    np.testing.assert_allclose(anp.stack([recorded])._value, [np.cos(X)])
    pair = new_box((1.0, 2.0), 0, VJPNode.new_root())
    assert (isinstance(pair, tuple), isbox(pair[0]), pair._trace == pair[0]._trace) == (True, True, True)
    with pytest.raises(GradientError, match="one variable, got one of 2"):
        backward_pass(1.0, (pair[0] * pair[1])._node)
    with pytest.raises(OperandError, match="new_box: value must be an array or a number, got str"):
        new_box("x", 0, None)
