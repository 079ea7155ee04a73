"""A cotangent of 0 that meets an infinite derivative in a program: if it may vanish, the function runs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import optim
from autograd import grad, jvp, vmap
from autograd.compiling.compiled import PATIENCE, CompileWarning
from autograd.compiling.recording.masks import Masks
from tests.autograd.test_masking import MASKED, VANISHING

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

TRANSFORMS = {
    "grad": lambda f: grad(f),
    "grad of grad": lambda f: grad(lambda x: anp.sum(grad(f)(x) * anp.cos(anp.arange(x.size)))),
    "jvp": lambda f: lambda x: jvp(f, (x,), (np.cos(np.arange(x.size)),))[1],
    "jvp by 0": lambda f: lambda x: jvp(f, (x,), (np.zeros(x.size),))[1],
    "jvp of grad": lambda f: lambda x: jvp(grad(f), (x,), (np.cos(np.arange(x.size)),))[1],
    "grad of jvp": lambda f: grad(lambda x: jvp(f, (x,), (np.cos(np.arange(x.size)),))[1]),
    "vmap of grad": lambda f: lambda x: vmap(grad(f))(anp.stack([x, x])),
}

# f and a point: a program must know that what meets an infinite derivative there is masked
TOLD = {
    **{name: (f, at) for name, (f, at, _) in MASKED.items()},
    "left out by a negation": (lambda x: anp.where(x <= 0, 0, anp.log(x)) ** 2, [0, 1]),
    "two paths": (lambda x: (lambda y: y**2 + y)(anp.where(x <= 0, 0, anp.log(x))), [0, 1]),
    "a larger constant": (lambda x: anp.maximum(anp.sqrt(x), 1) ** 2, [0, 4]),
    "clipped": (lambda x: anp.clip(anp.sqrt(x), 1, 3) ** 2, [0, 4]),
    "every other": (lambda x: anp.log(x)[1::2] ** 2, [0, 3, 0, 2]),
    "by indices": (lambda x: anp.log(x)[np.array([1, 1])] ** 2, [0, 3]),
    "the largest": (lambda x: anp.max(anp.sqrt(x)), [0, 3]),
    "reshaped": (
        lambda x: anp.where((x > 0).reshape(2, -1), anp.sqrt(x).reshape(2, -1), 0),
        [0, 3, 2, 0],
    ),
    "transposed": (
        lambda x: anp.where((x > 0).reshape(2, -1).T, anp.sqrt(x).reshape(2, -1).T, 0) ** 3,
        [0, 3, 2, 0],
    ),
    "a row for all": (
        lambda x: anp.where(anp.array([[True, False]]), 1, anp.ones((2, 1)) * anp.sqrt(x)) ** 2,
        [0, 3],
    ),
    "all but the smallest": (lambda x: anp.sort(anp.sqrt(x))[1:] ** 2, [3, 0, 2]),
    "all but the smallest of each row": (
        lambda x: anp.sort(anp.sqrt(x).reshape(2, -1), axis=1)[:, 1:] ** 2,
        [0, 3, 2, 0],
    ),
    "all but the smallest of each column": (
        lambda x: anp.sort(anp.sqrt(x).reshape(2, -1), axis=0)[1:] ** 2,
        [0, 3, 2, 0],
    ),
    "along an axis": (
        lambda x: anp.take_along_axis(anp.sqrt(x).reshape(2, -1), np.array([[1, 1], [0, 0]]), 1) ** 2,
        [0, 3, 2, 0],
    ),
    "sorted and masked": (
        lambda x: (
            (lambda y: anp.where(y > 0, y, 0))(anp.take_along_axis(anp.sqrt(x), anp.argsort(x), 0)) ** 2
        ),
        [0, 3, 2, 0],
    ),
    "by indices, and masked": (
        lambda x: anp.where([True, False], anp.log(x)[np.array([1, 0])], 0) ** 2,
        [0, 3],
    ),
    "the median": (lambda x: anp.median(anp.sqrt(x)), [0, 3, 1]),
    "a quantile": (lambda x: anp.quantile(anp.sqrt(x), 0.9), [0, 3, 1]),
    "stepwise": (lambda x: anp.sqrt(x) * anp.sign(x), [0, 3]),
    "not a number": (lambda x: anp.nansum(anp.where(x > 0, anp.log(x), np.nan)), [0, 1]),
}


def _inside(f, at):
    """Points like some, at which f is smooth."""
    found = at * 0 + 0.37 + 0.1 * np.arange(at.size)
    return found if np.isfinite(f(found)).all() else found + 1


def _meets(f, transform, at):
    """What a program for other values gives for these; what eager gives; and whether it was replayed."""
    whole = TRANSFORMS[transform](lambda x: anp.sum(f(x)))
    at = np.atleast_1d(np.array(at, float))
    program = autograd.compile(whole, strict=True)
    with np.errstate(all="ignore"):
        for _ in range(3):
            program(_inside(f, at))
        found = [program(at) for _ in range(4)]
        before = program.replays
        program(at)
        return found, whole(at), program.replays > before


@pytest.mark.parametrize("name", TOLD)
def test_what_is_masked_is_replayed(name, kernels):
    f, at = TOLD[name]
    found, exact, replayed = _meets(f, "grad", at)
    for one in found:
        np.testing.assert_allclose(one, exact, 1e-12, 1e-12)
    assert replayed


# Eager sweeps look back at these for a second, each time.
LONG = {"cube of a sine of a cube root", "a bell of a root"}
SECOND = {"grad of grad", "jvp of grad", "grad of jvp"}
CASES = [(n, t) for n in [*VANISHING, *MASKED] for t in TRANSFORMS if not (n in LONG and t in SECOND)]


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_programs_give_what_eager_gives(name, transform, numpy_alone):
    f, at = (VANISHING | MASKED)[name][:2]
    found, exact, _ = _meets(f, transform, at)
    for one in found:
        np.testing.assert_allclose(one, exact, 1e-9, 1e-12)


@pytest.mark.parametrize("name", VANISHING)
def test_loops_have_doubts(name):
    pytest.importorskip("numba")
    f, at = VANISHING[name][:2]
    found, exact, _ = _meets(f, "grad", [at, at])
    for one in found:
        np.testing.assert_allclose(one, exact, 1e-9, 1e-12)


MOVED = {
    "sorted": lambda x: anp.sort(anp.cbrt(x)) ** 3,
    "rows sorted": lambda x: anp.sort(anp.cbrt(x).reshape(2, -1), axis=1) ** 3,
    "taken": lambda x: anp.take_along_axis(anp.cbrt(x), np.array([1, 0, 0, 3]), 0) ** 3,
    "by indices": lambda x: anp.cbrt(x)[np.array([1, 0, 0, 3])] ** 3,
}


@pytest.mark.parametrize("name", MOVED)
def test_what_is_moved_may_vanish(name, kernels):
    found, exact, replayed = _meets(MOVED[name], "grad", [0, 3, 2, 1])
    for one in found:
        np.testing.assert_allclose(one, exact, 1e-9)
    assert not replayed


def test_a_step_in_doubt_is_as_if_it_had_not_begun(kernels):
    def step_of(compiling):
        weight = autograd.tensor(np.linspace(0.5, 2, 6), requires_grad=True)
        seen = autograd.tensor(np.zeros(6))
        rng, sgd = np.random.default_rng(3), optim.SGD([weight], lr=0.1, momentum=0.9)

        def step(x):
            with autograd.no_grad():
                seen.add_(x)
            noise = rng.standard_normal(6)
            sgd.zero_grad()
            loss = (anp.cbrt(weight * x) ** 3 * noise**2).sum()
            loss.backward()
            sgd.step()
            return loss

        run = autograd.compile(step, state=[weight, seen, sgd, rng], strict=True) if compiling else step
        return run, weight, seen, rng

    compiled, eager = step_of(True), step_of(False)
    with np.errstate(all="ignore"):
        for k in range(12):
            x = np.where((k < 8) & (np.arange(6) == k - 4), 0.0, 1.0 + k)
            np.testing.assert_allclose(compiled[0](x).detach(), eager[0](x).detach(), 1e-12)
            for ours, theirs in zip(compiled[1:3], eager[1:3], strict=True):
                np.testing.assert_allclose(ours.detach(), theirs.detach(), 1e-12)
            assert compiled[3].bit_generator.state == eager[3].bit_generator.state
    assert 4 <= compiled[0].replays < 7


def test_a_row_masks_columns_that_are_reversed(numpy_alone):
    x, w = np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(3.0)
    f = lambda x, w: jvp(lambda z: (z * w)[::-1] / (1 + z * w), (x,), (np.ones_like(x),))[1]
    program = autograd.compile(f, strict=True)
    for _ in range(4):
        np.testing.assert_array_equal(program(x, w), f(x, w))
    assert program.replays


def test_a_function_that_is_in_doubt_again_and_again_runs_eagerly(kernels):
    f = grad(lambda x: anp.sum(anp.cbrt(x) ** 3))
    program = autograd.compile(f)
    with np.errstate(all="ignore"):
        for _ in range(3):
            program(np.ones(2))
        for _ in range(PATIENCE):
            np.testing.assert_allclose(program(np.zeros(2)), 1)
        assert not program.fallback
        with pytest.warns(CompileWarning, match=r"test_masks.py:\d+.*a cotangent of 0 meets"):
            program(np.zeros(2))
        assert "may vanish" in program.fallback


def test_variables_that_are_computed_and_lie_below_others_move():
    """No call sees the outer variable itself, nor was the inner one given: both are what (x - 1) is."""

    def slopes(x):
        inner = grad(lambda z: anp.sum(anp.sqrt(z) ** 4))
        return grad(lambda z: anp.sum(inner(z)))(x - 1)

    program = autograd.compile(slopes, strict=True)
    with np.errstate(all="ignore"):
        for _ in range(3):
            program(np.array([3.0, 4.0]))
        np.testing.assert_allclose(program(np.ones(2)), slopes(np.ones(2)))


def test_a_condition_that_is_written_to_later_masks_nothing(kernels):
    """By a hook: the tape keeps a copy of what it needs itself."""

    def body(x):
        y, condition = anp.cbrt(x), x > -1

        def look(g):
            found = anp.where(condition, g, 0.0)
            condition[...] = False
            return found

        y.register_hook(look)
        return anp.sum(y**3)

    program = autograd.compile(grad(body), strict=True)
    with np.errstate(all="ignore"):
        for _ in range(3):
            program(np.array([3.0, 4.0]))
        before = program.replays
        np.testing.assert_allclose(program(np.array([0.0, 4.0])), [1, 1])
        assert program.replays == before


def test_equal_eigenvalues_run_eagerly_and_others_are_replayed():
    weights = np.array([[1.0, 2, 3], [0, 1, 2], [2, 3, 1]])

    def exponential(a):
        values, vectors = anp.linalg.eigh(a + a.T)
        return anp.sum((vectors * anp.exp(values)) @ vectors.T * weights)

    slope = grad(exponential)
    program, apart = autograd.compile(slope, strict=True), np.diag([1.0, 2, 4]) + 0.1
    for _ in range(3):
        program(apart)
    np.testing.assert_allclose(program(np.eye(3)), slope(np.eye(3)), 1e-12)
    before = program.replays
    np.testing.assert_allclose(program(apart), slope(apart), 1e-12)
    assert program.replays == before + 1


@pytest.mark.parametrize("joined", [lambda y: y + y * 0.5, lambda y: anp.where(y > 0, y, 2 * y)])
def test_paths_that_part_and_meet_again_take_no_longer(joined):
    """Looked through one by one, 30 calls on both sides would be 2**30 paths."""

    def f(x):
        y = 1 / x
        for _ in range(30):
            y = joined(y)
        return (y * y).sum()

    x = np.array([1.0, 2.0, -3.0])
    compiled = autograd.compile(grad(f), strict=True)
    wanted = grad(f)(x)
    for _ in range(3):
        np.testing.assert_allclose(compiled(x), wanted, rtol=1e-12)


def test_masks_are_found_anew_when_there_are_more_variables():
    """What was constant to a sweep may move with those of another."""
    recorder = SimpleNamespace(recording=SimpleNamespace(steps=[]), noted=lambda g: g)
    masks = Masks(recorder)
    masks.variables.add(1)
    assert masks.unmasked(2.0) is True
    masks._found["what was found"] = 40, False
    masks.unmasked(2.0)
    assert masks._found
    masks.variables.add(2)
    masks.unmasked(2.0)
    assert not masks._found
