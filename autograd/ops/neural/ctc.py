"""Connectionist temporal classification: sequences against labels without an alignment.

The states of a sequence are its labels with blanks between and around them. A path goes through
the states in order, one step a frame: it stays, goes on by one, or by two where that leaves out a
blank between labels that differ. `alpha[t, s]` is the logarithm of the probability of all paths
to state s at frame t, and `beta[t, s]` of all from there to the end.

Logarithms of zero are a large negative number: sums of those stay ordinary numbers, so that no
step has to ask for infinities.
"""

from __future__ import annotations

import numpy as np

from ...declare import case, fused
from ...errors import DtypeError
from ..choosing import less, where
from ..indexing import getitem
from ..joining import concatenate, stack
from ..reductions import sum as total
from ..shapes import moveaxis, reshape
from ..softmax import logsumexp
from .losses import reduced


def _never(dtype):
    """The logarithm of zero; as many of them as there are frames do not overflow."""
    return dtype.type({2: -2e3, 4: -1e30}.get(dtype.itemsize, -1e290))


class _Plan:
    """What the targets say of the paths, for padded targets (N, L)."""

    def __init__(self, targets, input_lengths, target_lengths, blank, dtype):
        n, most = targets.shape
        self.rows = np.arange(n)[:, None]
        self.labels = np.where(np.arange(most) < target_lengths[:, None], targets, blank)
        self.states = np.full((n, 2 * most + 1), blank)
        self.states[:, 1::2] = self.labels
        never = self.never = _never(dtype)
        # added to the paths that leave a blank out: 0 where they may
        self.leap = np.full(self.states.shape, never)
        self.leap[:, 3::2] = np.where(self.labels[:, 1:] == self.labels[:, :-1], never, dtype.type(0))
        self.last_frame, self.last_state = input_lengths - 1, 2 * target_lengths
        self.ends = np.full(self.states.shape, never)  # where paths end
        self.ends[self.rows[:, 0], self.last_state] = 0
        labelled = target_lengths > 0
        self.ends[self.rows[labelled, 0], self.last_state[labelled] - 1] = 0
        self.no_frames = input_lengths == 0


def _merge(a, b, c, out):
    """log(exp(a) + exp(b) + exp(c)), into `out`."""
    top = np.maximum(np.maximum(a, b), c)
    np.exp(a - top, out=out)
    for other in (b, c):
        part = other - top
        out += np.exp(part, out=part)
    np.log(out, out=out)
    out += top


def _forward(emissions, plan):
    """alpha (T, N, 2 + S); two columns that no path comes from lie before the states."""
    frames, n, states = emissions.shape
    alpha = np.full((frames, n, 2 + states), plan.never)
    alpha[:1, :, 2:4] = emissions[:1, :, :2]
    for t in range(1, frames):
        before, now = alpha[t - 1], alpha[t, :, 2:]
        _merge(before[:, 2:], before[:, 1:-1], before[:, :-2] + plan.leap, now)
        now += emissions[t]
    return alpha[:, :, 2:]


def _likelihoods(alpha, plan):
    """log of the probability of each sequence; `never` or less if there is no path."""
    if not len(alpha):
        return np.where(plan.last_state == 0, alpha.dtype.type(0), plan.never)
    last = alpha[plan.last_frame, plan.rows[:, 0]] + plan.ends
    top = np.maximum.reduce(last, 1)
    found = np.log(np.add.reduce(np.exp(last - top[:, None]), 1)) + top
    return np.where(plan.no_frames, np.where(plan.last_state == 0, alpha.dtype.type(0), plan.never), found)


def _emissions(log_probs, plan):
    return np.maximum(log_probs[:, plan.rows, plan.states], plan.never)


