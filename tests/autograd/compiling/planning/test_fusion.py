"""Which calls become one loop: with bytes, axes of length 1, and arrays woven into one another."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn.functional as F

RNG = np.random.default_rng(0)
BIAS = RNG.standard_normal((6, 1, 1)).astype(np.float32)


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


def winners(x):
    """Which of two neighbours is larger, counted in bytes."""
    chosen = np.full((64, 6, 28, 14), np.uint8(3))
    step = np.subtract(np.uint8(1), chosen)
    step *= x[..., ::2] > x[..., 1::2]
    return chosen + step


def with_bias(x):
    turned = x.transpose(1, 2, 0, 3)[:, None].reshape(6, 1, 28, 64, 28)
    return np.clip((turned.transpose(3, 1, 0, 2, 4) + BIAS).reshape(64, 6, 28, 28), 0, None)


# a function of images, and the kinds of the steps of its plan
CASES = {
    "bytes": (winners, ["native"]),
    "bytes as numbers": (lambda x: (x > 0).astype(np.uint8) * 3 + x.astype(np.float32), ["native"]),
    "bytes that wrap around": (
        lambda x: ((x > 0).astype(np.uint8) - np.uint8(2)).astype(np.int64),
        ["native"],
    ),
    "numbers as bytes": (lambda x: np.clip(x * 60 + 1, 0, 100).astype(np.uint8), ["native", "call"]),
    "woven": (lambda x: np.maximum(x[..., ::2], x[..., 1::2]) * x[..., ::2], ["native"]),
    "woven along rows": (lambda x: np.maximum(x[:, :, ::2], x[:, :, 1::2]) * 2, ["native"]),
    "woven threefold": (lambda x: x[..., :27:3] + x[..., 1:27:3] * x[..., 2:27:3], ["native"]),
    "an axis of length 1": (with_bias, ["native"]),
    "shapes cut in other places": (
        lambda x: ((x.reshape(384, 784) * 2).reshape(64, 168, 28) + BIAS[0]).reshape(x.shape) * BIAS,
        ["native"],
    ),
    "shapes with no common cut": (
        lambda x: (x.reshape(384, 784) * 2).reshape(1024, 294) * np.arange(294),
        ["call", "call"],
    ),
    "a copy in short stretches": (lambda x: np.ascontiguousarray(x.transpose(0, 2, 1, 3)), ["native"]),
    "a copy in long stretches": (lambda x: np.ascontiguousarray(x.transpose(1, 0, 2, 3)), ["call"]),
    "a sum in short stretches": (
        lambda x: np.add(x.transpose(0, 2, 1, 3), BIAS[:, 0], order="C"),
        ["native"],
    ),
    "all axes but one of length 1": (
        lambda x: ((x.reshape(1, -1, 1) * 2).reshape(-1) + 1).reshape(x.shape),
        ["native"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_are_one_loop(name):
    fn, kinds = CASES[name]
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        x = RNG.standard_normal((64, 6, 28, 28)).astype(np.float32)
        found, wanted = program(x), fn(x)
        assert (found.dtype, found.strides) == (wanted.dtype, wanted.strides)
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    assert [step.kind for step in program.plan.steps] == kinds


def test_woven_arrays_may_lie_in_any_argument():
    def fn(x):
        return np.maximum(x[..., ::2], x[..., 1::2]) + x[..., ::2] * 2

    program = autograd.compile(fn, strict=True)
    for turned in (False, True, False, True):
        x = RNG.standard_normal((300, 400))
        x = np.asfortranarray(x) if turned else x
        np.testing.assert_allclose(program(x), fn(x))


def test_pooling_leaves_few_calls_to_numpy():
    program = autograd.compile(autograd.grad(lambda x: (F.max_pool2d(x, 2) ** 2).sum()), strict=True)
    for _ in range(4):
        x = RNG.standard_normal((16, 8, 28, 28)).astype(np.float32)
        wanted = autograd.grad(lambda x: (F.max_pool2d(x, 2) ** 2).sum())(x)
        np.testing.assert_allclose(program(x), wanted, rtol=1e-6)
    called = [step.called for step in program.plan.steps if step.kind == "call"]
    assert not {"greater", "maximum", "subtract", "multiply"} & set(called)


MATRIX, ROW = RNG.standard_normal((30, 400)), RNG.standard_normal(400)


def rectified(h):
    np.add(h, ROW, h)
    return np.maximum(h, 0)


def old_and_new(h):
    before = h * 2
    np.add(h, ROW, h)
    np.multiply(h, before + h, h)
    return h - before


def in_part(h):
    np.add(h, 1, out=h, where=h > 0)
    return h * h


def two_results(h):
    np.add(h, ROW, h)
    return h * 2, h * 3


def read_later(h):
    np.add(h, ROW, h)
    return np.sqrt(np.abs(h)) + h, h.sum(1)


# a function of memory of the program's own, and how many values its loop stores
SPENT = {rectified: 1, old_and_new: 1, in_part: 1, two_results: 2, read_later: 2}


@pytest.mark.parametrize("fn", SPENT, ids=lambda fn: fn.__name__)
def test_new_values_that_nothing_reads_are_not_stored(fn):
    program = autograd.compile(lambda x: fn(x @ MATRIX), strict=True)
    for _ in range(4):
        x = RNG.standard_normal((200, 30))
        found, wanted = program(x), fn(x @ MATRIX)
        for a, b in zip(*(v if type(v) is tuple else (v,) for v in (found, wanted)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    assert program.source.count(" store_f8(") == SPENT[fn]


def test_loops_that_overwrite_nothing_else_keep_polynomials():
    def waves(x):
        h = x @ MATRIX
        np.add(h, ROW, h)
        return np.sin(h)

    program = autograd.compile(waves, strict=True)
    for _ in range(4):
        x = RNG.standard_normal((200, 30))
        np.testing.assert_allclose(program(x), waves(x), rtol=1e-12, atol=1e-12)
    assert "sin_f8(" in program.source


@pytest.mark.parametrize("fn", [rectified, old_and_new, in_part], ids=lambda fn: fn.__name__)
def test_a_result_takes_the_place_of_new_values_that_nothing_reads(fn):
    program = autograd.compile(lambda x: fn(x @ MATRIX) @ MATRIX.T, strict=True)
    for _ in range(4):
        x = RNG.standard_normal((200, 30))
        np.testing.assert_allclose(program(x), fn(x @ MATRIX) @ MATRIX.T, rtol=1e-9, atol=1e-9)
    assert program.plan.arena == 200 * 400 * 8
