"""A cotangent of 0 that meets an infinite derivative: masked it gives 0, vanishing the limit or NaN.

Each function is compared, in both modes and in all mixtures to second order, with what it is; no derivative
may be another finite number. Where "right" is said, reverse mode must have it.
"""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad, jacobian, jvp, linearize, tensor, vjp, vmap
from tests.support.second_derivatives import hessians

INF = np.inf

# f of a number, the point, the first two derivatives, which of them reverse mode must have
VANISHING = {
    "square of a root": (lambda x: anp.sqrt(x) ** 2, 0, 1, 0, "both"),
    "root times itself": (lambda x: anp.sqrt(x) * anp.sqrt(x), 0, 1, 0, "both"),
    "fourth power of a root": (lambda x: anp.sqrt(x) ** 4, 0, 0, 2, "both"),
    "cosine of a root": (lambda x: anp.cos(anp.sqrt(x)), 0, -1 / 2, 1 / 12, "both"),
    "a bell of a root": (lambda x: anp.exp(-(anp.sqrt(x) ** 4)), 0, 0, -2, "both"),
    "cube of a cube root": (lambda x: anp.cbrt(x) ** 3, 0, 1, 0, "both"),
    "sixth power of a cube root": (lambda x: anp.cbrt(x) ** 6, 0, 0, 2, "first"),
    "root times what is beneath": (lambda x: x * anp.sqrt(x), 0, 0, INF, "first"),
    "arcsin times its distance": (lambda x: (1 - x) * anp.arcsin(x), 1, -np.pi / 2, -INF, "first"),
    "square of a cube root": (lambda x: anp.cbrt(x) ** 2, 0, INF, INF, ""),
    "cube of a sine of a cube root": (lambda x: anp.sin(anp.cbrt(x)) ** 3, 0, 1, -INF, "first"),
    "exp of a logarithm": (lambda x: anp.exp(anp.log(x)), 0, 1, 0, ""),
    "exp of two logarithms": (lambda x: anp.exp(2 * anp.log(x)), 0, 0, 2, ""),
    "a sigmoid of a logarithm": (lambda x: 1 / (1 + anp.exp(-anp.log(x))), 0, 1, -2, ""),
    "square of an arccos": (lambda x: anp.arccos(x) ** 2, 1, -2, 2 / 3, ""),
    "square of an arccosh": (lambda x: anp.arccosh(x) ** 2, 1, 2, -2 / 3, ""),
    "square of a power": (lambda x: (x**0.5) ** 2, 0, 1, 0, ""),
    "1 over 1 over": (lambda x: 1 / (1 / x), 0, 1, 0, ""),
    "arctan of 1 over": (lambda x: anp.arctan(1 / x), 0, -1, 0, ""),
    "a cube root of a cube": (lambda x: anp.cbrt(x**3), 0, 1, 0, ""),
    "a root of a power": (lambda x: anp.cbrt(x**1.5), 0, INF, -INF, ""),
    "a logarithm of a square": (lambda x: anp.log(x**2), 0, INF, -INF, ""),
    "a root of |x|, to the fourth": (lambda x: anp.sqrt(anp.abs(x)) ** 4, 0, 0, 2, "first"),
    "exp of 2 |x|": (lambda x: anp.exp(2 * anp.abs(x)), 0, 0, 4, "both"),
    "two cones": (lambda x: anp.hypot(x, 2 * x) * anp.hypot(x, 2 * x), 0, 0, 10, "first"),
}  # fmt: skip

# f, the points, its gradient: masked, so 0 whatever is beneath
MASKED = {
    "a logarithm": (lambda x: anp.where(x > 0, anp.log(x), 0), [0, 2], [0, 1 / 2]),
    "its square": (lambda x: anp.where(x > 0, anp.log(x), 3) ** 2, [0, 1], [0, 0]),
    "exp of it": (lambda x: anp.where(x > 0, anp.exp(2 * anp.log(x)), 0), [0, 2], [0, 4]),
    "fourth power": (lambda x: anp.where(x > 0, anp.sqrt(x), 2) ** 4, [0, 1, 0], [0, 2, 0]),
    "elements left out": (lambda x: anp.log(x)[1:] ** 2, [0, 1, np.e], [0, 0, 2 / np.e]),
    "times 0": (lambda x: anp.array([0.0, 1.0]) * anp.sqrt(x), [0, 1], [0, 0.5]),
    "sums that leave out": (lambda x: anp.sum(1 / x, where=x > 0) ** 2, [0, 1], [0, -2]),
    "a power": (lambda x: anp.where(x > 0, x**0.5, 0) ** 3, [0, 1], [0, 1.5]),
}  # fmt: skip


