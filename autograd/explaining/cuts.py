"""Why a gradient is None or zero, and which operation cut it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .routes import Flow

DETACHED, INTEGER, MASKED, SATURATED, UNUSED, NO_GRAD = (
    "detached", "integer", "masked", "saturated", "unused", "no_grad",
)  # fmt: skip
FROZEN, FLAT, ZERO_FACTOR, HOOK, CANCELLED, NO_DERIVATIVE, NO_HISTORY = (
    "frozen", "flat", "zero factor", "hook", "cancelled", "no derivative", "no history",
)  # fmt: skip

CAUSES = {
    DETACHED: "the values went on without their history",
    INTEGER: "the result is of an integer or boolean dtype, which has no gradient",
    MASKED: "the elements that depend on it were not chosen, were dropped or clipped",
    SATURATED: "its derivative is too small to be told from zero",
    UNUSED: "no operation that leads to the loss took it, or a tensor computed from it",
    NO_GRAD: "it ran where nothing is recorded",
    FROZEN: "it does not require grad",
    FLAT: "its derivative is zero everywhere",
    ZERO_FACTOR: "what it is multiplied by is zero",
    HOOK: "a hook made it zero",
    CANCELLED: "what came by different paths or elements adds up to zero",
    NO_DERIVATIVE: "the operation has no derivative by this argument",
    NO_HISTORY: "the loss was computed under no_grad(), detached, or from nothing that requires grad",
}

_SATURATE = """
    sigmoid tanh softmax log_softmax erf softplus logsigmoid softsign gelu gelu_tanh silu mish glu elu exp
    exp2 expm1 logsumexp logaddexp logaddexp2 arctan sinh cosh reciprocal power float_power cross_entropy
    weighted_cross_entropy soft_cross_entropy binary_cross_entropy binary_cross_entropy_with_logits
    soft_margin_loss ctc_loss rnn gru lstm attention self_attention kl_div
"""
_MASK = """
    relu where maximum minimum fmax fmin clip max min hardtanh hardshrink softshrink threshold hardsigmoid
    hardswish leaky_relu prelu getitem setitem pick place max_pool pick_taps place_taps max_unpool
    strongest_at tril triu pad unpad embedding sum_rows nll_loss grid_sample scatter_add concatenate stack
    resample take_along_axis add_along_axis
"""
_SATURATING, _MASKING = frozenset(_SATURATE.split()), frozenset(_MASK.split())
_FLAT = frozenset({"sign", "copysign", "round", "slogdet"})


class Cut(NamedTuple):
    """A place where a gradient ends.

    Attributes:
        cause: a word, see `CAUSES`.
        op: the operation; empty if it was none.
        path: of the module that it was called in.
        source: the user's line, as `train.py:12`; empty if not known.
        order: of the node; None for what has none.
        norm: of the cotangent that arrived there.
    """

    cause: str
    op: str = ""
    path: str = ""
    source: str = ""
    order: int | None = None
    norm: float = 0.0

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.path, self.source) if part)
        at = f" at {self.op}" if self.op else ""
        return f"{self.cause}{at}{f' ({where})' if where else ''}: {CAUSES[self.cause]}"


def zeroing(flows: Sequence[Flow]) -> list[Cut]:
    """The operations that got a cotangent and passed on none, the largest cotangent first."""
    cuts = []
    for flow in flows:
        op = "identity" if flow.step.prim is None else flow.step.prim.name
        if flow.arrived > 0 and flow.hooked == 0:
            cuts.append(Cut(HOOK, op, order=flow.order, norm=flow.arrived))
        elif flow.hooked > 0 and all(passed == 0 for _, _, passed in flow.passed):
            cause = CANCELLED if flow.cancels else _cause(flow.step, flow.saved or {})
            cuts.append(Cut(cause, op, order=flow.order, norm=flow.hooked))
    return sorted(cuts, key=lambda cut: -cut.norm)


def _cause(step: Any, saved: dict[str, Any]) -> str:
    """Why an operation passed on nothing."""
    prim = step.prim
    if prim is None:
        return HOOK
    rules = [prim.rules.get(prim.arrays[i]) for i in step.active] if prim.rules else []
    if prim.name in _FLAT or all(r and r.form == "number" and r.fn == 0 for r in rules or [None]):
        return FLAT
    hidden = saved.get("mask") is not None or saved.get("is_causal")
    empty = any(name.endswith("_shape") and 0 in shape for name, shape in saved.items())
    if prim.name in _MASKING or hidden or empty or _is_masked(step, saved):
        return MASKED
    return SATURATED if prim.name in _SATURATING else ZERO_FACTOR


def _is_masked(step: Any, saved: dict[str, Any]) -> bool:
    """Whether it is the product with a constant of zeros and one other number, as of dropout."""
    if step.prim.name != "multiply" or len(step.active) > 1:
        return False
    factor = np.asarray(saved.get("y" if step.active == (0,) else "x"))
    if factor.ndim == 0:
        return False
    kept = factor[factor != 0]
    return kept.size == 0 or bool(np.all(kept == kept[0]))
