"""Random programs of arithmetic, views, writes and augmented writes, against a naive engine.

A program holds pairs: a Tensor and the naive engine's array. Every rule does the same to both.
After each step all values must agree; at the end the derivatives of first and second order.
"""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import autograd
import autograd.numpy as anp
from autograd import tensor
from tests.support import naive

LEAVES = {"x": (2, 3), "y": (3,), "z": ()}
LARGEST = 24
UNARY = ["sin", "tanh", "negative", "halved"]
BINARY = ["add", "subtract", "multiply"]


def start(shape: tuple, phase: float) -> np.ndarray:
    return np.asarray(np.cos(phase + np.arange(np.prod(shape, dtype=int))).reshape(shape))


class Pair:
    """The same thing twice: ours and the naive engine's."""

    def __init__(self, ours, theirs, number=0):
        self.ours, self.theirs, self.number = ours, naive.arrayed(theirs), number

    def __repr__(self):
        return f"<{self.number}: {self.shape}>"

    @property
    def shape(self):
        return self.theirs.shape


def unary(name, x):
    return x * 0.5 if name == "halved" else getattr(np, name)(x)


def selection(theirs, index):
    """What an index selects: the shape, and how large the values are."""
    return np.shape(naive.arrayed(theirs[index]))


class Programs(RuleBasedStateMachine):
    """Tensors and arrays of naive numbers, treated alike."""

    def __init__(self):
        super().__init__()
        self.pairs: list[Pair] = []
        self.made = 0

    @initialize()
    def leaves(self):
        self.ours = [tensor(start(s, k), requires_grad=True) for k, s in enumerate(LEAVES.values())]
        self.theirs = [naive.variables(start(s, k)) for k, s in enumerate(LEAVES.values())]
        self.pairs = [Pair(a * 1.0, b * 1.0) for a, b in zip(self.ours, self.theirs, strict=True)]

    # -------------------------------------------------------------- choosing

    def pick(self, data, test=lambda pair: True):
        fitting = [p for p in self.pairs if test(p)]
        return data.draw(st.sampled_from(fitting)) if fitting else None

    def pick_for(self, data, shape):
        """Something that broadcasts to a shape, or a number."""
        if data.draw(st.booleans()):
            found = self.pick(data, lambda p: _broadcasts_to(p.shape, shape))
            if found is not None:
                return found
        number = data.draw(st.sampled_from([0.5, -1.0, 2.0]))
        return Pair(number, number)

    def basic(self, data, shape):
        return data.draw(hnp.basic_indices(shape, max_dims=3, allow_newaxis=True))

    def any_index(self, data, shape):
        kinds = ["basic"]
        if shape and 0 not in shape:
            kinds += ["integers", "mask"]
        kind = data.draw(st.sampled_from(kinds))
        if kind == "basic":
            return self.basic(data, shape)
        if kind == "mask":
            return data.draw(hnp.arrays(bool, shape))
        length = data.draw(st.integers(1, 3))
        first = data.draw(hnp.arrays(int, length, elements=st.integers(-shape[0], shape[0] - 1)))
        if len(shape) == 1 or data.draw(st.booleans()):
            return first
        second = data.draw(hnp.arrays(int, length, elements=st.integers(0, shape[1] - 1)))
        return (first, second)

    def keep(self, ours, theirs):
        if np.size(naive.arrayed(theirs)) <= LARGEST:
            self.made += 1
            self.pairs.append(Pair(ours, theirs, self.made))
            del self.pairs[: max(0, len(self.pairs) - 10)]

    # -------------------------------------------------------------- new values

    @rule(data=st.data(), name=st.sampled_from(UNARY))
    def elementwise(self, data, name):
        p = self.pick(data)
        self.keep(unary(name, p.ours), unary(name, p.theirs))

    @rule(data=st.data(), name=st.sampled_from(BINARY))
    def arithmetic(self, data, name):
        p = self.pick(data)
        q = self.pick(data, lambda q: _joint(p.shape, q.shape) is not None)
        f, g = getattr(anp, name), getattr(np, name)
        self.keep(np.tanh(f(p.ours, q.ours)), np.tanh(g(p.theirs, q.theirs)))

    @rule(data=st.data())
    def reduction(self, data):
        p = self.pick(data, lambda p: len(p.shape) > 0 and 0 not in p.shape)
        if p is not None:
            axis = data.draw(st.integers(-len(p.shape), len(p.shape) - 1))
            keepdims = data.draw(st.booleans())
            scale = 1 / p.shape[axis]
            options = {"axis": axis, "keepdims": keepdims}
            self.keep(np.sum(p.ours, **options) * scale, np.sum(p.theirs, **options) * scale)

    @rule(data=st.data())
    def fancy_read(self, data):
        p = self.pick(data, lambda p: len(p.shape) > 0)
        if p is not None:
            index = self.any_index(data, p.shape)
            self.keep(p.ours[index] * 1.0, naive.arrayed(p.theirs[index]) * 1.0)

    @rule(data=st.data())
    def copied(self, data):
        p = self.pick(data)
        self.keep(p.ours.copy(), p.theirs.copy())

    @rule(data=st.data(), phase=st.integers(0, 9))
    def constant(self, data, phase):
        shape = data.draw(st.sampled_from([*LEAVES.values(), (3, 2), (1, 3), (4,)]))
        self.keep(tensor(start(shape, phase)), naive.variables(start(shape, phase)))

    # -------------------------------------------------------------- views

    @rule(data=st.data())
    def basic_view(self, data):
        p = self.pick(data)
        index = self.basic(data, p.shape)
        self.keep(p.ours[index], p.theirs[index])

    @rule(data=st.data(), kind=st.sampled_from(["T", "flip", "ravel", "swap", "grow", "squeeze", "fold"]))
    def other_view(self, data, kind):
        p = self.pick(data, lambda p: len(p.shape) > 0)
        if p is None or (kind == "fold" and p.theirs.size != 6):
            return
        view = {
            "T": lambda a: a.T,
            "flip": lambda a: np.flip(a, 0),
            "ravel": lambda a: a.reshape(-1),
            "swap": lambda a: a.swapaxes(0, -1),
            "grow": lambda a: np.expand_dims(a, 1),
            "squeeze": lambda a: a.squeeze(),
            "fold": lambda a: a.reshape(3, 2),
        }[kind]
        self.keep(view(p.ours), view(p.theirs))

    # -------------------------------------------------------------- writes

    @rule(data=st.data())
    def write(self, data):
        p = self.pick(data)
        index = self.any_index(data, p.shape)
        v = self.pick_for(data, selection(p.theirs, index))
        p.ours[index] = v.ours
        # of what overlaps ours takes a copy; NumPy does so for slices, but not for arrays as index
        p.theirs[index] = v.theirs.copy() if v.shape else v.theirs[()]

    @rule(data=st.data(), name=st.sampled_from(BINARY))
    def augmented(self, data, name):
        p = self.pick(data)
        v = self.pick_for(data, p.shape)
        p.ours = _augmented(name, p.ours, v.ours)
        p.theirs = _augmented(name, p.theirs, v.theirs)

    @rule(data=st.data(), name=st.sampled_from(BINARY))
    def augmented_part(self, data, name):
        p = self.pick(data)
        index = self.any_index(data, p.shape)
        v = self.pick_for(data, selection(p.theirs, index))
        p.ours[index] = _augmented(name, p.ours[index], v.ours)
        p.theirs[index] = _augmented(name, naive.arrayed(p.theirs[index]), v.theirs)[()]

    @rule(data=st.data(), number=st.sampled_from([0.0, 0.5, -1.0]))
    def write_unrecorded(self, data, number):
        p = self.pick(data)
        index = self.basic(data, p.shape)
        with autograd.no_grad():
            p.ours[index] = number
        # the value is another, the place in the graph the same
        old = naive.arrayed(p.theirs[index])
        new = np.empty(old.shape, object)
        for i in np.ndindex(old.shape):
            new[i] = naive.Var(number, (old[i], lambda: naive.ONE))
        p.theirs[index] = new[()]

    # -------------------------------------------------------------- and the rest

    @precondition(lambda self: len(self.pairs) > 3)
    @rule(data=st.data())
    def forget(self, data):
        self.pairs.remove(self.pick(data))

    @invariant()
    def values_agree(self):
        for p in self.pairs:
            assert p.ours.shape == p.shape
            np.testing.assert_allclose(p.ours._data, naive.values(p.theirs), 1e-12, 1e-13)
            if np.abs(p.ours._data).max(initial=0) > 4:  # before products of products overflow
                p.ours = _augmented("multiply", p.ours, 1e-2)
                p.theirs = _augmented("multiply", p.theirs, 1e-2)

    def teardown(self):
        ours, theirs = 0.0, naive.ZERO
        for k, p in enumerate(self.pairs):
            w = start(p.shape, 0.3 * k)
            ours = ours + (p.ours * p.ours * w).sum()
            theirs = theirs + np.sum(p.theirs * p.theirs * w)
        if isinstance(ours, autograd.Tensor) and ours.requires_grad:
            self.compare_derivatives(ours, naive.as_var(theirs))

    def compare_derivatives(self, ours, theirs):
        found = autograd.gradients(ours, self.ours, create_graph=True, allow_unused=True)
        expected = naive.gradients(theirs, self.theirs)
        total, their_total = 0.0, naive.ZERO
        for g, e, x in zip(found, expected, self.ours, strict=True):
            _agree(g, e, x)
            if g is not None:
                total, their_total = total + (g * g).sum(), their_total + np.sum(e * e)
        if isinstance(total, autograd.Tensor) and total.requires_grad:
            second = autograd.gradients(total, self.ours, allow_unused=True)
            expected = naive.gradients(naive.as_var(their_total), self.theirs)
            for g, e, x in zip(second, expected, self.ours, strict=True):
                _agree(g, e, x)