def _right_or_nan(found, exact, what):
    found = float(np.asarray(found).ravel()[0])
    assert not np.isfinite(found) or np.isclose(found, exact, 1e-9, 1e-9), f"{what}: {found}, not {exact}"


@pytest.mark.parametrize("name", VANISHING)
def test_what_vanishes_is_no_mask(name):
    f, at, first, second, told = VANISHING[name]
    x = np.array([float(at)])
    with np.errstate(all="ignore"):
        f_of = lambda x: anp.sum(f(x))
        by_reverse, by_forward = grad(f_of)(x), jvp(f_of, (x,), (np.ones(1),))[1]
        for mode, found in (("reverse", by_reverse), ("forward", by_forward)):
            _right_or_nan(found, first, mode)
        assert not told or np.isfinite(by_reverse), "reverse"
        for mode, found in hessians(f_of, x):
            _right_or_nan(found, second, mode)
            if told == "both" and mode == "reverse over reverse":
                assert np.isfinite(found), mode


@pytest.mark.parametrize("name", MASKED)
def test_what_is_masked_is_0(name):
    f, at, exact = MASKED[name]
    x = np.array(at, float)
    with np.errstate(all="ignore"):
        f_of = lambda x: anp.sum(f(x))
        np.testing.assert_allclose(grad(f_of)(x), exact, 1e-12, 1e-12)
        for t, slope in zip(np.eye(len(x)), exact, strict=True):
            _right_or_nan(jvp(f_of, (x,), (t,))[1], slope, "forward")  # inf * 0 is NaN, if nothing chooses
        for mode, found in hessians(f_of, x):
            beneath = np.asarray(found)[x == 0]
            assert np.isfinite(beneath).all() or "forward" in mode, mode
            assert not np.any(beneath[np.isfinite(beneath)]), mode
        leaf = tensor(x, requires_grad=True)
        f_of(leaf).backward()
    np.testing.assert_allclose(leaf.grad.numpy(), exact, 1e-12, 1e-12)


@pytest.mark.parametrize("name", [*MASKED, *VANISHING])
def test_many_cotangents_at_once_are_as_each(name):
    f, at, *_ = {**MASKED, **VANISHING}[name]
    x = np.atleast_1d(np.array(at, float))
    with np.errstate(all="ignore"):
        (_, pull), (out, push) = vjp(f, x), linearize(f, x)
        for moved, size in ((lambda g: pull(g)[0], np.size(out)), (push, x.size)):
            many = np.concatenate([np.eye(size), np.zeros((1, size)), np.ones((1, size))])
            many = many.reshape(-1, *(np.shape(out) if moved is not push else x.shape))
            np.testing.assert_allclose(vmap(moved)(many), np.stack([moved(each) for each in many]))


def test_masked_and_vanishing_elements_are_told_apart():
    kept = np.array([True, False, True, False])
    f = lambda x: anp.sum(anp.where(kept, anp.cbrt(x), 1) ** 3)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(grad(f)(np.zeros(4)), [1, 0, 1, 0])
        np.testing.assert_allclose(grad(f)(np.zeros((4, 1))[:, 0]), [1, 0, 1, 0])
        rows = jacobian(lambda x: anp.sqrt(x))(np.array([0.0, 1.0]))
        np.testing.assert_allclose(rows, [[INF, 0], [0, 0.5]])
        np.testing.assert_array_equal(
            vmap(grad(lambda x: anp.where(x > 0, anp.log(x), 0.0)))(np.zeros(2)), 0
        )


def test_many_masked_elements_stay_0_and_are_released():
    x = tensor(np.zeros(70_000), requires_grad=True)
    y = anp.where(x > 0, anp.log(anp.where(x > 0, x, 0)), 0).sum() * 2
    with np.errstate(all="ignore"):
        y.backward()
    assert not x.grad.numpy().any()
    with pytest.raises(Exception, match="released"):
        y.backward()


@pytest.mark.parametrize("name", VANISHING)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_beside_keeps_its_derivatives(name):
    f, point = VANISHING[name][:2]
    beside = 0.4 if name == "square of an arccos" else 1.3
    alone = dict(hessians(lambda x: anp.sum(f(x)), np.array([beside])))
    for mode, found in hessians(lambda x: anp.sum(f(x)), np.array([float(point), beside])):
        (_, after), (before, found) = np.asarray(found)
        if mode == "forward over forward" and np.isnan(found):
            continue  # of quotients that wait for what they are multiplied by
        np.testing.assert_allclose(found, np.ravel(alone[mode])[0], 1e-9, err_msg=mode)
        assert not np.any(np.nan_to_num([before, after])), mode
