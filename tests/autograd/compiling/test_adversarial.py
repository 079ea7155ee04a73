"""Functions that depend on what no argument tells: compiled as eager, or refused; never stale."""

from __future__ import annotations

import array
import collections
import contextlib
import contextvars
import ctypes
import functools
import operator
import sys
import threading
import types
import weakref

import numpy as np
import pytest

import autograd
from tests.support.compiling import outcome, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
INPUTS = [np.random.default_rng(i).normal(size=(4, 3)) for i in range(9)]


def trial(make, late):
    """All calls, eager and compiled; something changes before each, or before the sixth and later."""
    found = []
    for compiled in (False, True):
        made = make()
        fn, change = made if isinstance(made, tuple) else (made, lambda i: None)
        run = autograd.compile(fn) if compiled else fn
        results = []
        for i, x in enumerate(INPUTS):
            if not late or i > 4:
                change(i)
            results.append(quietly(outcome, run, x))
        found.append(results)
    assert same(*found), run.fallback
    return run


# ---------------------------------------------------------------- control flow that values decide


def bare_except(x):
    try:
        positive = bool(x.sum() > 0)
    except:  # noqa: E722
        positive = True
    return x * 2 if positive else x * 3


def returned_in_finally(x):
    found = x * 3
    try:
        if x.sum() > 0:
            found = x * 2
    finally:
        return found  # noqa: B012


def suppressed(x):
    found = x * 3
    with contextlib.suppress(BaseException):
        if x.sum() > 0:
            found = x * 2
    return found


def in_a_generator(x):
    def each():
        try:
            positive = bool(x.sum() > 0)
        except BaseException:
            positive = None
        yield positive

    return x * 2 if next(each()) else x * 3


def index_error(x):
    try:
        return x[np.argmax(x[:, 0]) + 2]
    except IndexError:
        return x[0]


def linalg_error(x):
    try:
        return np.linalg.cholesky(x.T @ x * x[0, 0])
    except np.linalg.LinAlgError:
        return x


def rows(x):
    total = 0.0
    for row in x:
        for value in row:
            total = total + value * abs(value)
    return total


def in_a_thread(x):
    out = []
    thread = threading.Thread(target=lambda: out.append(float(np.sum(x))))
    thread.start()
    thread.join()
    return x * out[0] if out else x


@functools.singledispatch
def dispatched(x):
    return x * 3


@dispatched.register(np.ndarray)
def _(x):
    return x * 2


def matched(x):
    match x:
        case np.ndarray():
            return x * 2
    return x * 3


def raising(x):
    if x.__class__ is not np.ndarray:
        raise ValueError(x.sum())
    return x * 2


DECIDED = {
    "bare except": bare_except,
    "return in finally": returned_in_finally,
    "suppress": suppressed,
    "in a generator": in_a_generator,
    "caught IndexError": index_error,
    "caught LinAlgError": linalg_error,
    "iteration": rows,
    "length of a selection": lambda x: x * len(np.nonzero(x > 0)[0]),
    "shape of a selection": lambda x: x.sum() / x[x > 0].shape[0],
    "size of unique": lambda x: x * np.unique(np.sign(x)).size,
    "isinstance": lambda x: x * 2 if isinstance(x, np.ndarray) else x * 3,
    "isinstance of a sum": lambda x: x * 2 if isinstance(x.sum(), float) else x * 3,
    "type": lambda x: x * 2 if type(x) is np.ndarray else x * 3,
    "max": lambda x: x * max(x[0]),
    "sorted": lambda x: x * sorted(x[0])[0],
    "any": lambda x: x * 2 if any(x[0] > 0) else x,
    "in": lambda x: x * 2 if 0.0 in x else x * 3,
    "array_equal": lambda x: x * 2 if np.array_equal(x > 0, np.ones((4, 3), bool)) else x * 3,
    "an element": lambda x: x[:, 0] * x[x[0].argmax(), 1],
    "a row": lambda x: x[np.argmax(x[:, 0])],
    "a part": lambda x: x[: np.argmax(x[:, 0])].sum(),
    "an index into a list": lambda x: x * [1.0, 2.0, 3.0][x[0].argmax()],
    "text": lambda x: x * len(f"{x.sum():.1f}"),
    "bytes": lambda x: x * len(x.tobytes().rstrip(b"0")),
    "tolist": lambda x: x * sum(x.tolist()[0]),
    "a key of a dict": lambda x: {np.True_: x * 2, np.False_: x * 3}.get(x.sum() > 0),
    "a key that is not there": lambda x: {True: x * 2, False: x * 3}[x.sum() > 0],
    "an element of a set": lambda x: x * 2 if x.sum() > 0 in {True} else x * 3,
    "is": lambda x: x * 2 if (x.sum() > 0) is np.True_ else x * 3,
    "__class__": lambda x: x * 2 if x.__class__ is np.ndarray else x * 3,
    "hasattr": lambda x: x * 2 if hasattr(x, "detach") else x * 3,
    "singledispatch": lambda x: dispatched(x),
    "match": lambda x: matched(x),
    "an error of a value": lambda x: raising(x),
}


@pytest.mark.parametrize("name", DECIDED)
def test_control_flow_that_values_decide(name):
    trial(lambda: DECIDED[name], False)


