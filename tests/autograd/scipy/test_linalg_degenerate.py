"""Functions of matrices where they have no derivative, exactly or but for rounding: a typed error."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy.linalg")

import autograd
from autograd.errors import MatrixError
from autograd.scipy import linalg

ONE, FLAT = np.eye(2), np.outer([1.0, 2.0, 3.0], [0.3, 0.1, 0.7])
A = np.array([[2.0, 0.3, -0.5], [0.4, 3.0, 0.2], [-0.5, 0.2, 1.5]])
SYSTEM = (
    A,
    np.zeros((3, 2)),
    A @ A.T,
    np.array([[1.16, 0.1], [0.1, 4.49]]),
)  # unstable, and without a control
# what has no derivative but for rounding, and what the error says
DEGENERATE = {
    "logm": (linalg.logm, (FLAT,), "logm: .* the matrix is singular"),
    "sqrtm": (linalg.sqrtm, (FLAT,), "sqrtm: .* the matrix is singular"),
    "polar": (lambda a: linalg.polar(a)[1], (FLAT,), "polar: .* the columns of the matrix are dependent"),
    "sylvester of 0": (linalg.solve_sylvester, (0 * ONE, 0 * ONE, ONE), "a and -b share an eigenvalue"),
    "sylvester": (linalg.solve_sylvester, (ONE + 1, -ONE - 1, ONE), "a and -b share an eigenvalue"),
    "continuous": (linalg.solve_continuous_are, SYSTEM, "does not stabilise"),
    "discrete": (linalg.solve_discrete_are, SYSTEM, "does not stabilise"),
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.filterwarnings("ignore")
def test_what_has_no_derivative_raises(name):
    function, args, message = DEGENERATE[name]
    value = lambda a: np.real(function(a, *args[1:])).sum()
    with pytest.raises(MatrixError, match=message):
        autograd.grad(value)(args[0])
    with pytest.raises(MatrixError, match=message):
        autograd.jvp(value, (args[0],), (np.cos(np.arange(args[0].size)).reshape(args[0].shape),))


def _out_of_control(seed, limit):
    """A random system of which one eigenvalue, on the limit of what is stable, is out of the reach of b."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((3, 3)), rng.standard_normal((3, 2))
    a[-1], b[-1], a[-1, -1] = 0, 0, limit
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return turn @ a @ turn.T, turn @ b


@pytest.mark.parametrize(
    ("function", "limit"), [(linalg.solve_continuous_are, 0), (linalg.solve_discrete_are, 1)]
)
@pytest.mark.filterwarnings("ignore")
def test_systems_stable_but_for_rounding_raise(function, limit):
    found = 0
    for seed in range(40):
        a, b = _out_of_control(seed, limit)
        try:
            function(a, b, np.eye(3), np.eye(2))
        except np.linalg.LinAlgError:  # SciPy's, of some of them
            continue
        found += 1
        with pytest.raises(MatrixError, match="does not stabilise"):
            autograd.grad(lambda a, b=b: function(a, b, np.eye(3), np.eye(2)).sum())(a)
    assert found
