"""Short programs that write into arrays and views; each runs on Tensors and on NumPy's own arrays.

A scenario takes `x` of shape (2, 3) and `y` of shape (3,), which it may write, and returns the
arrays that are there at the end.
"""

from __future__ import annotations

import numpy as np

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


# ------------------------------------------------------------------ NumPy's functions that write


@scenario
def put(x, y):
    np.put(x, [0, -1, 2], y * 2)
    np.put(x.T, [1, 1, 2], y[:2])
    np.put(x[:, 1:], [9, -7], y[0], mode="wrap")
    np.put(x, [99, -99], 3.0, mode="clip")
    np.put(x, [], y)
    return [x]


@scenario
def put_as_a_method(x, y):
    row = x[1]
    row.put([0, 2], y)
    return [x, row]


@scenario
def copyto(x, y):
    np.copyto(x, y * y)
    np.copyto(x[0], x[1] * 2, where=np.array([True, False, True]))
    np.copyto(x.T, y[:, None], where=np.array([False, True]))
    return [x]


@scenario
def place_and_putmask(x, y):
    mask = np.array([[True, False, True], [True, False, True]])
    np.place(x, mask, y[:2])
    flat = x.reshape(6)
    np.putmask(flat, flat != 99.0, x[0, :1] * y)
    np.putmask(x, ~mask, y[1] * 2)
    np.place(x, np.zeros((2, 3), bool), y)
    return [x, flat]


@scenario
def fill_diagonal(x, y):
    np.fill_diagonal(x, y)
    np.fill_diagonal(x.T[:, ::-1], y[:1] * 3)
    tall = x.reshape(6, 1) * y[:2]
    np.fill_diagonal(tall, y[2], wrap=True)
    cube = x.reshape(1, 1, 6)[:, :, :1] * y[0]
    np.fill_diagonal(cube, 5.0)
    return [x, tall, cube]


@scenario
def put_along_axis(x, y):
    np.put_along_axis(x, np.array([[2], [0]]), y[:2, None] * 2, axis=1)
    np.put_along_axis(x, np.array([[1, 0, 1]]), y, 0)
    np.put_along_axis(x[0], np.array([1, 1]), y[:2] * y[1:], axis=None)
    return [x]


@scenario
def fill(x, y):
    row = x[0]
    row.fill(2.0)
    row[1:].fill(y[1])
    return [x, row]


@scenario
def sort_in_place(x, y):
    row = x[0]
    x.sort()
    x *= y
    x.sort(axis=0)
    row.sort()
    return [x, row]


@scenario
def partition_in_place(x, y):
    x[0].partition(1)
    return [x[0, 1] * y, np.sort(x, axis=1)]


@scenario
def elements_as_one_axis(x, y):
    x.flat[1:4] = y
    x.T.flat[[0, 5]] = x.flat[2] * 2
    x.flat[-1] = y[0]
    second = x * 1.0
    second.flat = y * y
    return [x, second, x.flat[::2]]


@scenario
def ufunc_at(x, y):
    np.add.at(x, (0, [1, 1, 2]), y)
    np.multiply.at(x[1], [0, 0], y[:2])
    np.subtract.at(x.T, [0, 2, 0], y[0] * 2)
    np.negative.at(x[0], [0, 0, 1])
    return [x]


@scenario
def out_of_functions(x, y):
    np.multiply(x, y, out=x)
    np.add(x[0], x[1], out=x[1])
    np.sin(x, out=x, where=np.array([True, False, True]))
    np.sum(x, axis=0, out=y)
    np.cumsum(y, out=y)
    x.sum(axis=1, out=y[1:])
    np.add.accumulate(x, axis=1, out=x)
    np.matmul(x, x.T[:, :1] * y[:1], out=x[:, :1])
    return [x, y]


@scenario
def long_chains_of_views(x, y):
    inner = x.T[::-1].reshape(3, 2)[1:, ::-1].T[None, 0]
    inner += y[:2]
    inner **= 2
    deep = x.reshape(3, 2).swapaxes(0, 1)[:, 1:][::-1].squeeze()[:, :1]
    deep *= x[0, 0]
    deep[...] = deep[::-1] * y[1]
    np.copyto(deep, y[:1] * 3, where=np.array([[True], [False]]))
    return [x, inner, deep]


@scenario
def halves_turned(x, y):
    turned, last = np.rot90(x), np.hsplit(x, 3)[2]
    turned[0] *= y[:2]
    last -= turned[1][:, None]
    np.fliplr(x)[0, :2] = y[1:]
    return [x, turned, last]
