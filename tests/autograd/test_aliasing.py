"""Writes and views: what NumPy does to the values, and what follows for the gradients.

A scenario is one function, run on Tensors and on NumPy's own arrays. Its values must be
NumPy's; its gradients those of NumPy's run by complex step, which knows nothing of tapes.
"""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from tests.support.numeric import complex_step

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])
Y = np.array([0.3, -0.7, 1.1])

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


# ------------------------------------------------------------------ writes by index


@scenario
def one_element(x, y):
    x[0, 1] = y[2] * 2
    return [x]


@scenario
def one_row(x, y):
    x[1] = y * y
    return [x]


@scenario
def a_row_broadcast_over_all(x, y):
    x[...] = y
    return [x, y]


@scenario
def a_constant(x, y):
    x[:, 1] = 7.0
    return [x]


@scenario
def steps_and_negative_steps(x, y):
    x[::-1, ::2] = y[1:]
    return [x]


@scenario
def a_value_with_more_axes_of_length_one(x, y):
    x[0] = (y * y).reshape(1, 1, 3)
    return [x]


@scenario
def a_mask(x, y):
    mask = np.array([[True, False, True], [False, True, False]])
    x[mask] = y * 3
    return [x]


@scenario
def integers(x, y):
    x[[1, 0], [0, 2]] = y[:2] * x[0, 1]
    return [x]


@scenario
def integers_twice_the_same(x, y):
    x[0][[1, 1, 2]] = y  # of a row that nothing else holds: the view is written through
    x[:, [0, 0]] = x[:, 1:] * 2
    return [x]


@scenario
def integers_and_slices(x, y):
    x[np.array([1, 0]), 1:] = y[:2] * 2
    return [x]


@scenario
def a_new_axis(x, y):
    x[:, None, 1:] = (y[1:] * 2)[None, None]
    return [x]


@scenario
def overlapping_parts_of_itself(x, y):
    x[:, 1:] = x[:, :-1]
    return [x]


@scenario
def itself_reversed(x, y):
    x[...] = x[::-1, ::-1] * y
    return [x]


@scenario
def nothing_at_all(x, y):
    x[:, :0] = 1.0
    x[np.zeros((2, 3), bool)] = 5.0
    return [x]


# ------------------------------------------------------------------ augmented writes


@scenario
def augmented_whole(x, y):
    x += y
    x *= x
    x -= 0.5
    x /= y
    x **= 2
    return [x]


@scenario
def augmented_element(x, y):
    x[0, 0] += y[0]
    x[1, 2] *= x[0, 0]
    return [x]


@scenario
def augmented_slice(x, y):
    x[:, 1:] *= y[1:]
    x[0] -= x[1]
    return [x]


@scenario
def augmented_by_integers_counts_duplicates_once(x, y):
    x[:, [0, 0, 1]] += y
    return [x]


@scenario
def augmented_by_a_mask(x, y):
    mask = np.array([[True, False, True], [False, True, False]])
    x[mask] *= y
    return [x]


@scenario
def augmented_by_itself(x, y):
    x += x
    x *= x[0]
    x += x[:, ::-1]
    return [x]


@scenario
def augmented_view(x, y):
    row = x[1]
    row += y
    row *= row
    return [x, row]


@scenario
def matrix_product_in_place(x, y):
    square = x[:, :2]
    square @= square
    return [x, square]


# ------------------------------------------------------------------ views


@scenario
def a_write_seen_through_views(x, y):
    row, column, turned = x[0], x[:, 1], x.T
    x[0, 1] = y[0] * 3
    return [x, row, column, turned]


@scenario
def a_write_through_a_view(x, y):
    row, turned = x[0], x.T
    row[1] = y[0] * 3
    turned[2] = y[1:]
    return [x, row, turned]


@scenario
def views_of_views(x, y):
    inner = x.T[1:][::-1, 0]
    inner[...] = y[:2] * x[0, 0]
    return [x, inner]


@scenario
def reshaped(x, y):
    flat = x.reshape(6)
    flat[1:4] = y
    flat.reshape(3, 2)[2] *= 2.0
    return [x, flat]


@scenario
def reshaped_where_numpy_copies(x, y):
    flat = x.T.reshape(6)
    flat[1:4] = y
    return [x, flat]


@scenario
def transposed_and_swapped(x, y):
    turned, swapped = x.transpose(1, 0), x.swapaxes(0, 1)
    turned[0] = y[:2]
    swapped[2, 1] = y[2]
    return [x, turned, swapped]


@scenario
def flipped(x, y):
    flipped = np.flip(x, 1)
    flipped[0, 0] = y[1] * y[2]
    return [x, flipped]


@scenario
def with_new_axes_and_squeezed(x, y):
    grown = x[:, None]
    grown[1, 0] = y
    grown.squeeze()[0] *= y
    return [x, grown]


@scenario
def raveled(x, y):
    flat = x.ravel()
    flat *= 2.0
    return [x, flat]


@scenario
def overlapping_views(x, y):
    left, right = x[:, :2], x[:, 1:]
    left *= 3.0
    right += left
    left[...] = right
    return [x, left, right]


@scenario
def a_view_that_outlives_its_origin(x, y):
    row = x[1]
    del x
    row *= y
    return [row]


@scenario
def a_copy_is_no_view(x, y):
    taken, copied = x[[0, 1]], x.copy()
    x[...] = 0.0
    return [x, taken * 1.0, copied]


@scenario
def an_element_is_no_view(x, y):
    element = x[0, 0] * 1.0
    x[0, 0] = 9.0
    return [x, element]


@scenario
def what_was_computed_before_stays(x, y):
    before = x * y
    x[...] = before + x
    x[0] = 0.0
    return [x, before]


