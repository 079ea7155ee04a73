"""What L-BFGS remembers, and the direction it follows from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .line_search import Point
from .state import OptimizerStateError


class Memory:
    """What L-BFGS keeps, for all parameters laid end to end in vectors of length n.

    Attributes:
        func_evals, n_iter: how often the closure was called, and how many iterations there were.
        d, t: the last direction and step.
        old_dirs, old_stps, ro: the last changes y of the gradient and s of the parameters, and
            1 / (y s).
        H_diag: the multiple of 1 that H is built on.
        prev_flat_grad, prev_loss: gradient and loss before the last step.
        x, work: the parameters before a line search, and a scratch vector.
        spare: vectors for the next y and s.
        pool: vectors for the gradients that a line search compares, four at a time.
    """

    def __init__(self, n: int, dtype: np.dtype):
        self.func_evals = self.n_iter = 0
        self.t = self.H_diag = 1.0
        self.prev_loss = 0.0
        self.old_dirs: list[np.ndarray] = []
        self.old_stps: list[np.ndarray] = []
        self.ro: list[float] = []
        self.al: list[float] = []
        self.d, self.prev_flat_grad, self.x, self.work = (np.zeros(n, dtype) for _ in range(4))
        self.spare = np.empty(n, dtype), np.empty(n, dtype)
        self.pool = [np.empty(n, dtype) for _ in range(4)]

    def free(self, *points: Point) -> np.ndarray:
        """A vector of the pool that holds the gradient of none of these points."""
        return next(v for v in self.pool if all(v is not p.grad for p in points))

    def remember(self, grad: np.ndarray, limit: int) -> None:
        """Take in the change that the last step made, if the loss is convex along it."""
        y, s = self.spare
        np.subtract(grad, self.prev_flat_grad, y)
        np.multiply(self.d, self.t, s)
        curvature = float(np.dot(y, s))
        if not curvature > 1e-10:
            return
        if len(self.ro) >= limit:
            self.spare = self.old_dirs.pop(0), self.old_stps.pop(0)
            self.ro.pop(0)
        else:
            self.spare = np.empty_like(y), np.empty_like(s)
            self.al.append(0.0)
        self.old_dirs.append(y)
        self.old_stps.append(s)
        self.ro.append(1.0 / curvature)
        self.H_diag = curvature / float(np.dot(y, y))

    def turn(self, grad: np.ndarray) -> None:
        """d = -H grad: the two loops over what is remembered."""
        d, work = self.d, self.work
        np.negative(grad, d)
        for i in reversed(range(len(self.ro))):
            self.al[i] = float(np.dot(self.old_stps[i], d)) * self.ro[i]
            np.add(d, np.multiply(self.old_dirs[i], -self.al[i], work), d)
        np.multiply(d, self.H_diag, d)
        for i in range(len(self.ro)):
            back = float(np.dot(self.old_dirs[i], d)) * self.ro[i]
            np.add(d, np.multiply(self.old_stps[i], self.al[i] - back, work), d)

    def largest(self, vector: np.ndarray) -> float:
        """The largest absolute value of a vector."""
        return float(np.max(np.abs(vector, self.work)))

    def state(self) -> dict[str, Any]:
        """For the state dict, under PyTorch's names."""
        counts = {"func_evals": self.func_evals, "n_iter": self.n_iter}
        if not self.n_iter:
            return counts
        return {
            **counts,
            "d": self.d.copy(),
            "t": self.t,
            "old_dirs": [y.copy() for y in self.old_dirs],
            "old_stps": [s.copy() for s in self.old_stps],
            "ro": list(self.ro),
            "H_diag": self.H_diag,
            "prev_flat_grad": self.prev_flat_grad.copy(),
            "prev_loss": self.prev_loss,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over a `state`."""
        shape = self.d.shape
        self.func_evals, self.n_iter = int(saved["func_evals"]), int(saved["n_iter"])
        if not self.n_iter:
            return
        vectors = [saved["d"], saved["prev_flat_grad"], *saved["old_dirs"], *saved["old_stps"]]
        if any(np.shape(v) != shape for v in vectors) or len(saved["old_dirs"]) != len(saved["ro"]):
            shapes = sorted({np.shape(v) for v in vectors})
            raise OptimizerStateError(f"LBFGS: expected vectors of shape {shape}, got {shapes}")
        self.t, self.H_diag, self.prev_loss = (float(saved[k]) for k in ("t", "H_diag", "prev_loss"))
        self.d, self.prev_flat_grad, *changes = (np.array(v, self.d.dtype) for v in vectors)
        self.old_dirs, self.old_stps = changes[: len(saved["ro"])], changes[len(saved["ro"]) :]
        self.ro, self.al = [float(r) for r in saved["ro"]], [0.0] * len(saved["ro"])
