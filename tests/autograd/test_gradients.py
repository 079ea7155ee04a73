"""`gradients()`: derivatives without touching any `.grad`."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import gradients, tensor
from autograd.errors import DtypeError, GradientError, GraphFreedError, ShapeError


def leaf(value):
    return tensor(np.asarray(value, float), requires_grad=True)


def test_it_touches_no_grad():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    gx, gy = gradients((x * y).sum(), [x, y])
    assert gx.numpy().tolist() == [3.0, 4.0]
    assert gy.numpy().tolist() == [1.0, 2.0]
    assert x.grad is None
    assert y.grad is None


def test_always_a_tuple():
    x = leaf(2.0)
    for inputs in (x, [x], (x,)):
        found = gradients(x * x, inputs)
        assert isinstance(found, tuple)
        assert found[0].item() == 4.0


def test_non_leaf_inputs():
    x = leaf(2.0)
    y = x * x
    z = y * y * x
    gy, gx = gradients(z, [y, x])
    assert gy.item() == 2 * 4.0 * 2.0
    assert gx.item() == 16.0 + 2 * 4.0 * 2.0 * 4.0


def test_an_input_that_is_an_output():
    x = leaf([1.0, 2.0])
    y = x * 2
    gy, gx = gradients(y, [y, x], np.array([3.0, 4.0]))
    assert gy.numpy().tolist() == [3.0, 4.0]
    assert gx.numpy().tolist() == [6.0, 8.0]


def test_the_same_input_twice():
    x = leaf(3.0)
    a, b = gradients(x * x, [x, x])
    assert a.item() == b.item() == 6.0
    assert a is not b
    assert not np.shares_memory(a.numpy(), b.numpy())


def test_several_outputs_are_summed():
    x = leaf(2.0)
    a, b = x * x, x * 3
    (g,) = gradients([a, b], x)
    assert g.item() == 4.0 + 3.0
    a, b = x * x, x * 3
    (g,) = gradients([a, b], x, [tensor(10.0), None])
    assert g.item() == 40.0 + 3.0


def test_an_output_given_twice_counts_twice():
    x = leaf(2.0)
    y = x * x
    (g,) = gradients([y, y], x)
    assert g.item() == 8.0


def test_one_output_beneath_another():
    x = leaf(2.0)
    y = x * x
    z = y * 5
    (g,) = gradients([z, y], x)
    assert g.item() == 20.0 + 4.0


def test_what_is_older_than_the_inputs_stays():
    x = leaf(2.0)
    y = x * x
    z = y * y
    gradients(z, y)
    y.backward()  # the part above y was not needed, so not released
    assert x.grad.item() == 4.0
    with pytest.raises(GraphFreedError):
        z.backward()


def test_what_is_older_stays_also_beside_the_inputs():
    x = leaf(2.0)
    older = x * x
    y = x * 3
    z = y * older + y
    gradients(z, y)
    older.backward()
    assert x.grad.item() == 4.0


def test_retain_graph_and_create_graph():
    x = leaf(2.0)
    y = x**3
    gradients(y, x, retain_graph=True)
    (g,) = gradients(y, x, create_graph=True)
    (h,) = gradients(g, x)
    assert (g.item(), h.item()) == (12.0, 12.0)
    assert not h.requires_grad


def test_unused_inputs():
    x, y = leaf(1.0), leaf(2.0)
    with pytest.raises(GradientError, match=r"input 1; allow_unused=True"):
        gradients(x * 2, [x, y])
    gx, gy = gradients(x * 2, [x, y], allow_unused=True)
    assert gx.item() == 2.0
    assert gy is None
    gx, gy = gradients(x * 2, [x, y], allow_unused=True, create_graph=True)
    assert gx.item() == 2.0
    assert gy is None


def test_an_input_younger_than_the_output_is_unused():
    x = leaf(1.0)
    y = x * 2
    z = y * 3
    with pytest.raises(GradientError, match="do not depend on input 0"):
        gradients(y, z)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: gradients(x.sum(), [tensor(1.0)]), GradientError, r"input 0 .* does not require grad"),
        (lambda x: gradients(x.sum(), [x, np.ones(2)]), GradientError, r"input 1 \(float64\(2,\)\)"),
        (lambda x: gradients(tensor([1.0]), x), GradientError, "output 0: .* does not require grad"),
        (lambda x: gradients(x * 2, x), GradientError, r"shape \(2,\) has no single gradient"),
        (lambda x: gradients(x * 2, x, np.ones(3)), ShapeError, r"\(2,\), got \(3,\)"),
        (lambda x: gradients(x * 2, x, np.ones(2, complex)), DtypeError, "complex128"),
        (lambda x: gradients([x * 2, x], x, [np.ones(2)]), GradientError, "2 outputs but 1"),
    ],
)
def test_refusals(call, error, words):
    x = leaf([1.0, 2.0])
    with pytest.raises(error, match=words):
        call(x)
    assert x.grad is None


def test_results_alias_nothing():
    x = leaf([1.0, 2.0])
    g = np.ones(2)
    (found,) = gradients(x + 0, x, g)
    found.numpy()[...] = 9
    assert g.tolist() == [1.0, 1.0]


def test_zero_dimensional_and_empty():
    x = tensor(np.zeros((0, 3)), requires_grad=True)
    (g,) = gradients(x.sum(), x)
    assert g.shape == (0, 3)
    y = leaf(2.0)
    (g,) = gradients(y * 3, y)
    assert g.shape == ()
    assert isinstance(g.numpy(), np.ndarray)


def test_double_backward_through_a_cotangent():
    x, v = leaf([1.0, 2.0]), leaf([0.5, -1.0])
    (g,) = gradients(x**3, x, v, create_graph=True)
    (gv,) = gradients(g.sum(), v)
    np.testing.assert_allclose(gv.numpy(), 3 * np.array([1.0, 4.0]))


def test_under_no_grad_it_still_sweeps():
    x = leaf(2.0)
    y = x * x
    with autograd.no_grad():
        (g,) = gradients(y, x)
    assert g.item() == 4.0


def test_sums_in_the_sweep_do_not_write_what_hooks_or_users_hold():
    x = leaf([1.0, 2.0])
    y = x * 1
    seen = []
    y.register_hook(lambda g: seen.append(g))
    (y * 2 + y * 3 + y * 4 + x).sum().backward()
    assert seen[0].numpy().tolist() == [9.0, 9.0]
    assert x.grad.numpy().tolist() == [10.0, 10.0]
