"""What NumPy code does, recorded: functions of arrays, compiled as eager to the last bit."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn.functional as F
from autograd.errors import RequiresGradError
from autograd.wholes import as_whole
from tests.support.compiling import plain, same

pytestmark = pytest.mark.usefixtures("numpy_alone")

from_numpy = np.array  # under a name of its own


def _buffer(x):
    y = np.zeros_like(x)
    y[1:] = x[:-1]
    y[x > 0] = 3
    return y


# Arrays that NumPy makes of what has no protocol: lists, single numbers.
MADE = {
    "array of elements": lambda x: np.array([x[0, 0] * 2, x[1, 1] ** 2]),
    "array of rows": lambda x: np.array([x[0], x[1] * 2]),
    "array of arrays": lambda x: np.array([x, x * 2]),
    "array of arrays and numbers": lambda x: np.array([[x[0, 0], 1.0], [0, x[2, 1]]]),
    "array of another dtype": lambda x: np.array(x, np.float32),
    "array of sums": lambda x: np.asarray([x.sum(), x.max()]),
    "array by a captured name": lambda x: from_numpy([x.min(), x.max()]),
    "asarray": lambda x: np.asarray(x) * 2,
    "asarray of a scalar": lambda x: np.asarray(x.sum()).reshape(1),
    "ascontiguousarray": lambda x: np.ascontiguousarray(x.T),
    "full": lambda x: np.full(3, x[0, 0]),
    "zeros_like": _buffer,
    "ours": lambda x: anp.array([x[0, 0] * 2, 1.0]),
    "grad": autograd.grad(lambda x: anp.sum(anp.array([x[0, 0] * 2, x[1, 1] ** 2, 1.0]) ** 2)),
    "grad of what is in cycles": autograd.grad(lambda x: anp.sum(anp.linalg.pinv(x))),
    "multi_dot": autograd.grad(lambda x: anp.sum(anp.linalg.multi_dot([x.T, x, x.T]))),
}


# Functions of lists, and functions that look at values: each a step of its own.
WHOLE = {
    "mean of a list": lambda x: np.mean([x.sum(), x.max()]),
    "norm of a list": lambda x: np.max([x[0], x[1]], axis=0),
    "histogram": lambda x: np.histogram(x, bins=4)[0],
    "delete": lambda x: np.delete(x, 1, axis=0),
    "compress": lambda x: np.compress([True, False, True, True], x, axis=0),
    "eig": autograd.grad(lambda x: anp.sum(anp.abs(anp.linalg.eig(x[:3] + 9 * np.eye(3))[0]))),
}
if importlib.util.find_spec("scipy") is not None:
    from autograd.scipy import integrate, linalg, special, stats

    WHOLE |= {
        "trapezoid": lambda x: integrate.trapezoid(x),
        "lu": lambda x: linalg.lu(x[:3]),
        "logm": autograd.grad(lambda x: anp.sum(linalg.logm(x[:3] @ x[:3].T + np.eye(3)))),
        "lstsq": autograd.grad(lambda x: anp.sum(linalg.lstsq(x, np.ones(4))[0])),
        "its rank": lambda x: linalg.lstsq(x, np.ones(4))[:3],
        "airy": autograd.grad(lambda x: anp.sum(special.airy(x)[0])),
        "lognorm": autograd.grad(lambda x: anp.sum(stats.lognorm.logpdf(x**2, x**2 + 1))),
        "constant": lambda x: special.ellipj(x, 0.5)[1],
    }


@pytest.mark.parametrize("name", [*MADE, *WHOLE])
def test_arrays_that_are_made(name):
    check((MADE | WHOLE)[name])


def check(fn, shape=(4, 3), **options):
    program = autograd.compile(fn, strict=True, **options)
    for seed in range(6):
        x = np.random.default_rng(seed).normal(size=shape)
        assert same(plain(fn(x)), plain(program(x)))
    assert program.replays


def test_numpy_is_as_it_was_afterwards():
    before = np.array, np.asarray, np.full
    check(lambda x: np.array([x.sum(), 1.0]))
    with pytest.raises(autograd.errors.CompileError):
        check(lambda x: np.array([float(x.sum())]))
    assert (np.array, np.asarray, np.full) == before


def test_a_tensor_that_requires_grad_is_refused_as_ever():
    with pytest.raises(RequiresGradError):
        autograd.grad(lambda x: np.array([x.sum()]))(np.ones(2))


# Where a recorded run took other kernels, or the same ones on other layouts, than the function.
MATRIX = np.random.default_rng(3).normal(size=(4, 5))
LEFT, RIGHT = (
    np.random.default_rng(i).normal(size=n).astype(np.float32) for i, n in ((9, (8, 5)), (8, (3, 5)))
)


def _mixed(x):
    """What sends back cotangents of three layouts."""
    s = F.softmax(x.astype(np.float32), -1)
    return ((s @ RIGHT) ** 2).sum() + s.sum() + ((s.T @ LEFT) ** 2).sum()


LAYOUTS = {
    "a captured view": autograd.grad(lambda x: anp.sum(anp.matmul(MATRIX.T, x[:4, 0]) ** 2)),
    "reduceat": lambda x: np.add.reduceat(x[:, 0], [0, 3]),
    "three cotangents": autograd.grad(_mixed),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_same_kernels_on_the_same_layouts(name):
    check(LAYOUTS[name], (8, 3))


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_a_zero_cotangent_stays_zero_in_the_run_that_is_recorded(first):
    """0 * inf in the very pull that meets it first: NumPy reports it there, and in no other."""
    slope = autograd.grad(lambda x: anp.where(x > 0, anp.sqrt(x), 0.0).sum())
    program = autograd.compile(slope, strict=True)
    for value in (first, 0.0, 4.0, 0.0, 1.0, 0.0):
        x = np.array([value, 4.0])
        np.testing.assert_array_equal(program(x), slope(x))
    assert program.replays


def test_a_result_of_another_dtype_is_none_of_the_programs():
    # real eigenvalues come as real numbers
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for first, second in ((turn, np.eye(2)), (np.eye(2), turn)):
        fn = lambda x: np.linalg.eigvals(x) * 2
        program = autograd.compile(fn)
        for x in (first, first, first, first, second, first, second):
            assert same(plain(fn(x)), plain(program(x)))
        assert program.replays


def test_a_number_that_a_kernel_gives_is_checked():
    program = autograd.compile(lambda x: x * as_whole(_rank, x), strict=True)
    for rank in (2, 2, 2, 2, 1, 2, 1):
        x = np.diag([1.0, rank - 1.0])
        np.testing.assert_array_equal(program(x), x * rank)
    assert program.replays


def _rank(x):
    return int(np.linalg.matrix_rank(x))
