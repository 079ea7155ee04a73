"""Memory that is handed out or shared on purpose: `.data`, `detach()`, `Tensor(array)`, `numpy()`."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import memory, tensor

LARGE = memory.SMALL // 8 + 1  # float64 elements that are too many to copy
SMALL = 3


def ones(n):
    return np.ones(n)


@pytest.fixture(autouse=True)
def _no_guard_is_left():
    yield
    assert not memory._guards


# ------------------------------------------------------------------ what `.data` hands out


def test_data_shares_memory():
    x = tensor([1.0, 2.0])
    x.data[0] = 5.0
    assert x.tolist() == [5.0, 2.0]
    assert x.data is x.data
    assert np.shares_memory(x.data, x.numpy())


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_data_of_what_was_saved_before(n):
    x = tensor(ones(n), requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    y.data[...] = 100.0  # the graph has its own copy by now
    z.backward()
    assert x.grad.tolist() == [8.0] * n
    assert y.tolist() == [100.0] * n


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_data_handed_out_before_it_was_saved(n):
    x = tensor(ones(n), requires_grad=True)
    y = x * 2
    data = y.data
    z = (y * y).sum()
    if n == SMALL:
        data[...] = 100.0
    else:
        with pytest.raises(ValueError, match="read-only"):
            data[...] = 100.0
    z.backward()
    assert x.grad.tolist() == [8.0] * n
    data[...] = 50.0
    assert y.tolist() == [50.0] * n


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_a_result_whose_rule_saved_it(n):
    x = tensor(np.zeros(n), requires_grad=True)
    y = anp.exp(x)
    y.data[...] = 100.0
    y.sum().backward()
    assert x.grad.tolist() == [1.0] * n


def test_a_leafs_data_changed_between_forward_and_backward():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    x.data[...] = 10.0
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    assert x.tolist() == [10.0, 10.0]


def test_data_of_a_view():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    row = x[1]
    row.data[...] = 9.0
    assert x.tolist() == [[1.0, 2.0], [9.0, 9.0]]
    x.data[1, 0] = 5.0
    assert row.tolist() == [5.0, 9.0]


def test_data_of_a_view_of_what_was_saved():
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    y[1:].data[...] = 100.0
    assert y.tolist() == [1.0, 100.0, 100.0]
    z.backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_data_of_a_scalar_result():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x.sum()
    assert isinstance(y.data, np.ndarray)
    y.data[...] = 7.0
    assert y.item() == 7.0
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_setting_data():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    mine = np.array([5.0, 6.0])
    x.data = mine
    assert x.data is mine
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    z = (x * x).sum()
    mine[...] = 0.0
    x.grad = None
    z.backward()
    assert x.grad.tolist() == [10.0, 12.0]


def test_setting_data_takes_a_tensor_out_of_its_family():
    x = tensor([1.0, 2.0, 3.0])
    view, other = x[:2], x[1:]
    x.data = np.zeros(3)
    assert view.tolist() == [1.0, 2.0]
    view[1] = 8.0
    assert other.tolist() == [8.0, 3.0]
    assert x.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("value", "error"),
    [(np.ones(3), autograd.errors.ShapeError), (np.ones(2, int), autograd.errors.DtypeError)],
    ids=["shape", "dtype"],
)
def test_data_that_does_not_fit_the_gradient(value, error):
    x = tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    with pytest.raises(error, match="data:"):
        x.data = value
    assert x.tolist() == [1.0, 2.0]


# ------------------------------------------------------------------ sharing and copying


def test_tensor_copies_and_the_class_shares():
    a = np.array([1.0, 2.0])
    copied, shared = tensor(a), autograd.Tensor(a)
    a[0] = 9.0
    assert copied.tolist() == [1.0, 2.0]
    assert shared.tolist() == [9.0, 2.0]
    shared[1] = 4.0
    assert a.tolist() == [9.0, 4.0]


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_a_shared_tensor_is_written_although_its_memory_is_guarded(n):
    a = ones(n)
    shared, x = autograd.Tensor(a), tensor(2.0, requires_grad=True)
    y = x * shared
    shared[...] = 5.0
    assert a[0] == 5.0
    assert a.flags.writeable
    y.sum().backward()
    assert x.grad.item() == n


def test_detach_shares_memory_and_leaves_the_graph():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    d = y.detach()
    assert not d.requires_grad
    assert d.is_leaf
    d[0] = 7.0
    assert y.tolist() == [7.0, 2.0]
    assert np.shares_memory(d.data, y.data)


def test_writing_to_what_is_detached_does_not_falsify_gradients():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    y.detach()[...] = 50.0
    assert y.tolist() == [50.0, 50.0]
    z.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_numpy_of_a_tensor_shares():
    x = tensor([1.0, 2.0])
    np.asarray(x)[0] = 3.0
    x.numpy()[1] = 4.0
    np.from_dlpack(x)
    assert x.tolist() == [3.0, 4.0]
    assert np.array(x, copy=True) is not x.numpy()
    assert np.asarray(x, np.float32).dtype == np.float32


def test_copies_share_nothing():
    x = tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    twin = copy.deepcopy(x)
    assert twin.requires_grad
    assert twin.grad.tolist() == [1.0, 1.0]
    twin.data[...] = 5.0
    twin.grad.data[...] = 5.0
    assert (x.tolist(), x.grad.tolist()) == ([1.0, 2.0], [1.0, 1.0])
    y = x.copy()
    assert not np.shares_memory(y.data, x.data)
    with pytest.raises(autograd.errors.GradientError, match="only leaves"):
        copy.deepcopy(x * 2)


def test_a_write_by_reference_count_alone(monkeypatch):
    """Where reference counts say nothing, every buffer counts as held: copied, never wrong."""
    monkeypatch.setattr(memory, "_SOLE", -(10**6))
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    with autograd.no_grad():
        y[0] = 100.0
        view = y[1:]
        view[0] = 50.0
    assert y.tolist() == [100.0, 50.0]
    z.backward()
    x_grad = x.grad
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    assert x_grad.shape == (2,)
