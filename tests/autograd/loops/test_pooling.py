"""Largest elements of windows by native loops: NumPy's results, and when they are taken."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn.functional as F
from autograd import threads
from autograd.loops import patience, running
from autograd.loops import pooling as loops
from autograd.ops.neural import pooling, pooling_windows
from autograd.ops.neural.pooling_windows import Windows


def axis(n, size, step, before=0, dilation=1, after=None):
    """Windows over an axis of length n with padding around it."""
    after = before if after is None else after
    return Windows(n, range(-before, n + after - dilation * (size - 1), step), size, dilation)


GEOMETRIES = {
    "apart": ((3, 2, 6, 8), (axis(6, 2, 2), axis(8, 2, 2))),
    "beyond the end": ((2, 7, 9), (axis(7, 2, 2, 0, 1, 1), axis(9, 2, 2, 0, 1, 1))),
    "overlapping, padded": ((2, 3, 7, 6), (axis(7, 3, 2, 1), axis(6, 3, 2, 1))),
    "dilated": ((4, 9, 11), (axis(9, 2, 1, 1, 3), axis(11, 3, 3, 2, 2))),
    "one axis": ((5, 12), (axis(12, 4, 2, 1),)),
    "wider than the axis": ((2, 2, 3), (axis(2, 3, 1, 1), axis(3, 5, 1, 2))),
    "of one element": ((2, 4, 4), (axis(4, 1, 2), axis(4, 1, 1))),
}
# values that are often equal
FEW = [0.0, -0.0, 1.0, -1.0, 1e-40, np.inf, 3.0]


def drawn(shape, dtype=np.float32):
    rng = np.random.default_rng(sum(shape))
    values = rng.choice(np.array(FEW, dtype), shape)
    return np.where(rng.random(shape) < 0.5, values, rng.standard_normal(shape).astype(dtype))


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0)


def by_numpy(monkeypatch, fn, *args):
    with monkeypatch.context() as patch:
        patch.setattr(patience, "PATIENCE", 1 << 60)
        return fn(*args)


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_results_are_numpys(name, dtype, at_once, monkeypatch):
    if dtype == np.float64 and name not in ("apart", "overlapping, padded"):
        dtype = np.float32  # each kind and geometry takes a second to compile
    shape, windows = GEOMETRIES[name]
    x = drawn(shape, dtype)
    best, taps = loops.largest(x, windows)
    wanted, numbers = pooling_windows.largest(x, windows)
    np.testing.assert_array_equal(best, wanted)  # of zeros of both signs NumPy takes either
    assert (best.dtype, taps.dtype) == (wanted.dtype, numbers.dtype)
    np.testing.assert_array_equal(taps, numbers)
    g = np.nan_to_num(drawn(best.shape, dtype), posinf=2)
    wanted = by_numpy(monkeypatch, pooling._place_taps, g, taps, windows)
    assert loops.place(g, taps, windows).tobytes() == wanted.tobytes()
    wanted = by_numpy(monkeypatch, pooling._pick_taps, x, taps, windows)
    assert loops.pick(x, taps, windows).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("odd", [np.nan, -np.inf])
@pytest.mark.parametrize("name", ["apart", "overlapping, padded"])
@pytest.mark.parametrize("place", ["corner", "middle"])
def test_what_a_loop_does_not_know_is_left_to_numpy(name, odd, place, at_once):
    shape, windows = GEOMETRIES[name]
    x = drawn(shape)
    if np.isnan(odd):
        x[(0,) * x.ndim if place == "corner" else tuple(n // 2 for n in shape)] = odd
    else:  # all elements of windows there
        x[..., :4, :4] = odd
    assert loops.largest(x, windows) is None
    best, taps = pooling._largest(x, windows)
    wanted, numbers = pooling_windows.largest(x, windows)
    np.testing.assert_array_equal(best, wanted)
    np.testing.assert_array_equal(taps, numbers)


def test_windows_at_an_edge_may_be_of_nothing_but_minus_infinities(at_once):
    shape, windows = GEOMETRIES["overlapping, padded"]
    x = drawn(shape)
    x[..., :2, :2] = -np.inf  # all of the first window, and no other
    assert loops.largest(x, windows) is None
    np.testing.assert_array_equal(pooling._largest(x, windows)[1], pooling_windows.largest(x, windows)[1])


def test_some_minus_infinities_are_known(at_once):
    x = np.full((1, 4, 4), -np.inf, np.float32)
    x[:, ::2, ::2] = 1
    windows = (axis(4, 2, 2), axis(4, 2, 2))
    np.testing.assert_array_equal(loops.largest(x, windows)[0], np.ones((1, 2, 2)))


_X, _APART = GEOMETRIES["apart"]


@pytest.mark.parametrize(
    ("x", "windows"),
    [
        (drawn(_X).astype(np.float16), _APART),
        (drawn(_X).astype(">f4"), _APART),
        (np.arange(96).reshape(2, 6, 8), _APART),
        (drawn((8, 6)).T[None], _APART),
        (drawn((0, 6, 8)), _APART),
        (drawn((2, 6, 9)), _APART),
        (drawn((2, 6, 8)), (Windows(6, (0, 3), 3), axis(8, 2, 2))),
        (drawn((2, 6, 8)), (Windows(6, (0, 2), 3, 1, (2, 3)), axis(8, 2, 2))),
        (drawn((2, 6, 8)), (Windows(6, range(0, 4, 2), 3, 1, (2, 3)), axis(8, 2, 2))),
        (drawn((2, 6, 8)), (Windows(6, range(4, -1, -2), 2), axis(8, 2, 2))),
        (drawn((2, 6, 6, 8)), (axis(6, 2, 2), axis(6, 2, 2), axis(8, 2, 2))),
        (drawn((2, 6, 8)), (axis(6, 5, 1), axis(8, 5, 1))),
    ],
    ids=["half", "byte order", "integers", "not in order", "nothing", "other sizes", "irregular",
         "of fewer taps", "of fewer taps, regular", "backwards", "three axes", "many taps"],
)  # fmt: skip
def test_other_arrays_and_windows_have_no_loop(x, windows, at_once):
    assert loops.largest(x, windows) is None


def test_taps_that_no_window_has_do_not_reach_beyond_memory(at_once):
    g = np.ones((1, 3, 4), np.float32)
    x = np.ones((1, 6, 8), np.float32)
    for tap in (4, 200, 255):
        taps = np.full(g.shape, tap, np.uint8)
        assert loops.place(g, taps, _APART) is None
        assert loops.pick(x, taps, _APART) is None
        with pytest.raises(IndexError):
            pooling._pick_taps(x, taps, _APART)
    padded = (axis(6, 3, 2, 1), axis(8, 3, 2, 1))
    corner = np.zeros((1, 3, 4), np.uint8)  # before the first element
    assert loops.place(g, corner, padded) is None
    assert loops.pick(x, corner, padded) is None
    turned = np.zeros((1, 4, 3), np.uint8).transpose(0, 2, 1)
    for wrong in (corner[:, :2], corner.astype(np.int64), turned):
        assert loops.place(g, wrong, _APART) is None
    for wrong in (x[:, :2].copy(), x[:, :, :2].copy()):
        assert loops.pick(wrong, corner, _APART) is None


def test_a_tap_past_the_end_is_none_of_the_next_plane(at_once):
    shape, windows = GEOMETRIES["beyond the end"]
    last = np.full((2, 4, 5), 3, np.uint8)
    assert loops.place(np.ones(last.shape, np.float32), last, windows) is None
    assert loops.pick(np.ones(shape, np.float32), last, windows) is None


def test_windows_over_nothing_are_numpys(at_once):
    with pytest.raises(IndexError):
        pooling._place_taps(
            np.ones((2, 2), np.float32), np.zeros((2, 2), np.uint8), (Windows(0, range(-1, 1), 2),)
        )


@pytest.mark.parametrize(("parts", "told"), [((3e38, 3e38), "overflow"), ((np.inf, -np.inf), "invalid")])
def test_sums_that_are_not_finite_are_told(parts, told, at_once):
    """Of cotangents of windows that have one largest element."""
    x = np.zeros((1, 1, 3, 3), np.float32)
    x[0, 0, 1, 1] = 5
    leaf = autograd.tensor(x, requires_grad=True)
    g = np.zeros((1, 1, 2, 2), np.float32)
    g[0, 0, 0] = parts
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match=told):
        F.max_pool2d(leaf, 2, 1).backward(g)


def test_large_arrays_are_shared_by_threads(monkeypatch, at_once):
    shared = []

    def spread(fn, n, *args):
        shared.append(n)
        for start in range(0, n, 3):
            fn(args[0], start, min(start + 3, n), *args[1:])

    monkeypatch.setattr(threads, "PARALLEL", 64)
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(threads, "spread", spread)
    x = drawn((3, 4, 6, 8))
    best, taps = loops.largest(x, _APART)
    wanted, numbers = pooling_windows.largest(x, _APART)
    np.testing.assert_array_equal(best, wanted)
    np.testing.assert_array_equal(taps, numbers)
    g = np.nan_to_num(drawn(best.shape), posinf=2)
    wanted = by_numpy(monkeypatch, pooling._place_taps, g, taps, _APART)
    assert loops.place(g, taps, _APART).tobytes() == wanted.tobytes()
    assert shared == [12, 12]
    x[2, 1, 5, 7] = np.nan  # in the last part
    assert loops.largest(x, _APART) is None


def derivatives(x):
    """A value, its gradient, a second derivative and a push forward of a max pool."""

    def value(x):
        return (F.max_pool2d(x, 3, 2, 1) ** 3).sum()

    slope = autograd.grad(value)
    return [
        value(x),
        slope(x),
        autograd.grad(lambda x: (slope(x) ** 2).sum())(x),
        autograd.jvp(value, (x,), (x + 1,))[1],
    ]


def test_derivatives_are_the_same_with_loops(monkeypatch):
    x = drawn((2, 3, 9, 9), np.float64)
    x[np.isinf(x)] = 2
    monkeypatch.setattr(patience, "PATIENCE", 1 << 60)
    wanted = derivatives(x)
    monkeypatch.setattr(patience, "PATIENCE", 0)
    asked = []
    for name in ("largest", "place", "pick"):
        real = getattr(loops, name)
        monkeypatch.setattr(loops, name, lambda *a, r=real, n=name: asked.append(n) or r(*a))
    for found, known in zip(derivatives(x), wanted, strict=True):
        np.testing.assert_array_equal(found, known)
    assert set(asked) == {"largest", "place", "pick"}


def test_programs_do_not_take_what_a_loop_gave_for_a_constant(at_once):
    """The cotangent of a sum is no part of a recording, but taps are."""
    slope = autograd.grad(lambda x: F.max_pool2d(x, 2).sum())
    compiled = autograd.compile(slope, strict=True)
    for seed in range(4):
        x = np.random.default_rng(seed).standard_normal((2, 2, 6, 6)).astype(np.float32)
        np.testing.assert_array_equal(compiled(x), slope(x))


def test_loops_come_in_time(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 250)
    monkeypatch.setattr(loops, "_patience", patience.Patience())
    taken = []
    real = loops._ran
    monkeypatch.setattr(loops, "_ran", lambda *a: taken.append(0) or real(*a))
    x = np.ones((2, 6, 8), np.float32)
    for calls in (0, 0, 1, 2):
        F.max_pool2d(x, 2)
        assert len(taken) == calls
    F.max_pool2d(x, 2, 1)  # other windows wait for a loop of their own
    assert len(taken) == 2


def fail(source):
    raise OSError("libllvm is gone")


@pytest.mark.parametrize("broken", [False, True])
def test_numpy_does_without_loops(broken, monkeypatch, at_once):
    if broken:
        monkeypatch.setattr(running.diskcache, "load", fail)
    else:
        monkeypatch.setattr(running.diskcache, "available", lambda: False)
    loops._loop.cache_clear()
    running.loop.cache_clear()
    x = drawn((2, 6, 8))
    try:
        assert loops.largest(x, _APART) is None
        found = pooling._largest(x, _APART)
    finally:
        loops._loop.cache_clear()
        running.loop.cache_clear()
    np.testing.assert_array_equal(found[0], pooling_windows.largest(x, _APART)[0])
