"""Update formulas as native loops: the same bits as NumPy's, and when they are taken."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import optim
from autograd import tensor, threads
from autograd.errors import ArgumentError, MissingExtra, NotDifferentiable, OperandError
from autograd.loops import diskcache, machine, running
from optim import native
from optim.optimizer import TILE
from tests.support.large import assert_same_bits

from .test_families import CASES, FAMILIES

N = TILE + 13
# values at which a loop might round or compare otherwise
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38, -1e-30]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(native, "PATIENCE", 0)


def trained(kind, options, dtype=np.float32, steps=3, order="C"):
    """The parameter, the state, and the optimiser after some steps."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N, 2)).astype(dtype)
    x = tensor(np.asarray(values, order=order), requires_grad=True)
    optimizer = kind([x], **options)
    for _ in range(steps):
        g = rng.normal(size=(N, 2)).astype(dtype)
        g[: len(SPECIAL), 0] = SPECIAL
        x.grad = g
        with np.errstate(all="ignore"):
            optimizer.step()
    return [x.detach().numpy(), *optimizer._slots[x].state], optimizer


def by_numpy(monkeypatch, *args, **options):
    with monkeypatch.context() as patch:
        patch.setattr(diskcache, "available", lambda: False)
        return trained(*args, **options)[0]


def used(optimizer):
    return [loop for loop in optimizer._natives._loops.values() if loop is not None]


@pytest.mark.parametrize(("kind", "_", "options"), [case for case in CASES if case[0].tiled])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_numpys(kind, _, options, dtype, monkeypatch):
    found, optimizer = trained(kind, options, dtype)
    assert len(used(optimizer)) == len(optimizer._natives._loops) > 0
    for a, b in zip(found, by_numpy(monkeypatch, kind, options, dtype), strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize("options", [{"order": "F"}, {"dtype": np.float16}, {"dtype": np.complex64}])
def test_other_arrays_are_numpys(options, monkeypatch):
    found, optimizer = trained(optim.Adam, {}, **options)
    assert not used(optimizer)
    for a, b in zip(found, by_numpy(monkeypatch, optim.Adam, {}, **options), strict=True):
        np.testing.assert_array_equal(a, b)


def test_on_threads(monkeypatch):
    expected = trained(optim.Adam, {})[0]
    monkeypatch.setattr(threads, "PARALLEL", 1)
    monkeypatch.setattr(threads, "count", lambda: 3)
    for a, b in zip(trained(optim.Adam, {})[0], expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_updates_that_compute_more_are_on_threads_sooner(monkeypatch):
    spread = []
    run = threads.spread
    monkeypatch.setattr(threads, "spread", lambda fn, n, *rest: (spread.append(n), run(fn, n, *rest)))
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(threads, "PARALLEL", 5 * 2 * N)
    trained(optim.SGD, {})
    assert spread == []
    trained(optim.Adam, {})
    assert spread == [2 * N] * 3


def test_a_gradient_that_is_the_parameter(monkeypatch):
    x = tensor(np.ones(N), requires_grad=True)
    x.grad = x.detach()
    optimizer = optim.SGD([x], lr=0.5)
    optimizer.step()
    assert not used(optimizer)
    np.testing.assert_array_equal(x.detach().numpy(), 0.5)


def test_loops_come_once_many_elements_were_updated(monkeypatch):
    monkeypatch.setattr(native, "PATIENCE", 5 * N)
    assert not trained(optim.SGD, {}, steps=2)[1]._natives._loops
    assert used(trained(optim.SGD, {}, steps=3)[1])


def test_a_formula_of_other_calls_stays_numpys(monkeypatch):
    class Odd(optim.SGD):
        def update(self, p, g, state, scratch, scalars):
            np.subtract(p, np.tanh(g), out=p)

    found, optimizer = trained(Odd, {})
    assert optimizer._natives._loops
    assert not used(optimizer)
    np.testing.assert_array_equal(found[0], by_numpy(monkeypatch, Odd, {})[0])


WITH_WAYS = [kind for kind in FAMILIES if kind is not optim.Muon]


@pytest.mark.parametrize("kind", WITH_WAYS)
def test_ways_that_pytorch_takes(kind, monkeypatch):
    monkeypatch.setattr(native, "PATIENCE", 1 << 62)
    expected = trained(kind, {})[0]
    for ways in (
        {"foreach": True, "fused": False, "capturable": True},
        {"fused": True, "differentiable": False},
    ):
        found, optimizer = trained(kind, ways)
        assert bool(used(optimizer)) == (kind.tiled and ways["fused"])
        np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.parametrize(
    ("ways", "error", "message"),
    [
        ({"fuse": True}, OperandError, "unexpected keyword argument 'fuse'"),
        ({"fused": "yes"}, ArgumentError, "fused must be True, False or None"),
        ({"fused": True, "foreach": True}, ArgumentError, "cannot both be True"),
        ({"differentiable": True}, NotDifferentiable, "not recorded"),
    ],
)
def test_ways_that_are_refused(ways, error, message):
    with pytest.raises(error, match=f"SGD: .*{message}"):
        optim.SGD([tensor(np.ones(2), requires_grad=True)], **ways)


def test_fused_without_numba(monkeypatch):
    monkeypatch.setattr(diskcache, "available", lambda: False)
    with pytest.raises(MissingExtra, match=r"pip install .wengert\[jit\]"):
        optim.Adam([tensor(np.ones(2), requires_grad=True)], fused=True)


def test_a_state_dict_with_pytorchs_ways():
    x = tensor(np.ones(2), requires_grad=True)
    state = optim.Adam([x]).state_dict()
    state["param_groups"][0] |= {"foreach": None, "fused": None, "capturable": False}
    state["param_groups"][0]["lr"] = 0.25
    loaded = optim.Adam([x])
    loaded.load_state_dict(state)
    assert loaded.param_groups[0]["lr"] == 0.25


def test_an_optimiser_with_loops_is_copied():
    _, optimizer = trained(optim.Adam, {})
    twin = copy.deepcopy(optimizer)
    twin.step()
    optimizer.step()
    a, b = (o.param_groups[0]["params"][0].detach().numpy() for o in (optimizer, twin))
    np.testing.assert_array_equal(a, b)


def test_with_a_broken_numba(monkeypatch):
    def broken(source):
        raise RuntimeError("broken")

    running.loop.cache_clear()
    monkeypatch.setattr(running.diskcache, "load", broken)
    found, optimizer = trained(optim.Adam, {})
    assert not used(optimizer)
    running.loop.cache_clear()
    np.testing.assert_array_equal(found[0], by_numpy(monkeypatch, optim.Adam, {})[0])


def test_without_numba(monkeypatch):
    monkeypatch.setattr(machine, "usable", lambda: False)
    assert not used(trained(optim.Adam, {})[1])
