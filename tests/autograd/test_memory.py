"""Values that a rule saved cannot be falsified by writing to the caller's arrays."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import memory, tensor
from tests.support.samples import Sample, differentiable

LARGE = memory.SMALL // 8 + 1  # float64 elements that are too many to copy
SMALL = 3


def ones(n=SMALL):
    return np.ones(n)


@pytest.fixture
def x():
    return tensor(2.0, requires_grad=True)


@pytest.fixture(autouse=True)
def _no_guard_is_left():
    yield
    assert not memory._guards


def is_writable(array):
    try:
        array[0] = array[0]
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------ the caller's arrays


def _scaled(array):
    """Scale an array in place, if it lets itself be written."""
    if isinstance(array, np.ndarray) and array.dtype.kind in "fc":
        array *= 3


@differentiable
def test_every_primitive_when_its_arrays_are_scaled_before_backward(sample: Sample):
    for i in sample.active:
        args = [a.copy() if isinstance(a, np.ndarray) else a for a in sample.args]
        gradients = []
        for scale in (False, True):
            leaf = tensor(sample.args[i], requires_grad=True)
            out = sample.call(*[leaf if j == i else a for j, a in enumerate(args)])
            if scale:
                for a in args:
                    _scaled(a)
            v = np.cos(np.arange(out.size, dtype=out.dtype)).reshape(out.shape)
            out.backward(v.astype(out.dtype))
            gradients.append(leaf.grad.numpy().copy())
        np.testing.assert_array_equal(*gradients, err_msg=f"argument {i}")


@differentiable
def test_every_primitive_when_the_memory_of_its_tensors_is_scaled(sample: Sample):
    gradients = []
    for scale in (False, True):
        arrays = [a.copy() if isinstance(a, np.ndarray) else a for a in sample.args]
        tensors = [
            autograd.Tensor(a, requires_grad=i in sample.active) if isinstance(a, np.ndarray) else a
            for i, a in enumerate(arrays)
        ]
        out = sample.call(*tensors)
        if scale:
            for a in arrays:
                _scaled(a)
        v = np.cos(np.arange(out.size, dtype=out.dtype)).reshape(out.shape)
        found = autograd.gradients(out, [tensors[i] for i in sample.active], v.astype(out.dtype))
        gradients.append([g.numpy() for g in found])
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_array_equal(a, b)


def test_static_arrays_are_kept_too():
    index, repeats = np.array([0, 1]), np.array([1, 2, 3])
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[index].sum() + anp.repeat(x, repeats).sum() + anp.take(x, index).sum()
    index[...] = 2
    repeats[...] = repeats[::-1].copy()
    y.backward()
    assert x.grad.tolist() == [3.0, 4.0, 3.0]


def test_a_mask_that_changes_later():
    mask = np.array([True, False])
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x[mask].sum() + anp.where(mask, x, 0.0).sum()
    mask[...] = ~mask
    y.backward()
    assert x.grad.tolist() == [2.0, 0.0]


def test_small_arrays_stay_writable(x):
    c = ones()
    y = x * c
    c *= 5
    y.sum().backward()
    assert x.grad.item() == 3.0


def test_large_arrays_are_guarded_until_backward_released_them(x):
    c = ones(LARGE)
    y = x * c
    with pytest.raises(ValueError, match="read-only"):
        c *= 5
    y.sum().backward()
    assert x.grad.item() == LARGE
    assert is_writable(c)


def test_dropping_the_result_releases(x):
    c = ones(LARGE)
    y = x * c
    assert not is_writable(c)
    del y
    assert is_writable(c)


def test_retain_graph_keeps_the_guard(x):
    c = ones(LARGE)
    y = (x * c).sum()
    y.backward(retain_graph=True)
    assert not is_writable(c)
    y.backward()
    assert is_writable(c)
    assert x.grad.item() == 2 * LARGE


def test_several_guards_of_one_array(x):
    c = ones(LARGE)
    first, second = x * c, x.sin() * c
    del first
    assert not is_writable(c)
    third = x * c
    del second
    assert not is_writable(c)
    third.sum().backward()
    assert is_writable(c)


def test_a_read_only_array_stays_read_only(x):
    c = ones(LARGE)
    c.flags.writeable = False
    (x * c).sum().backward()
    assert not is_writable(c)


def test_many_guards_beside_one_that_stays_cost_no_memory(x):
    c = ones(LARGE)
    kept = x * c
    for _ in range(50):
        x * c
    assert len(memory._guards[id(c)]) < 10
    del kept


@pytest.mark.parametrize(
    "make",
    [lambda c: c[:], lambda c: c.reshape(-1, 1), lambda c: c[::-1], lambda c: np.frombuffer(c.tobytes())],
    ids=["slice", "reshape", "reversed", "buffer"],
)
def test_large_arrays_that_do_not_own_their_memory_are_copied(x, make):
    owner = ones(LARGE)
    view = make(owner)
    y = x * view
    assert is_writable(owner)
    owner *= 7
    y.sum().backward()
    assert x.grad.item() == LARGE


def test_nothing_is_guarded_where_nothing_is_recorded(x):
    c = ones(LARGE)
    with autograd.no_grad():
        y = x * c
    z = tensor(3.0) * c
    assert is_writable(c)
    assert y.shape == z.shape == c.shape


def test_nothing_is_guarded_that_no_rule_saves(x):
    c = ones(LARGE)
    y = x + c
    c *= 5
    y.sum().backward()
    assert x.grad.item() == LARGE


def test_lists_of_arrays():
    a, b = tensor(np.ones((2, LARGE)), requires_grad=True), np.ones((LARGE, 2))
    y = anp.einsum("ij,jk->ik", a, b)
    assert not is_writable(b)
    y.sum().backward()
    assert is_writable(b)


def test_guards_in_a_differentiable_sweep():
    c = ones(LARGE)
    x = tensor(2.0, requires_grad=True)
    (g,) = autograd.gradients(((x * c) ** 3).sum(), x, create_graph=True)
    assert not is_writable(c)
    (h,) = autograd.gradients(g, x)
    assert h.item() == 12.0 * LARGE
    del g
    assert is_writable(c)


def test_an_argument_of_grad_is_guarded_only_meanwhile():
    c = ones(LARGE)
    seen = []

    def f(x):
        y = (x * x).sum()
        seen.append(is_writable(c))
        return y

    autograd.grad(f)(c)
    assert seen == [False]
    assert is_writable(c)
