"""Random programs of writes: NumPy's values, and derivatives of the whole program by complex step.

A program is a list of steps. Each takes a view of one array, and writes into it by one of NumPy's
functions that write, from a source that depends on the variables and on what the program wrote before.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import tensor

X = np.cos(1.0 + np.arange(6.0)).reshape(2, 3)
WEIGHTS = np.sin(2.0 + np.arange(6.0)).reshape(2, 3)

VIEWS = {
    "whole": lambda t: t,
    "turned": lambda t: t.T,
    "backwards": lambda t: t[::-1, ::2],
    "folded": lambda t: t.reshape(3, 2),
    "rows of columns": lambda t: t.T[1:],
    "a view of a view": lambda t: t.T[::-1][:, 1:].T[:, 1:],
    "swapped": lambda t: t.swapaxes(0, 1)[:2],
    "a part": lambda t: t[:, 1:][:, :2],
}


def fitted(x, shape):
    """The numbers of x, as many as a shape has."""
    return x.reshape(-1)[np.arange(int(np.prod(shape))) % x.size].reshape(shape)


def positive(v):
    return np.real(getattr(v, "_data", v)) > 0


def _columns(v):
    return np.arange(v.shape[0])[:, None] % v.shape[1]


def _augmented(v, source):
    v *= source
    v -= 0.5


def _part(v, index, source):
    v[index] += source


# Each writes into v from a source s of its shape.
STEPS = {
    "copyto": lambda v, s: np.copyto(v, s * 0.5),
    "copyto where": lambda v, s: np.copyto(v, s[:1], where=positive(v)),
    "put": lambda v, s: np.put(v, [0, -1, 0], s * 2),
    "put by wrapping": lambda v, s: v.put([1, 77], s, mode="wrap"),
    "put by clipping": lambda v, s: np.put(v, [-9, 99], s[:1], mode="clip"),
    "place": lambda v, s: np.place(v, positive(v), s),
    "putmask": lambda v, s: np.putmask(v, ~positive(v), s[:1] * 3),
    "fill_diagonal": lambda v, s: np.fill_diagonal(v, s[0], wrap=True),
    "put_along_axis": lambda v, s: np.put_along_axis(v, _columns(v), s[:, :1], 1),
    "put_along_axis of all": lambda v, s: (
        np.put_along_axis(v, np.array([1, 0]), s.reshape(-1)[:2], None)
        if v.flags.c_contiguous  # NumPy refuses others
        else None
    ),
    "fill": lambda v, s: v[0].fill(s[0, 0]),
    "flat": lambda v, s: v.flat.__setitem__(slice(None, None, 2), s[0]),
    "flat as a whole": lambda v, s: setattr(v, "flat", s[:1] * 0.5),
    "real": lambda v, s: v[:1].__setitem__(Ellipsis, s[:1] * v[:1]),
    "sort": lambda v, s: v.sort(axis=-1),
    "sort along the first axis": lambda v, s: v.sort(0),
    "partition": lambda v, s: v.partition(1, axis=0) if len(v) > 1 else None,
    "add.at": lambda v, s: np.add.at(v, ([0, 0, -1], [0, 0, -1]), s.reshape(-1)[:1]),
    "multiply.at": lambda v, s: np.multiply.at(v, [0, 0], s[:1]),
    "subtract.at": lambda v, s: np.subtract.at(v, (slice(None), [0, 0]), 0.25),
    "negative.at": lambda v, s: np.negative.at(v, [0, 0, -1]),
    "sin.at": lambda v, s: np.sin.at(v, (0, slice(None))),
    "power.at": lambda v, s: np.power.at(v, (-1, 0), 2),
    "exp out": lambda v, s: np.exp(s, out=v),
    "sin out of itself": lambda v, s: np.sin(v, out=v),
    "multiply out where": lambda v, s: np.multiply(v, s, out=v, where=positive(v)),
    "add out of a larger one": lambda v, s: np.add(s[:1], 1.0, out=v),
    "sum out": lambda v, s: np.sum(s, axis=0, out=v[0]),
    "cumsum out": lambda v, s: np.cumsum(s, axis=1, out=v),
    "matmul out": lambda v, s: np.matmul(s, np.full((s.shape[1],) * 2, 0.5), out=v),
    "add.reduce out": lambda v, s: np.add.reduce(s, 0, out=v[-1]),
    "concatenate out": lambda v, s: np.concatenate([s[1:], s[:1]], out=v),
    "augmented": _augmented,
    "an augmented mask": lambda v, s: _part(v, positive(v), s[0, 0]),
    "augmented integers": lambda v, s: _part(v, ([0, -1], [0, -1]), s.reshape(-1)[:2]),
    "augmented by itself": lambda v, s: _part(v, slice(None), v * s),
    "a power": lambda v, s: v[0].__ipow__(2),
}
steps = st.tuples(st.sampled_from(list(VIEWS)), st.sampled_from(list(STEPS)), st.booleans())
programs = st.lists(steps, min_size=1, max_size=7)


def run(program, x):
    """What a program makes of x: the array it writes into, and views that it took on the way."""
    t, seen = x * 1.0, []
    for view, step, from_itself in program:
        v = VIEWS[view](t)
        seen.append(v)
        STEPS[step](v, fitted(t * 0.5 if from_itself else x, v.shape))
        np.copyto(t, np.tanh(t))  # keeps numbers small, and is itself a write
    return t, seen


def loss(program, x):
    t, seen = run(program, x)
    return (t * WEIGHTS).sum() + (seen[0] * fitted(WEIGHTS, seen[0].shape)).sum()


def check(program):
    (ours, our_views), (theirs, their_views) = run(program, tensor(X)), run(program, X)
    np.testing.assert_allclose(ours.numpy(), theirs, 1e-14, 1e-15)
    for a, b in zip(our_views, their_views, strict=True):
        np.testing.assert_allclose(a.numpy(), b, 1e-14, 1e-15)
    recorded, views = run(program, tensor(X, requires_grad=True))
    for a, b in zip([recorded, *views], [theirs, *their_views], strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b, 1e-14, 1e-15)

    def f(x):
        return loss(program, x)

    found, step = autograd.grad(f)(X), 1e-30
    expected = np.empty_like(X)
    for place in np.ndindex(X.shape):
        moved = X.astype(complex)
        moved[place] += step * 1j
        expected[place] = loss(program, moved).imag / step
    np.testing.assert_allclose(found, expected, 1e-10, 1e-12)
    v = np.cos(3.0 * X)
    second, h = autograd.hvp(f)(X, v), 1e-6
    differences = (autograd.grad(f)(X + h * v) - autograd.grad(f)(X - h * v)) / (2 * h)
    np.testing.assert_allclose(second, differences, 1e-5, 1e-6 * max(1.0, np.abs(differences).max()))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("step", STEPS)
def test_each_write_through_each_view(view, step):
    check([(view, step, False)])


@settings(max_examples=4 * settings.default.max_examples)
@given(programs)
def test_programs_of_writes(program):
    check(program)
