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
