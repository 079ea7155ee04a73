"""Views that were made where nothing was recorded, written where it is."""

from __future__ import annotations

import numpy as np
import pytest

import autograd


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda v: v.__setitem__(0, 5.0), [0.0, 2.0, 2.0]),
        (lambda v: v.__imul__(3.0), [6.0, 6.0, 2.0]),
        (lambda v: v[1:].__iadd__(1.0), [2.0, 2.0, 2.0]),
    ],
)
def test_a_view_made_under_no_grad_keeps_the_history_of_what_it_shows(write, expected):
    x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    with autograd.no_grad():
        view = y[0:2]
    write(view)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected)


def test_reading_such_a_view_gives_no_gradient():
    x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    with autograd.no_grad():
        view = y[0:2]
    assert not view.requires_grad