@scenario
def writes_between_uses(x, y):
    a = x * x
    x[0] *= 2.0
    b = x * x
    x[:, 1] = b[:, 0]
    return [x, a, b, x * a * b]


@scenario
def a_view_of_a_result_written_later(x, y):
    z = x * 1.0
    row = z[0]
    z *= y
    row += 1.0
    z[1] = row
    return [z, row]


@scenario
def rebinding_is_not_writing(x, y):
    row = x[0]
    x = x * 2.0
    x[0] = y
    return [x, row]


@scenario
def a_loop(x, y):
    total = x[0] * 0.0
    for i in range(3):
        total[i:] += x[1, i] * y[i:]
        x[0, i] = total[i]
    return [x, total]


@scenario
def a_split(x, y):
    left, middle, right = np.split(x, 3, axis=1)
    left[...] = right * 2.0
    middle += left
    return [x, left, middle, right]


@scenario
def iteration(x, y):
    for row in x:
        row *= y
    return [x]


# ------------------------------------------------------------------ the comparison


def _on_numpy(function, x, y):
    return function(x.copy(), y.copy())


def _weights(arrays):
    return [np.cos(k + np.arange(a.size)).reshape(a.shape) for k, a in enumerate(arrays)]


def _loss(function, x, y):
    arrays = function(x.astype(complex), y.astype(complex))  # copies, into which any may be written
    return sum(np.sum(w * a) for w, a in zip(_weights(arrays), arrays, strict=True))


def _recorded(function):
    leaves = [tensor(v, requires_grad=True) for v in (X, Y)]
    results = function(*(leaf * 1.0 for leaf in leaves))
    return leaves, results


@pytest.mark.parametrize("name", SCENARIOS)
def test_values_are_numpys(name):
    _, results = _recorded(SCENARIOS[name])
    for ours, theirs in zip(results, _on_numpy(SCENARIOS[name], X, Y), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs, 1e-15, 1e-15)


@pytest.mark.parametrize("name", SCENARIOS)
def test_gradients_are_right(name):
    leaves, results = _recorded(SCENARIOS[name])
    weights = _weights(results)
    sum(((r * w).sum() for r, w in zip(results, weights, strict=True)), start=0.0).backward()
    for i, leaf in enumerate(leaves):
        found = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        expected = complex_step(lambda *v: _loss(SCENARIOS[name], *v), [X, Y], i)
        np.testing.assert_allclose(found, expected, 1e-12, 1e-13)


@pytest.mark.parametrize("name", SCENARIOS)
def test_second_derivatives_are_right(name):
    def gradient(x, y):
        leaves = [tensor(v, requires_grad=True) for v in (x, y)]
        results = SCENARIOS[name](*(leaf * 1.0 for leaf in leaves))
        total = sum(((r * r * w).sum() for r, w in zip(results, _weights(results), strict=True)), 0.0)
        found = autograd.gradients(total, leaves, create_graph=True, allow_unused=True)
        return leaves, [g for g in found if g is not None]

    leaves, grads = gradient(X, Y)
    total = sum((g.sum() for g in grads), start=0.0)
    second = autograd.gradients(total, leaves, allow_unused=True)
    h = 1e-5
    for i, g in enumerate(second):
        for index in np.ndindex((X, Y)[i].shape):
            moved = []
            for sign in (1, -1):
                values = [X.copy(), Y.copy()]
                values[i][index] += sign * h
                moved.append(sum(g.detach().numpy().sum() for g in gradient(*values)[1]))
            slope = (moved[0] - moved[1]) / (2 * h)
            found = 0.0 if g is None else g.numpy()[index]
            np.testing.assert_allclose(found, slope, 1e-5, 1e-5)


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_recording_too(name):
    with autograd.no_grad():
        leaves = [tensor(v, requires_grad=True) for v in (X, Y)]
        results = SCENARIOS[name](*(leaf * 1.0 for leaf in leaves))
    constants = SCENARIOS[name](tensor(X), tensor(Y))
    for ours, others, theirs in zip(results, constants, _on_numpy(SCENARIOS[name], X, Y), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, 1e-15, 1e-15)
        np.testing.assert_allclose(others.numpy(), theirs, 1e-15, 1e-15)
        assert not ours.requires_grad


@pytest.mark.parametrize("name", SCENARIOS)
def test_through_shared_memory_as_through_numpys(name):
    x, y, z = X.copy(), Y.copy(), X.copy()
    ours = SCENARIOS[name](autograd.Tensor(x), autograd.Tensor(y))
    SCENARIOS[name](z, Y.copy())
    np.testing.assert_allclose(x, z, 1e-15, 1e-15, err_msg="the caller's array that was shared")
    assert len(ours) > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_into_a_constant_that_was_saved(name):
    """A constant becomes recorded by what is written to it; what was saved of it stays."""
    leaf = tensor(Y, requires_grad=True)
    constant = tensor(X)
    before = (constant * leaf).sum()
    SCENARIOS[name](constant, leaf * 1.0)
    before.backward()
    np.testing.assert_allclose(leaf.grad.numpy(), X.sum(0), 1e-15)


def test_a_number_can_be_viewed():
    """NumPy's results of no axes are scalars; ours are tensors, with views as arrays have them."""
    x = tensor([1.0, 2.0], requires_grad=True)
    total = x.sum()
    for make in (lambda t: t[None], lambda t: t.reshape(1, 1), lambda t: t[...]):
        view = make(total)
        view *= 2.0
        assert view.item() == total.item()
    assert total.item() == 24.0
    total.backward()
    assert x.grad.tolist() == [8.0, 8.0]
