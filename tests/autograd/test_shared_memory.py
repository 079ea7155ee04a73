"""Memory that is shared in less common ways: each case once gave a wrong gradient in silence."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import gradients, no_grad, tensor
from autograd.errors import DtypeError, LeafWriteError, ShapeError


def leaf(*values):
    return tensor([float(v) for v in values], requires_grad=True)


WRITES = {
    "the root": lambda k, v: k.__setitem__(0, 100.0),
    "the root, augmented": lambda k, v: k.__iadd__(100.0),
    "the view": lambda k, v: v.__setitem__(0, 100.0),
    "the exposed array": lambda k, v: k.data.__setitem__(0, 100.0),
    "by numpy.copyto": lambda k, v: np.copyto(k, 100.0),
    "by numpy.put": lambda k, v: np.put(k, [0], 100.0),
    "by numpy.add.at": lambda k, v: np.add.at(k, [0], 100.0),
}


@pytest.mark.parametrize("how", WRITES)
def test_a_saved_view_keeps_its_values_when_its_base_is_written(how):
    w, k = leaf(1, 2), tensor([1.0, 2.0, 3.0])
    v = k[:2]
    y = (w * v).sum()
    WRITES[how](k, v)
    assert k.numpy()[0] in (100.0, 101.0)
    assert v.numpy()[0] == k.numpy()[0]
    y.backward()
    np.testing.assert_array_equal(w.grad.numpy(), [1.0, 2.0])


def test_a_saved_view_of_a_leaf_keeps_its_values_under_no_grad():
    w = leaf(1, 2, 3)
    y = w.reshape(3, 1)
    s = (y * y).sum()
    with no_grad():
        w -= 10.0
    s.backward()
    np.testing.assert_array_equal(w.grad.numpy(), [2.0, 4.0, 6.0])


def test_recorded_gradients_are_tensors_of_their_own():
    a, b, seed = leaf(1, 2), leaf(3, 4), tensor([1.0, 1.0])
    (a + b).backward(gradient=seed, create_graph=True)
    a.grad.zero_()
    np.testing.assert_array_equal(b.grad.detach().numpy(), [1.0, 1.0])
    np.testing.assert_array_equal(seed.numpy(), [1.0, 1.0])
    ga, gb = gradients((a + b).sum(), [a, b], create_graph=True)
    ga *= 5.0
    np.testing.assert_array_equal(gb.detach().numpy(), [1.0, 1.0])
    first, second = autograd.grad(lambda x, y: (x + y).sum(), (0, 1))(a, b)
    first *= 5.0
    np.testing.assert_array_equal(second.detach().numpy(), [1.0, 1.0])


def test_a_write_keeps_the_layout_so_that_views_stay_views():
    w = tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    y = w * 1
    y.T[0] = 2.0
    row = y.reshape(-1)
    row[0] = 99.0
    assert y[0, 0].item() == 99.0


def test_a_detached_tensor_records_what_is_written_into_it():
    a, base = leaf(1, 2, 3), tensor(np.zeros(3))
    b = base.detach()
    part = b[1:]
    b[1] = a[0] * 2
    assert b.requires_grad
    assert not base.requires_grad
    assert base[1].item() == part[0].item() == 2.0  # the memory stays shared
    (b.sum() + part.sum()).backward()
    np.testing.assert_array_equal(a.grad.numpy(), [4.0, 0.0, 0.0])


def test_a_view_of_a_detached_tensor_that_is_gone_records_for_itself():
    a, v = leaf(1, 2), tensor(np.zeros(3)).detach()[:2]
    v[0] = a[1]
    v.sum().backward()
    np.testing.assert_array_equal(a.grad.numpy(), [0.0, 1.0])


@pytest.mark.parametrize(
    "make",
    [
        lambda: leaf(1, 2).detach().requires_grad_(),
        lambda: tensor(np.zeros(6)).reshape(2, 3).requires_grad_(),
        lambda: leaf(1, 2),
    ],
)
@pytest.mark.parametrize("view", [False, True])
def test_leaves_of_any_origin_and_their_views_are_not_written(make, view):
    made = make()
    b = made[:1] if view else made
    with pytest.raises(LeafWriteError):
        b[0] = 9.0
    with pytest.raises(LeafWriteError):
        b *= 2.0


def test_writing_the_detached_self_cuts_the_gradient():
    a = leaf(1, 2, 3)
    y = a * 2
    y[0:2] = y[0:2].detach()
    y.sum().backward()
    np.testing.assert_array_equal(a.grad.numpy(), [0.0, 0.0, 2.0])


@pytest.mark.parametrize("hand_out", [lambda w: w.detach().numpy(), lambda w: np.asarray(w.detach())])
def test_arrays_handed_out_of_views_are_safe_to_write(hand_out):
    w = leaf(*range(5000))
    array = hand_out(w)
    s = w * w
    array[1] = 50.0
    s.sum().backward()
    np.testing.assert_array_equal(w.grad.numpy()[:3], [0.0, 2.0, 4.0])
    assert w[1].item() == 50.0


def test_numpy_functions_that_write_refuse_a_tensor_that_requires_grad():
    w = tensor(np.eye(2), requires_grad=True)
    y = (w * w).sum()
    with pytest.raises(LeafWriteError, match="a leaf that requires grad"):
        np.fill_diagonal(w, 50.0)
    with no_grad():
        np.fill_diagonal(w, 50.0)
    assert w[0, 0].item() == 50.0
    y.backward()
    np.testing.assert_array_equal(w.grad.numpy(), 2 * np.eye(2))


def test_lists_of_tensors_are_written_with_their_gradient():
    a = leaf(1, 2)
    for write in (lambda c: c.__iadd__([a[0], a[1]]), lambda c: c.__setitem__(slice(None), [a[0], a[1]])):
        c = tensor(np.zeros(2))
        write(c)
        a.grad = None
        (c * c).sum().backward()
        np.testing.assert_array_equal(a.grad.numpy(), [2.0, 4.0])


@pytest.mark.parametrize(
    ("at", "f"),
    [
        (-1.0, lambda t: np.where(t > 0, np.sqrt(t), 0.0)),
        (0.0, lambda t: np.where(t != 0, 0.0 / t, 0.0)),
        (1000.0, lambda t: np.where(t < 0, np.exp(t), 0.0)),
        (2.0, lambda t: np.where(t < 1, np.arcsin(t), 0.0)),
        (-1.0, lambda t: np.where(t > 0, t**0.5, 0.0)),
    ],
)
def test_a_branch_not_taken_gives_zero_also_where_its_value_is_none(at, f):
    t = leaf(at)
    f(t).sum().backward()
    assert t.grad.item() == 0.0


def test_replacing_data_keeps_gradients_of_its_shape_and_dtype():
    w = leaf(1, 2)
    (w * w).sum().backward()
    for wrong in (np.ones(2, np.float32), np.ones(3)):
        with pytest.raises(ShapeError, match="rely on"):
            w.data = wrong
    w.grad = None
    y = (w * w).sum()
    w.data = np.ones(3, np.float32)
    y.backward()
    assert w.grad is None
    (w * w).sum().backward()
    assert (w.grad.shape, w.grad.dtype) == ((3,), np.float32)
    with pytest.raises(DtypeError, match="cannot hold"):
        tensor(np.ones(2)).data = "a"


def test_a_leaf_that_rested_is_the_same_leaf():
    w = leaf(1, 2, 3)
    y = (w * w).sum()
    w.requires_grad_(False)
    assert not (w * 2).requires_grad
    w.requires_grad_(True)
    y.backward()
    np.testing.assert_array_equal(w.grad.numpy(), [2.0, 4.0, 6.0])
    w.requires_grad_(False)
    assert w.grad is not None


def test_retain_grad_means_the_tensor_as_it_is_now():
    a = leaf(1, 2)
    y = a * 2
    y.retain_grad()
    y += 1
    (y * y).sum().backward()
    np.testing.assert_array_equal(y.grad.numpy(), [6.0, 10.0])


def test_subclasses_of_ndarray_are_arrays(tmp_path):
    mapped = np.memmap(tmp_path / "m", "f8", "w+", shape=3)
    mapped[:] = 2.0
    w = leaf(1, 2, 3)
    for product in (w * mapped, mapped * w):
        w.grad = None
        product.sum().backward()
        np.testing.assert_array_equal(w.grad.numpy(), [2.0, 2.0, 2.0])


def test_a_long_chain_of_views_takes_time_linear_in_its_length():
    y = x = tensor(np.ones((2, 3)), requires_grad=True)
    for _ in range(20_000):
        y = y.T
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.ones((2, 3)))


def test_the_namespace_takes_lists_and_numbers_as_numpy_does():
    table = [[1.0, 2.0], [3.0, 4.0]]
    for call in (
        lambda np_: np_.transpose(table),
        lambda np_: np_.expand_dims(table, 0),
        lambda np_: np_.moveaxis(table, 0, 1),
        lambda np_: np_.tile(table, 2),
        lambda np_: np_.trace(table),
        lambda np_: np_.kron(table, 2.0),
        lambda np_: np_.take(table, [1], 0),
        lambda np_: np_.cumsum(table, 0),
        lambda np_: np_.mean(3.0),
    ):
        np.testing.assert_array_equal(call(anp), call(np))
