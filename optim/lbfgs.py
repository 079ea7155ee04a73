"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError
from autograd.views import writable

from .checks import check_choice, check_integer, refuse_complex
from .lbfgs_memory import Memory
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer
from .state import OptimizerStateError


class LBFGS(Optimizer):
    """p += t d, where d = -H g and H is built from the last changes of p and g.

    `step(closure)` runs up to `max_iter` iterations; the closure clears the gradients, computes
    the loss, calls backward and returns the loss.

    Args:
        params: one group; see `Optimizer`.
        lr: t, or the first t that the line search tries; at least 0.
        max_iter: iterations per step.
        max_eval: evaluations of the closure per step; None for max_iter * 5 // 4.
        tolerance_grad: stop when no entry of the gradient is larger.
        tolerance_change: stop when neither parameters nor loss change more.
        history_size: how many changes are remembered.
        line_search_fn: None or "strong_wolfe".

    Errors: ArgumentError for options out of range, for a second group, or without a closure;
    OperandError for complex parameters.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5; the
    conditions to stop are those of Schmidt's minFunc, as in PyTorch.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([3.0, -2.0], requires_grad=True)
        >>> optimizer = LBFGS([x], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((x - 1.0) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure)
        tensor(13., requires_grad=True)
        >>> x
        tensor([1., 1.], requires_grad=True)
    """

    ranges: ClassVar = {"lr": (0.0,), "tolerance_grad": (0.0,), "tolerance_change": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ):
        check_integer("LBFGS", "max_iter", max_iter, 1)
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)
        self._params = self.param_groups[0]["params"]
        shapes = [p.shape for p in self._params]
        sizes = [int(np.prod(shape)) for shape in shapes]
        ends = np.cumsum(sizes)
        self._parts = [(slice(e - n, e), s) for e, n, s in zip(ends, sizes, shapes, strict=True)]
        dtype = np.result_type(*(p.dtype for p in self._params))
        self._memory = Memory(int(ends[-1]), dtype)

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        refuse_complex("LBFGS", group["params"])
        for option in ("max_iter", "max_eval", "history_size"):
            check_integer("LBFGS", option, group[option], 1)
        check_choice("LBFGS", "line_search_fn", group["line_search_fn"], (None, "strong_wolfe"))

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Refused but for the first group: all parameters are one vector."""
        if self.param_groups:
            raise ArgumentError("LBFGS: expected one group of parameters, got a second one")
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Minimise for up to `max_iter` iterations; returns the loss before the first."""
        if closure is None:
            raise ArgumentError("LBFGS: step needs a closure that computes the loss and its gradients")
        if not callable(closure):
            raise OperandError(f"LBFGS: closure must be a function, got {describe(closure)}")
        self.stepped = True
        group, m = self.param_groups[0], self._memory
        first = closure()
        here = Point(0.0, float(first), self._gather(m.free()), 0.0)
        evaluations = 1
        m.func_evals += 1
        if m.largest(here.grad) <= group["tolerance_grad"]:
            return first
        for left in reversed(range(group["max_iter"])):
            self._aim(here)
            slope = float(np.dot(here.grad, m.d))
            if slope > -group["tolerance_change"]:
                break
            budget = group["max_eval"] - evaluations
            here, used = self._move(closure, here._replace(t=0.0, slope=slope), budget, last=left == 0)
            m.func_evals += used
            evaluations += used
            if left == 0 or evaluations >= group["max_eval"] or self._has_converged(here):
                break
        return first

    def _aim(self, here: Point) -> None:
        """Choose the direction, and the first step to try."""
        m, lr = self._memory, self.param_groups[0]["lr"]
        m.n_iter += 1
        if m.n_iter == 1:
            m.t = min(1.0, 1.0 / float(np.add.reduce(np.abs(here.grad, m.work)))) * lr
        else:
            m.remember(here.grad, self.param_groups[0]["history_size"])
            m.t = lr
        m.turn(here.grad)
        np.copyto(m.prev_flat_grad, here.grad)
        m.prev_loss = here.loss

    def _move(self, closure: Callable, here: Point, budget: int, last: bool) -> tuple[Point, int]:
        """Take the step; returns where it led and how often the closure was called."""
        m = self._memory
        self._gather_parameters()

        def evaluate(t: float, *keep: Point) -> Point:
            self._place(t)
            loss = float(closure())
            grad = self._gather(m.free(*keep))
            return Point(t, loss, grad, float(np.dot(grad, m.d)))

        if self.param_groups[0]["line_search_fn"] is not None:
            there, used = strong_wolfe(evaluate, here, m.t, m.largest(m.d), budget)
            m.t = there.t
            self._place(m.t)
            return there, used
        if last:  # the next step evaluates there anyway
            self._place(m.t)
            return here, 0
        return evaluate(m.t), 1

    def _has_converged(self, here: Point) -> bool:
        group, m = self.param_groups[0], self._memory
        return (
            m.largest(here.grad) <= group["tolerance_grad"]
            or m.largest(m.d) * abs(m.t) <= group["tolerance_change"]
            or abs(here.loss - m.prev_loss) < group["tolerance_change"]
        )

    def _gather(self, vector: np.ndarray) -> np.ndarray:
        """Lay the gradients end to end."""
        for p, (part, shape) in zip(self._params, self._parts, strict=True):
            np.copyto(vector[part].reshape(shape), 0.0 if p.grad is None else p.grad._data)
        return vector

    def _gather_parameters(self) -> None:
        for p, (part, shape) in zip(self._params, self._parts, strict=True):
            np.copyto(self._memory.x[part].reshape(shape), p._data)

    def _place(self, t: float) -> None:
        """p = x + t d."""
        m = self._memory
        np.multiply(m.d, t, m.work)
        np.add(m.x, m.work, m.work)
        for p, (part, shape) in zip(self._params, self._parts, strict=True):
            np.copyto(writable(p), m.work[part].reshape(shape), casting="same_kind")

    def state_dict(self) -> dict[str, Any]:
        """As of every optimiser; what is kept for all parameters is that of parameter 0."""
        state = {0: self._memory.state()} if self._memory.func_evals else {}
        return {**super().state_dict(), "state": state}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and memory; see `Optimizer.load_state_dict`."""
        (whole,) = self._fitting(state_dict)
        memory = Memory(self._memory.d.size, self._memory.d.dtype)
        if 0 in state_dict["state"]:
            try:
                memory.restore(state_dict["state"][0])
            except KeyError as error:
                raise OptimizerStateError(f"LBFGS: {error} is missing in the state") from None
        self.param_groups[0].update(whole)
        self._memory = memory
