"""Singular values of 0: what the next derivative of functions of the values alone is.

Where s is 0 it has the kink of |s|. A function f whose derivative vanishes there with s is smooth: that of
f(s) is c s, and along the space P that A takes to 0 the gradient is c P A P, to the first order.
"""

from __future__ import annotations

import numpy as np

from ..sweeping import before_link
from ..tape import FIRST_PARENT, PULL, new_tensor, parents
from .complex import real_part
from .indexing import diagonal
from .limits import call_of, flat_rest, limit, undefined, zeros_of
from .matrices import columns, conj, mH, value_of
from .reductions import sum as total
from .steep import steep


def beside(to_s, u, s, vh):
    """What is added to u * to_s @ vh, of a recorded sweep where singular values are 0; else None."""
    zero = zeros_of(s, to_s)
    moved = None if zero is None else _moved(u, s, vh, zero)
    if moved is None:
        return None
    ratio, lost = limit(to_s, call_of(s), zero, s)
    scale = total(ratio * zero, -1, True) / np.maximum(zero.sum(-1, keepdims=True), 1)
    lost = np.zeros(zero.shape, bool) if lost is None else lost
    lost = lost | (zero & ~np.isclose(value_of(ratio), value_of(scale)))
    at = lost.any(-1)[..., None, None]
    return scale[..., None] * moved + flat_rest(moved, True, 1) + undefined(moved, at)


def along(moved, t, u, s, vh):
    """The tangent of s, where it is 0: that of |s|, to be multiplied by what vanishes with it.

    Args:
        moved: the diagonal of U.H @ t @ V, also its imaginary part.
    """
    zero = zeros_of(s, t)
    if zero is None or (others := _moved(u, s, vh, zero)) is None:
        return None
    k = s.shape[-1]
    left, right = columns(value_of(u), k), columns(mH(value_of(vh)), k)
    own = diagonal(mH(left) @ others @ right, 0, -2, -1)
    own = own * zero + s * ~zero
    if others.shape[-1] != others.shape[-2] or np.any(zero.sum(-1) > 1):  # they mix
        own = own + total(real_part(undefined(others, True)), (-2, -1))[..., None]
    return steep(real_part(conj(own) * moved), s)


def _moved(u, s, vh, zero):
    """P (A - A0) P: 0, and how A moves in the spaces that belong to the singular values of 0."""
    maker = s._node[FIRST_PARENT] if s._node is not None and parents(s._node) else None
    if maker is None or maker[PULL].step.prim is None or maker[PULL].step.prim.name != "svd":
        return None
    k, keep = s.shape[-1], ~zero[..., None, :]
    left, right = columns(value_of(u), k), columns(mH(value_of(vh)), k)
    here = (left * value_of(s)[..., None, :]) @ mH(right)
    a = new_tensor(here, before_link(parents(maker)[0]))
    outside = [np.eye(v.shape[-2], dtype=v.dtype) - (v * keep) @ mH(v) for v in (left, right)]
    return outside[0] @ (a - here) @ outside[1]
