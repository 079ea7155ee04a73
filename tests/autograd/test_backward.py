"""`backward()`: what it adds where, what it keeps, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.errors import DtypeError, GradientError, GraphFreedError, ShapeError


def leaf(*values, dtype=None):
    return tensor(np.array(values[0] if len(values) == 1 else values, dtype or float), requires_grad=True)


def values(t):
    return t.detach().numpy().tolist()


# ------------------------------------------------------------------ accumulation


def test_gradients_accumulate_over_calls():
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    (x * x).sum().backward()
    assert values(x.grad) == [5.0, 7.0]


def test_a_tensor_used_often_gets_the_sum():
    x = leaf(2.0)
    (x * x + x * x * x + x).backward()
    assert values(x.grad) == 4.0 + 12.0 + 1.0


def test_diamonds_sum_before_they_go_on():
    x = leaf(2.0)
    y = x * x
    (y * y + y.sin() * y).backward()
    slope = 2 * 4.0 + np.cos(4.0) * 4.0 + np.sin(4.0)
    np.testing.assert_allclose(x.grad.item(), slope * 4.0, 1e-15)


def test_accumulated_gradient_is_not_another_array():
    g = np.ones(3)
    x, y = leaf(1, 2, 3), leaf(4, 5, 6)
    (x + y).backward(g)
    arrays = [x.grad.data, y.grad.data, g]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[i + 1 :])


@pytest.mark.parametrize("operation", ["identity", "reshape", "transpose", "copy", "getitem", "expand"])
def test_gradient_aliases_neither_cotangent_nor_saved_values(operation):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = {
        "identity": lambda: x + 0,
        "reshape": lambda: x.reshape(4),
        "transpose": lambda: x.T,
        "copy": lambda: x.copy(),
        "getitem": lambda: x[::-1],
        "expand": lambda: x.expand(2, 2, 2),
    }[operation]()
    g = np.ones(y.shape)
    y.backward(g)
    before = x.grad.tolist()
    g[...] = 5.0
    assert x.grad.tolist() == before
    x.grad.data[...] = 7.0
    assert (g == 5).all()
    assert x.grad.data.flags.writeable
    assert x.grad.shape == x.shape


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sum(),
        lambda x: x.mean(axis=0).sum(),
        lambda x: x.T.sum(),
        lambda x: x.reshape(-1)[::-1].sum(),
    ],
)
def test_gradient_owns_its_memory(f):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    f(x).backward()
    x.grad.data[0, 0] = 50.0
    assert (x.grad.data == 50.0).sum() == 1, "elements share memory"


def test_second_backward_does_not_write_what_the_first_handed_out():
    x = leaf(1.0, 2.0)
    x.sum().backward()
    kept = x.grad
    before = kept.detach().copy()
    other = x.grad * 1
    x.sum().backward()
    assert values(other) == values(before) == [1.0, 1.0]
    assert values(x.grad) == [2.0, 2.0]


def test_setting_grad():
    x = leaf(1.0, 2.0)
    x.grad = tensor([5.0, 6.0])
    x.sum().backward()
    assert values(x.grad) == [6.0, 7.0]
    x.grad = None
    x.sum().backward()
    assert values(x.grad) == [1.0, 1.0]


def test_a_grad_that_was_set_is_never_written():
    x, mine = leaf(1.0, 2.0), np.array([5.0, 6.0])
    x.grad = mine.copy()
    shared = tensor([5.0, 6.0])
    keep = shared * 1
    x.grad = shared
    x.sum().backward()
    assert values(x.grad) == [6.0, 7.0]
    assert values(keep) == [5.0, 6.0]
    assert mine.tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("value", "error"),
    [(np.ones(3), ShapeError), (np.ones(2, complex), DtypeError)],
    ids=["shape", "dtype"],
)
def test_setting_grad_refuses_what_does_not_fit(value, error):
    x = leaf(1.0, 2.0)
    with pytest.raises(error, match="grad must have the tensor's"):
        x.grad = value
    assert x.grad is None


def test_results_have_no_grad_unless_asked():
    x = leaf(1.0)
    y = x * 2
    (y * 3).backward()
    assert y.grad is None
    with pytest.raises(GradientError, match="retain_grad"):
        y.grad = tensor(1.0)


def test_dtype_and_shape_are_the_leafs():
    for dtype in (np.float16, np.float32, np.float64, np.longdouble):
        x = leaf([[1.0, 2.0]], dtype=dtype)
        (x * np.ones((3, 1))).sum().backward()
        assert (x.grad.dtype, x.grad.shape) == (dtype, (1, 2))


# ------------------------------------------------------------------ what the graph keeps


def test_second_backward_raises():
    x = leaf(2.0)
    y = x * x
    y.backward()
    with pytest.raises(GraphFreedError, match="retain_graph=True"):
        y.backward()
    assert values(x.grad) == 4.0


def test_second_backward_through_a_shared_part_raises():
    x = leaf(2.0)
    shared = x * x
    (shared * 2).backward()
    with pytest.raises(GraphFreedError, match="retain_graph=True"):
        (shared * 3).backward()
    assert values(x.grad) == 8.0


def test_retain_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert values(x.grad) == 12.0
    with pytest.raises(GraphFreedError):
        y.backward()


def test_retain_graph_false_with_create_graph_frees():
    x = leaf(2.0)
    y = x * x * x
    y.backward(retain_graph=False, create_graph=True)
    with pytest.raises(GraphFreedError):
        y.backward()


def test_create_graph_to_order_four():
    x = leaf(2.0)
    y = x**5
    for expected in (80.0, 160.0, 240.0, 240.0):
        x.grad = None
        y.backward(create_graph=True)
        assert values(x.grad) == expected
        y = x.grad


def test_create_graph_accumulates_differentiably():
    x = leaf(3.0)
    (x * x).backward(create_graph=True)
    (x * x * x).backward(create_graph=True)
    total = x.grad  # 2 x + 3 x**2
    assert values(total) == 33.0
    x.grad = None
    total.backward()
    assert values(x.grad) == 2.0 + 18.0


def test_orders_mix_several_variables():
    x, y = leaf(0.7), leaf(1.3)
    z = (x * y).sin() * y
    (dx,) = autograd.gradients(z, x, create_graph=True)
    (dxy,) = autograd.gradients(dx, y, create_graph=True)
    (dxyx,) = autograd.gradients(dxy, x)
    a, b = 0.7, 1.3
    np.testing.assert_allclose(dx.item(), b**2 * np.cos(a * b), 1e-14)
    np.testing.assert_allclose(dxy.item(), 2 * b * np.cos(a * b) - b**2 * a * np.sin(a * b), 1e-14)
    exact = -3 * b**2 * np.sin(a * b) - b**3 * a * np.cos(a * b)
    np.testing.assert_allclose(dxyx.item(), exact, 1e-14)