def _agree(g, expected, x):
    expected = naive.values(expected)
    scale = max(1.0, np.abs(expected).max(initial=0))
    found = np.zeros(x.shape) if g is None else g.detach().numpy()
    np.testing.assert_allclose(found, expected, 1e-9, 1e-10 * scale)


def _augmented(name, x, v):
    if name == "add":
        x += v
    elif name == "subtract":
        x -= v
    else:
        x *= v
    return x


def _joint(*shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _broadcasts_to(shape, target):
    return _joint(shape, target) == tuple(target)


Programs.TestCase.settings = settings(
    settings.default, max_examples=4 * settings.default.max_examples, stateful_step_count=30
)
TestPrograms = Programs.TestCase


def test_the_naive_engine_knows_calculus():
    x = naive.variables(np.array([0.5, -0.25]))
    y = np.sum(np.exp(np.sin(x)) / x)
    (g,) = naive.gradients(y, [x])
    v = naive.values(x)
    first = np.exp(np.sin(v)) * (np.cos(v) / v - 1 / v**2)
    np.testing.assert_allclose(naive.values(g), first, 1e-14)
    (h,) = naive.gradients(np.sum(np.tanh(x * x)), [x])
    second = [naive.values(naive.gradients(h[i], [x])[0])[i] for i in range(2)]
    t = np.tanh(v**2)
    np.testing.assert_allclose(second, (1 - t**2) * (2 - 8 * v**2 * t), 1e-13)


def test_the_naive_engine_remembers_writes():
    x = naive.variables(np.ones(3))
    y = x * 2.0
    y[1:] = y[:-1] * x[1:]
    (g,) = naive.gradients(np.sum(y), [x])
    assert naive.values(g).tolist() == [2.0 + 2.0, 2.0 + 2.0, 2.0]