def _ctc(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    if log_probs.dtype.kind != "f":
        raise DtypeError(f"ctc_loss: log_probs must be floating, got {log_probs.dtype}")
    plan = _Plan(targets, input_lengths, target_lengths, blank, log_probs.dtype)
    alpha = _forward(_emissions(log_probs, plan), plan)
    likelihoods = _likelihoods(alpha, plan)
    impossible = likelihoods <= plan.never / 2
    losses = np.where(impossible, log_probs.dtype.type(0 if zero_infinity else np.inf), -likelihoods)
    return _per_label(losses, target_lengths, reduction), (plan, alpha, likelihoods, impossible)


def _per_label(losses, target_lengths, reduction):
    """The mean is of the losses over the lengths of their targets."""
    if reduction == "mean":
        losses = losses / np.maximum(target_lengths, 1).astype(losses.dtype)
    return reduced(losses, reduction)


def _occupied(log_probs, plan, alpha, likelihoods, impossible):
    """Frame by frame from the last, the share of each state (N, S) among all paths."""
    frames, n, states = alpha.shape
    emissions = _emissions(log_probs, plan)
    totals = np.where(impossible, alpha.dtype.type(0), likelihoods)[:, None]
    beta = np.full((n, states + 2), plan.never)  # two columns that no path goes to lie behind
    now, leap = beta[:, :states], np.full((n, states + 2), plan.never)
    leap[:, :states] = plan.leap
    for t in range(frames - 1, -1, -1):
        if t + 1 < frames:
            ahead = beta.copy()
            ahead[:, :states] += emissions[t + 1]
            _merge(ahead[:, :-2], ahead[:, 1:-1], ahead[:, 2:] + leap[:, 2:], now)
        ending = plan.last_frame == t
        if ending.any():
            now[ending] = plan.ends[ending]
        yield t, np.exp(alpha[t] + now - totals)


def _d_ctc(g, log_probs, targets, target_lengths, aux, blank, reduction, zero_infinity):
    plan, alpha, likelihoods, impossible = aux
    n, classes = log_probs.shape[1:]
    if reduction == "mean":
        g = g / (np.maximum(target_lengths, 1) * n).astype(log_probs.dtype)
    scales = np.broadcast_to(-np.asarray(g, log_probs.dtype), (n,))[:, None]
    out = np.zeros(log_probs.shape, log_probs.dtype)
    places = (plan.labels + classes * plan.rows).reshape(-1)
    for t, shares in _occupied(log_probs, plan, alpha, likelihoods, impossible):
        shares *= scales
        out[t, :, blank] = np.add.reduce(shares[:, ::2], 1)
        np.add.at(out[t].reshape(-1), places, shares[:, 1::2].reshape(-1))
    if impossible.any() and not zero_infinity:  # an infinite loss has no derivative
        reached = np.arange(len(out))[:, None] <= plan.last_frame
        out[reached & impossible] = np.nan
    return (out,)


def _formula(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity):
    plan = _Plan(targets, input_lengths, target_lengths, blank, log_probs.dtype)
    frames, n = log_probs.shape[:2]
    emissions = getitem(log_probs, (slice(None), plan.rows, plan.states))
    emissions = where(less(emissions, plan.never), plan.never, emissions)
    wall = np.full((n, 2), plan.never)
    first = np.arange(plan.states.shape[1]) < 2
    alpha = last = None
    for t in range(frames):
        if alpha is None:
            alpha = last = where(first, emissions[0], plan.never)
            continue
        one, two = concatenate([wall[:, :1], alpha[:, :-1]], 1), concatenate([wall, alpha], 1)[:, :-2]
        alpha = logsumexp(stack([alpha, one, two + plan.leap], 0), 0) + emissions[t]
        last = where((plan.last_frame == t)[:, None], alpha, last)
    if last is None:
        return _per_label(total(log_probs, (0, 2)), target_lengths, reduction)
    losses = -logsumexp(last + plan.ends, 1)
    # what cannot be aligned has no derivative, or none that counts
    impossible = getattr(losses, "_data", losses) >= -plan.never / 2
    factors = np.where(impossible, losses.dtype.type(0 if zero_infinity else np.nan), losses.dtype.type(1))
    return _per_label(losses * np.where(plan.no_frames, 0, factors), target_lengths, reduction)


def _case(shape, targets, input_lengths, target_lengths, **options):
    arrays = (np.array(a) for a in (targets, input_lengths, target_lengths))
    return case(
        shape, **dict(zip(("targets", "input_lengths", "target_lengths"), arrays, strict=True)), **options
    )


def _of_examples(call):
    """One batch of the sequences of all examples."""
    x, count, given = call.args[0], call.size, call.statics
    frames, n, classes = x.shape[1:]
    lengths = {name: np.tile(given[name], count) for name in ("input_lengths", "target_lengths")}
    flat = reshape(moveaxis(x, 0, 1), (frames, count * n, classes))
    losses = call.run([flat], targets=np.tile(given["targets"], (count, 1)), reduction="none", **lengths)
    losses = reshape(losses, (count, n))
    if given["reduction"] == "mean":
        weights = np.maximum(np.asarray(given["target_lengths"]), 1) * n
        losses = losses / weights.astype(losses.dtype)
    return losses if given["reduction"] == "none" else total(losses, 1)


ctc_loss = fused(
    _ctc,
    ["log_probs"],
    backward=_d_ctc,
    formula=_formula,
    name="ctc_loss",
    batch=_of_examples,
    domain=(-3.0, -0.2),
    cases=[
        _case((5, 2, 3), [[1, 2], [1, 1]], [5, 4], [2, 2]),
        _case((4, 2, 3), [[1], [0]], [4, 2], [1, 0], reduction="sum"),
        _case((4, 3, 3), [[2, 2, 0], [1, 2, 1], [1, 0, 0]], [4, 4, 1], [2, 3, 1], reduction="none"),
        _case((2, 2, 3), [[1, 1], [0, 1]], [2, 2], [2, 2], blank=2, zero_infinity=True),
    ],
    doc="""-log of the probability of labels, over all their alignments to the frames.

    Shapes: log_probs (T, N, C), targets (N, L), input_lengths and target_lengths (N,).

    Source: Graves et al., Connectionist Temporal Classification, 2006, eqs. 6 to 15.""",
)  # fmt: skip
