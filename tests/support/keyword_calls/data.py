"""The arrays that the tables call functions on: distinct elements, away from zero and from each other."""

from __future__ import annotations

import numpy as np

_rng = np.random.default_rng(5)
C = _rng.permutation(24).reshape(2, 3, 4) * 0.137 - 1.35
CP = _rng.permutation(24).reshape(2, 3, 4) * 0.093 + 0.21
MC = _rng.random((2, 3, 4)) < 0.6
MC[0, 0], MC[:, 1, :], MC[0] = True, True, True  # no row is left without elements
X = np.array([[0.52, -1.27, 2.03], [1.51, 0.73, -0.26]])
Y = X[::-1] * 0.8 + 0.15
P = np.array([[0.82, 1.49, 2.33], [1.76, 1.03, 0.56]])
M = np.array([[True, False, True], [False, True, True]])
Z, ZC = X + 1j * X[::-1] * 0.7, C + 1j * CP
V, U = _rng.permutation(7) * 0.31 - 0.9, _rng.permutation(5) * 0.43 - 0.78
ZV = V + 1j * V[::-1] * 0.8 + 0.1j
S = np.array([[2.0, 0.5, 0.25], [0.4, 3.0, -0.5], [0.3, -0.7, 1.5]])
SY, ZS = S + S.T, S + 0.3j * S.T
B = np.stack([S, S.T @ S + np.diag([1.0, 2.0, 3.0])])
R, RB, W = _rng.normal(size=(4, 3)), _rng.normal(size=(2, 4, 3)), _rng.normal(size=(3, 4))
XP, FP = np.sort(V), _rng.normal(size=7)
AT = np.array([-1.5, -0.7, 0.05, 0.71, 3.0])
STEPS = np.array([0.0, 0.3, 0.9, 1.4])
CUBE = _rng.normal(size=(3, 3, 4))


class Cases(dict):
    """name -> (a function of a namespace and arrays, the arrays)."""

    def add(self, name: str, f, *arrays: np.ndarray) -> None:
        assert name not in self, name
        self[name] = (f, arrays)


def drawn(*shape: int) -> np.ndarray:
    """Normal numbers, the same for a shape each time."""
    return np.random.default_rng(shape).normal(size=shape)
