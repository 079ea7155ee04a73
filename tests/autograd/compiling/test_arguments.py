"""Arguments and results of every kind: told apart, also where they are memory of the state."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import optim
from autograd import tensor
from tests.support.compiling import plain, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
X = (np.arange(24.0).reshape(6, 4) / 7).astype(np.float32)
ONES = np.ones(3)


def arguments():
    a = np.arange(24.0).reshape(4, 6)
    locked = a.copy()
    locked.flags.writeable = False
    views = [a, a[::-1], a[:, ::-1], a.T, a[::2, ::3], np.asfortranarray(a), a.astype(">f8"), locked]
    views += [np.zeros((0, 6)), np.broadcast_to(a[0], (4, 6)), a[:, ::-2], a.astype(np.float32)]
    return [(f"array {i}", (lambda x: x.sum(0) * 2 + x), (v,)) for i, v in enumerate(views)]


def with_columns(x):
    y = x * 1
    y[0] = y[1] * 2
    y[:, 1:] += x[:, :1]
    y *= 0.5
    return y


KINDS = [
    *arguments(),
    *[(f"number {v!r}", lambda x: x * 2, (v,)) for v in (np.array(2.0), np.float64(2), tensor(2.0), 2.0)],
    *[(f"static {v!r}", lambda x, y: x * y, (ONES, v)) for v in (True, 1, 1.0, float("nan"), -0.0, 0.0)],
    *[("set", lambda x, s: x * len(s), (ONES, s)) for s in ({1}, {1, 2})],
    ("nested", lambda d: {"a": d["x"][0] * d["k"], "b": [None]}, ({"x": (ONES, ONES), "k": 2.0},)),
    ("results", lambda x: (x.shape[0], None, "a", 2.5, True, x.dtype), (ONES,)),
    ("views", lambda x: (lambda y: (y, y[1:], y[::-1], y))(x * 2), (ONES,)),
    ("large views", lambda x: (lambda y: (y[1:], y.reshape(100, -1).T))(x * 2), (np.arange(3000.0),)),
    ("orders", lambda x: (x.T, x.transpose(1, 2, 0) * 2, (x + 1)[::-1].T), (np.ones((2, 3, 4)),)),
    ("written in columns", with_columns, (np.ones((3, 4), order="F"),)),
    ("large in columns", lambda x: (x.T * 2, x.T @ x), (np.ones((90, 80)),)),
    ("element", lambda x: (x[:1, 0] * 2)[None], (np.ones((2, 2)),)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fn", "args"), KINDS, ids=[k[0] for k in KINDS])
def test_kinds_of_arguments_and_results(name, fn, args):
    program = autograd.compile(fn)
    held, wanted = [], []
    for i in range(5):
        given = [a * (i + 1) if isinstance(a, np.ndarray) and a.flags.writeable else a for a in args]
        held.append(program(*given))
        wanted.append(fn(*given))
    assert all(same(plain(w), plain(h)) for w, h in zip(wanted, held, strict=True))
    assert program.replays >= 2, program.fallback


def test_results_are_the_callers():
    """Containers that a function makes are made at each call."""
    fn = autograd.compile(lambda x: {"a": [1, 2], "b": x * 2}, strict=True)
    nothing_else = autograd.compile(lambda x: [1, {}], strict=True)
    for _ in range(6):
        found, other = fn(X), nothing_else(X)
        assert found["a"] == [1, 2]
        assert other == [1, {}]
        found["a"].append(3)
        found["b"][:] = 0
        other.append(3)
        other[1]["k"] = 1


def test_masked_arrays_keep_their_meaning():
    fn = autograd.compile(lambda a: a * 2, strict=True)
    values = np.arange(4.0)
    for _ in range(5):
        fn(values)
    masked = np.ma.masked_array(values, values > 1)
    found = fn(masked)
    assert isinstance(found, np.ma.MaskedArray)
    np.testing.assert_array_equal(found.mask, masked.mask)


# ---------------------------------------------------------------- told apart


def test_one_program_knows_its_arguments_apart():
    p, q = tensor(np.arange(3.0)), tensor(np.arange(3.0) + 5)
    program = autograd.compile(lambda t: t * 2 + p, state=(p, q), strict=True)
    for t in [p, p, p, p, q, q, q, q, tensor(ONES), p, q]:
        assert same(plain(program(t)), plain(t * 2 + p))


ARGUMENTS = [
    (X,), (X[:3],), (X.T,), (X.astype(np.float64),), (X.astype(">f4"),), (tensor(X),), (tensor(X[::2]),),
    ([X, X[:2]],), ([X],), ((X, X),), ({"a": X, "b": 2.0},), ({"b": 2.0, "a": X},), (X, 0.0), (X, -0.0),
    (X, 1), (X, True), (X, 1.0), (X, "text"), (X, None), (X, np.float32(2)), (X, np.float64(2)), (X, 0),
    (X, [1, 2.0]), (X, float("nan")), (np.array(3.0),), (X[:0],),
]  # fmt: skip


def described(*args, **options):
    """A function whose result tells its arguments apart."""
    kinds = []
    total = taken(options, taken(list(args), 1.0, kinds), kinds)
    return kinds, total


def taken(value, total, kinds):
    if isinstance(value, (np.ndarray, np.generic, autograd.Tensor)):
        return total * 2 + (value * value).sum()
    if not isinstance(value, (list, tuple, dict)):
        kinds.append(repr(value))
        return total
    kinds.append(type(value).__name__)
    for part in value.items() if isinstance(value, dict) else value:
        total = taken(part, total, kinds)
    return total


def test_arguments_are_told_apart_whatever_came_before():
    fn = autograd.compile(described, strict=True)
    rng = np.random.default_rng(0)
    for args in ARGUMENTS:
        for _ in range(4):
            fn(*args)
    for i in rng.integers(0, len(ARGUMENTS), 300):
        args = ARGUMENTS[i]
        assert same(plain(fn(*args)), plain(described(*args)))
    for options in ({"a": X, "b": X * 3}, {"b": X * 3, "a": X}, {"a": X}):
        for _ in range(6):
            assert same(plain(fn(X, **options)), plain(described(X, **options)))


# ---------------------------------------------------------------- memory of the state


@pytest.mark.parametrize("kind", ["array", "view", "tensor"])
def test_an_argument_may_be_memory_of_the_state(kind):
    def run(compile_it):
        p = tensor(np.arange(4.0))

        def fn(q):
            p[...] = p * 0.5
            return q * 2

        act = autograd.compile(fn, state=p) if compile_it else fn
        views = {"array": lambda: p.data, "view": lambda: p.data[1:], "tensor": lambda: p[1:]}
        return [plain(quietly(act, views[kind]())) for _ in range(6)]

    assert same(run(False), run(True))


def in_place(p, opt):
    """A function that reads its argument after it has changed the state."""

    def fn(q):
        loss = (p**2).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        return q * 2

    return fn


OF_THE_STATE = {
    "data": lambda p, opt: p.data,
    "tensor over data": lambda p, opt: autograd.Tensor(p.data),
    "asarray": lambda p, opt: np.asarray(p.detach()),
    "view": lambda p, opt: p.data[1:],
    "gradient": lambda p, opt: p.grad,
    "memory of the gradient": lambda p, opt: p.grad.data,
    "array of the optimiser": lambda p, opt: opt.state[p]["momentum_buffer"],
    "in a list": lambda p, opt: p.detach(),
}


@pytest.mark.parametrize("name", OF_THE_STATE)
def test_arguments_may_be_memory_of_the_state(name):
    found = []
    for use in (False, True):
        p = tensor(np.arange(4.0), requires_grad=True)
        opt = optim.SGD([p], lr=0.1, momentum=0.5)
        fn = in_place(p, opt)
        fn = autograd.compile(fn, state=(p, opt), strict=True) if use else fn
        results = [fn(np.ones(4)) for _ in range(4)] + [fn(tensor(np.ones(4))) for _ in range(4)]
        for _ in range(5):
            results += [fn(OF_THE_STATE[name](p, opt)), fn(np.ones(4)), fn(tensor(np.ones(3)))]
        found.append(plain(results))
    assert same(*found)


def test_a_batch_is_a_view_of_the_data():
    """A view of other memory than at the call before; of the same; of the state's."""
    data, others = np.arange(64.0).reshape(8, 8), np.ones((8, 8))
    found = []
    for use in (False, True):
        p = tensor(np.arange(8.0))

        def fn(x, p=p):
            p[...] = p * 0.5
            return x * p

        fn = autograd.compile(fn, state=p, strict=True) if use else fn
        results = [fn(data[i % 8]) for i in range(9)] + [fn(others[i % 8]) for i in range(4)]
        matrix = np.zeros((2, 8))
        p.data = matrix[1]
        results += [fn(matrix[0]), fn(matrix[1]), fn(data[0]), fn(matrix[1])]
        found.append(plain(results))
    assert same(*found)
