"""Small parameters updated by one native call: the same bits as NumPy's, and what is left to NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import tensor
from autograd.loops import diskcache
from optim import native
from optim.optimizer import TILE
from tests.support.large import assert_same_bits

from .test_families import CASES

pytest.importorskip("numba")

SHAPES = [(3, 4), (4,), (1, 1), (), (5, 2, 3), (40,)]
# values at which a loop might round or compare otherwise
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38, -1e-30]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(native, "PATIENCE_WITH_SMALL", 0)


def leaves(rng, dtype=np.float32, shapes=SHAPES):
    found = [tensor(rng.normal(size=shape).astype(dtype), requires_grad=True) for shape in shapes]
    for x in found:
        x._alias = None  # as of a parameter: its memory is nobody else's
    return found


def trained(kind, options, dtype=np.float32, change=lambda parameters: None):
    """The parameters and all that is kept for them after some steps, and how many calls there were."""
    rng = np.random.default_rng(0)
    parameters = leaves(rng, dtype)
    optimizer = kind(parameters, **options)
    calls = []
    run = optimizer._natives.run_together
    optimizer._natives.run_together = lambda *args: calls.append(run(*args)) or calls[-1]
    for _ in range(3):
        for x in parameters:
            g = rng.normal(size=x.shape).astype(dtype)
            if x.ndim == 1 and len(g) > len(SPECIAL):
                g[: len(SPECIAL)] = SPECIAL
            x.grad = g
        change(parameters)
        with np.errstate(all="ignore"):
            optimizer.step()
    state = [a for x in parameters for a in optimizer._slots[x].state]
    return [np.array(x._data) for x in parameters] + state, calls


def same(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize(("kind", "_", "options"), [case for case in CASES if case[0].tiled])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_numpys(kind, _, options, dtype):
    found, calls = trained(kind, options, dtype)
    wanted, none = trained(kind, options | {"fused": False}, dtype)
    assert len(calls) >= 3
    assert all(calls)
    assert not none
    same(found, wanted)


def in_fortran_order(parameters):
    g = parameters[0].grad._data
    parameters[0].grad._data = np.asfortranarray(g)


def overlapping(parameters):
    """A gradient in the parameter's memory, which no reference count tells."""

    class Memory:
        __array_interface__ = parameters[1]._data.__array_interface__

    parameters[1].grad._data = np.asarray(Memory())


def of_another_dtype(parameters):
    parameters[3].grad._data = parameters[3].grad._data.astype(np.float64)


@pytest.mark.parametrize("change", [in_fortran_order, overlapping, of_another_dtype])
def test_what_is_left_to_numpy(change):
    found, calls = trained(optim.Adam, {}, change=change)
    assert calls
    assert not any(calls)
    same(found, trained(optim.Adam, {"fused": False}, change=change)[0])


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_other_dtypes_are_numpys(dtype):
    found, calls = trained(optim.Adam, {}, dtype)
    assert not any(calls)
    same(found, trained(optim.Adam, {"fused": False}, dtype)[0])


def test_a_parameter_that_cannot_be_written_is_refused():
    (x,) = leaves(np.random.default_rng(0), shapes=[(3,)])
    x._data.flags.writeable = False
    x.grad = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="read-only"):
        optim.SGD([x], lr=1.0).step()


def test_groups_ages_and_kinds_apart():
    """Only what takes the same numbers goes into one call."""

    def run(fused):
        rng = np.random.default_rng(0)
        xs = [*leaves(rng), *leaves(rng, np.float64), *leaves(rng, np.float64, [(TILE + 1,)])]
        groups = [{"params": xs[:4]}, {"params": xs[4:], "lr": 0.5, "amsgrad": True}]
        optimizer = optim.Adam(groups, lr=0.1, fused=fused)
        for step in range(4):
            for i, x in enumerate(xs):
                x.grad = None if (i + step) % 3 == 0 else rng.normal(size=x.shape).astype(x.dtype)
            optimizer.step()
        return [x._data for x in xs]

    same(run(None), run(False))


def test_calls_come_once_many_parameters_were_updated(monkeypatch):
    monkeypatch.setattr(native, "PATIENCE_WITH_SMALL", 2 * len(SHAPES))
    assert trained(optim.SGD, {})[1] == [True]
    monkeypatch.setattr(native, "PATIENCE_WITH_SMALL", 1 << 62)
    assert trained(optim.SGD, {})[1] == []
    assert trained(optim.SGD, {"fused": True})[1] == [True] * 3


def test_without_numba(monkeypatch):
    monkeypatch.setattr(diskcache, "available", lambda: False)
    found, calls = trained(optim.Adam, {})
    assert not any(calls)
    same(found, trained(optim.Adam, {"fused": False})[0])


def test_a_step_that_is_recorded_is_numpys():
    def run(wrap):
        model = nn.Linear(3, 2, generator=0)
        optimizer = optim.Adam(model.parameters(), fused=True)
        x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)

        def step(x):
            optimizer.zero_grad()
            loss = (model(x) ** 2).sum()
            loss.backward()
            optimizer.step()
            return loss

        step(x)
        step = wrap(step, model, optimizer)
        for _ in range(4):
            step(x)
        return model.weight.detach().numpy()

    compiled = run(lambda step, *state: autograd.compile(step, state=state, strict=True))
    np.testing.assert_allclose(compiled, run(lambda step, *state: step), rtol=1e-5)
