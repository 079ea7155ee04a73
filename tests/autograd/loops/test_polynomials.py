"""Polynomials of loops: at most 4 units in the last place from the true value, everywhere."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from autograd.compiling.planning.elementwise import LIMITS
from autograd.loops.polynomials import FUNCTIONS

WIDER = {"f4": np.float64, "f8": np.longdouble}
KIND = {"f4": np.float32, "f8": np.float64}
BOUND = 4
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= 52, reason="nothing more precise than float64 to compare with"
)


def singles():
    """float32 over all its bits, subnormals, infinities and NaN among them."""
    quarters = (np.pi / 2 * np.arange(-(2**16), 2**16)).astype(np.float32)  # where sin or cos cancels
    some = np.arange(0, 2**32, 1031, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.concatenate([some, quarters, np.nextafter(quarters, np.float32(0))])


def doubles():
    """float64 of random bits, and where functions change or cancel."""
    near_one = 1 + RNG.uniform(-1, 1, 20000) * 2.0 ** -RNG.integers(1, 52, 20000)
    quarters = np.pi / 2 * RNG.integers(-(2**20), 2**20, 50000)
    return np.concatenate([
        RNG.integers(0, 2**64, 300000, dtype=np.uint64).view(np.float64), RNG.uniform(-760, 760, 200000),
        RNG.uniform(-2, 2, 200000), 10.0 ** RNG.uniform(-320, 9, 100000), near_one, quarters,
        np.nextafter(quarters, 0), -near_one,
    ])  # fmt: skip


SPECIAL = [0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-45, -1e-45, 88.72284, 709.782712893384]


def computed(name, kind, x):
    fn = FUNCTIONS[f"{name}_{kind}"]

    @numba.njit(fastmath={"contract"}, error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = fn(x[i])

    out = np.empty_like(x)
    loop(x, out)
    return out


@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "sin", "cos"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_function_is_within_its_bound(name, kind):
    x = np.concatenate([singles() if kind == "f4" else doubles(), SPECIAL]).astype(KIND[kind])
    if name in ("sin", "cos"):
        x = x[~(np.abs(x) > LIMITS[kind])]
    found, wanted = computed(name, kind, x), getattr(np, name)(x.astype(WIDER[kind]))
    rounded = wanted.astype(KIND[kind])
    np.testing.assert_array_equal(np.isnan(found), np.isnan(rounded))
    np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(getattr(np, name)(x[x == 0])))
    overflows = np.isinf(rounded) & ~np.isinf(wanted)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(found[~finite & ~overflows], rounded[~finite & ~overflows])
    unit = np.spacing(np.abs(rounded[finite]))
    error = np.abs(found[finite].astype(WIDER[kind]) - wanted[finite]) / unit
    assert error.max() <= BOUND, x[finite][error.argmax()]
    # near the end of the range one may round to infinity and the other not
    assert np.all(np.isinf(found[overflows]) | (found[overflows] == np.finfo(KIND[kind]).max))


# C's FE_UNDERFLOW
UNDERFLOW = {"x86_64": 16, "aarch64": 8}.get(platform.machine())


@pytest.mark.skipif(UNDERFLOW is None, reason="the flag of underflow is not known here")
@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("name", ["exp", "expm1", "tanh"])
def test_what_is_far_below_does_not_underflow(name, kind):
    # that takes many processors a hundred times as long: masked scores of attention lie here
    x = np.array([-np.inf, -1e30, -1e9, -1e4] * 8, KIND[kind])
    fn = FUNCTIONS[f"{name}_{kind}"]
    of_c = ctypes.CDLL(ctypes.util.find_library("m"))

    @numba.njit(fastmath={"contract"}, error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = fn(x[i])

    out = np.empty_like(x)
    loop(x, out)  # compiled here
    of_c.feclearexcept(UNDERFLOW)
    loop(x, out)
    assert not of_c.fetestexcept(UNDERFLOW)