# ---------------------------------------------------------------- what changes outside


def items(make, read=lambda d: d["v"], write=lambda d, i: operator.setitem(d, "v", i)):
    def case():
        holder = make()
        return (lambda x: x * read(holder)), (lambda i: write(holder, i))

    return case


class Plain:
    """Whose attributes change."""


class Dynamic:
    def __init__(self):
        self.v = 1

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.v


def _special(name, use):
    """An object whose special method reads what changes."""

    def case():
        value = {"v": 1}
        answer = {
            "__float__": lambda self: float(value["v"]),
            "__iter__": lambda self: iter([value["v"]]),
            "__len__": lambda self: value["v"],
            "__getitem__": lambda self, i: value["v"],
            "__enter__": lambda self: value["v"],
            "__call__": lambda self: value["v"],
            "__rmul__": lambda self, other: other * value["v"],
        }[name]
        thing = type(
            "Thing", (), {name: answer, "__exit__": lambda self, *a: None, "__array_ufunc__": None}
        )()
        return (lambda x: x * use(thing)), (lambda i: value.update(v=i))

    return case


def _entered(thing):
    with thing as value:
        return value


def _function_in(holder):
    def case():
        value, kept = {"v": 1}, holder()
        found = lambda: value["v"]
        if isinstance(kept, dict):
            kept["f"] = found
            return (lambda x: x * kept["f"]()), (lambda i: value.update(v=i))
        kept.f = found
        return (lambda x: x * kept.f()), (lambda i: value.update(v=i))

    return case


def _module_function():
    module = types.ModuleType("a_module_of_the_users")
    module.factor = lambda: 2
    sys.modules["a_module_of_the_users"] = module

    def fn(x):
        import a_module_of_the_users

        return x * a_module_of_the_users.factor()

    return fn, lambda i: setattr(module, "factor", lambda: i)


def _metaclass():
    class Meta(type):
        n = 1

        @property
        def v(cls):
            return Meta.n

    thing = Meta("Thing", (), {})
    return (lambda x: x * thing.v), (lambda i: setattr(Meta, "n", i))


def _weak():
    thing = Plain()
    thing.v, seen = 1, weakref.ref(thing)
    return (lambda x: x * seen().v), (lambda i, thing=thing: setattr(thing, "v", i))


def _view():
    base = np.ones(6)
    part = base[::2]
    return (lambda x: x * part), (lambda i: base.__iadd__(i))


def _attribute(make):
    def case():
        thing = make()
        thing.v = 1
        return (lambda x: x * thing.v), (lambda i: setattr(thing, "v", i))

    return case


NAMED = 1


def _by_text():
    def change(i):
        globals()["NAMED"] = i

    change(1)
    return (lambda x: x * globals()["NAMED"]), change


def _bound():
    held = {"v": 1}
    get = held.get
    return (lambda x: x * get("v")), (lambda i: held.update(v=i))


def _partial():
    held = [1]
    return functools.partial(lambda held, x: x * held[0], held), lambda i: held.__setitem__(0, i)


def _inner(holder):
    """A view of a dict of another kind."""

    def case():
        held = {"v": 1}
        seen = holder(held)
        return (lambda x: x * seen["v"]), (lambda i: held.update(v=i))

    return case


CHANGES = {
    "dict": items(lambda: {"v": 1}),
    "UserDict": items(lambda: collections.UserDict(v=1)),
    "ChainMap": _inner(lambda d: collections.ChainMap({}, d)),
    "mappingproxy": _inner(types.MappingProxyType),
    "Counter": items(lambda: collections.Counter(v=1)),
    "bytearray": items(lambda: bytearray(b"1"), len, lambda d, i: d.append(i)),
    "array.array": items(lambda: array.array("d", [1.0]), lambda d: d[0], lambda d, i: d.__setitem__(0, i)),
    "memoryview": items(lambda: memoryview(np.ones(3)), lambda d: d[0], lambda d, i: d.__setitem__(0, i)),
    "ctypes": items(lambda: ctypes.c_double(1), lambda d: d.value, lambda d, i: setattr(d, "value", i)),
    "ContextVar": items(
        lambda: contextvars.ContextVar("v", default=1), lambda c: c.get(), lambda c, i: c.set(i) and None
    ),
    "a view's base": _view,
    "attribute": _attribute(Plain),
    "__getattr__": lambda: (lambda d: ((lambda x: x * d.anything), lambda i: setattr(d, "v", i)))(
        Dynamic()
    ),
    "threading.local": _attribute(threading.local),
    "SimpleNamespace": _attribute(types.SimpleNamespace),
    "weakref": _weak,
    "bound method": _bound,
    "globals()": _by_text,
    "partial": _partial,
    "a function in a dict": _function_in(dict),
    "a function in an object": _function_in(Plain),
    "a function of a module": _module_function,
    "a property of a metaclass": _metaclass,
    "__float__": _special("__float__", float),
    "__iter__": _special("__iter__", sum),
    "__len__": _special("__len__", len),
    "__getitem__": _special("__getitem__", lambda t: t[0]),
    "__enter__": _special("__enter__", _entered),
    "__call__": _special("__call__", lambda t: t()),
    "__rmul__": _special("__rmul__", lambda t: 1 * t),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_outside(name, late):
    trial(CHANGES[name], late)
