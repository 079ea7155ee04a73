"""Linear filters: recursive ones, in sections, to and fro; smoothing by polynomials."""

from __future__ import annotations

import numpy as np

from ...batched_calls import CLASSES
from ...declare import case, primitive
from ...errors import ArgumentError, ShapeError
from ...ops import linear_systems
from ...ops.arranging import flip
from ...ops.indexing import getitem
from ...ops.joining import concatenate, stack
from ...ops.matrices import in_lapack, value_of
from ...ops.padding import pad
from ...ops.reductions import sum
from ...ops.shapes import as_array, axis_index, moveaxis, reshape, zeros_like
from .. import load
from .._faces import spelled

theirs = load("signal")


def _d_recursion(g, a, out, wanted):
    to_x = flip(_recursion(a, flip(g, -1)), -1)
    if 0 not in wanted:
        return [None, to_x]
    n = out.shape[-1]
    if not n:
        return [zeros_like(a), to_x]
    to_a = [-sum(to_x[..., k:] * out[..., : n - k]) for k in range(min(a.shape[0], n))]
    rest = a.shape[0] - len(to_a)
    to_a = stack(to_a)
    return [pad(to_a, (0, rest)) if rest else to_a, to_x]


def _lfilter(a, x):
    if not {a.dtype.kind, x.dtype.kind} <= set("fciub"):
        raise TypeError("numbers are wanted")  # SciPy says that it is not implemented
    return theirs.lfilter(np.ones(1, a.dtype), a, x)


def _moved_by_filter(t, out, a, x):
    moved = t[0] * out
    for k in range(1, min(a.shape[0], out.shape[-1])):
        moved = moved + t[k] * _shifted(out, k)
    return -_recursion(a, moved)


def _of_examples(call):
    """Signals are filtered together; filters that differ, one after the other."""
    return CLASSES["loop"](call) if call.batched[0] else call.run()


_recursion = primitive(
    lambda a, x: in_lapack(_lfilter, a, x),
    ["a", "x"],
    name="recursive_filter",
    vjp=_d_recursion,
    jvp={"a": _moved_by_filter, "x": lambda t, out, a, x: _recursion(a, t)},
    batch=_of_examples,
    analytic=True,
    reference=lambda a, x: theirs.lfilter([1.0], a, x),
    cases=[
        case(np.array([1.5, -0.4, 0.2]), (2, 6)),
        case(np.array([1.5, -0.4, 0.2]), (2,)),
        case(np.array([2.0, 0.7]), (5,)),
    ],
    doc="The y along the last axis with the sum over k of a[k] * y[n - k] = x[n].",
)


def _shifted(x, k):
    """x along the last axis, k places later."""
    return x if not k else pad(x[..., : max(x.shape[-1] - k, 0)], _before(x, min(k, x.shape[-1])))


def _before(x, k):
    return [(0, 0)] * (x.ndim - 1) + [(k, 0)]


def _coefficients(name, b, a):
    b, a = (reshape(as_array(c), (1,)) if as_array(c).ndim == 0 else as_array(c) for c in (b, a))
    if b.ndim != 1 or a.ndim != 1 or not b.shape[0] or not a.shape[0]:
        raise ShapeError(f"{name}: b {tuple(b.shape)} and a {tuple(a.shape)} must be vectors with elements")
    if not value_of(a)[0]:
        raise ArgumentError(f"{name}: a[0] must not be 0")
    return b, a


def _filtered(b, a, x, zi=None):
    """The filtered x along its last axis, and the state in which that leaves the filter."""
    order = max(a.shape[0], b.shape[0]) - 1
    n = x.shape[-1]
    scale = a[0]
    driven = b[0] * x
    for k in range(1, min(b.shape[0], n)):
        driven = driven + b[k] * _shifted(x, k)
    driven = driven / scale
    if zi is not None and order and n:
        state = zi[..., : min(order, n)]
        widths = [(0, 0)] * (zi.ndim - 1) + [(0, n - state.shape[-1])]
        driven = driven + (pad(state, widths) if n > state.shape[-1] else state)
    y = _recursion(a / scale, driven) if a.shape[0] > 1 else driven
    if zi is None:
        return y, None
    parts = [_state(b / scale, a / scale, x, y, zi, i, n) for i in range(order)]
    return y, stack(parts, -1) if parts else zi


def _state(b, a, x, y, zi, i, n):
    """What one place of the state holds in the end: the terms that were not given out."""
    total = zi[..., i + n] if i + n < zi.shape[-1] else 0 * zi[..., 0]
    for j in range(min(max(a.shape[0], b.shape[0]) - 1 - i, n)):
        k = i + 1 + j
        if k < b.shape[0]:
            total = total + b[k] * x[..., n - 1 - j]
        if k < a.shape[0]:
            total = total - a[k] * y[..., n - 1 - j]
    return total


@spelled(theirs.lfilter)
def lfilter(b, a, x, axis=-1, zi=None):
    """The y with the sum over k of a[k] * y[n - k] = that of b[k] * x[n - k], along an axis.

    Args:
        zi: the state to begin with, of max(len(a), len(b)) - 1 elements along the axis; then the final
            state is given too.

    Gradient: by x, the coefficients and the state; the recursion runs backwards.

    Errors: ShapeError, ArgumentError.

    Example:
        >>> lfilter(np.array([1.0]), np.array([1.0, -0.5]), np.array([1.0, 0.0, 0.0]))
        array([1.  , 0.5 , 0.25])
    """
    b, a = _coefficients("lfilter", b, a)
    x = as_array(x)
    axis = axis_index(axis, x.ndim)
    rows = moveaxis(x, axis, -1)
    if zi is None:
        return moveaxis(_filtered(b, a, rows)[0], -1, axis)
    zi = moveaxis(as_array(zi), axis, -1)
    order = max(a.shape[0], b.shape[0]) - 1
    if zi.shape[-1] != order:
        raise ShapeError(f"lfilter: zi must have {order} elements along axis {axis}, got {zi.shape[-1]}")
    y, zf = _filtered(b, a, rows, zi)
    return moveaxis(y, -1, axis), moveaxis(zf, -1, axis)


@spelled(theirs.lfilter_zi)
def lfilter_zi(b, a):
    """The state of a filter that a constant input of 1 would not change.

    Example:
        >>> lfilter_zi(np.array([1.0]), np.array([1.0, -0.5]))
        array([1.])
    """
    b, a = _coefficients("lfilter_zi", b, a)
    b, a = b / a[0], a / a[0]
    n = max(a.shape[0], b.shape[0])
    b, a = (pad(c, (0, n - c.shape[0])) if c.shape[0] < n else c for c in (b, a))
    first = concatenate([-a[1:, None], np.eye(n - 1, n - 2, dtype=a.dtype)], -1)
    return linear_systems.solve(np.eye(n - 1, dtype=a.dtype) - first, b[1:] - a[1:] * b[0])


# ------------------------------------------------------------------ to and fro


def _extended(name, x, padtype, padlen, usual):
    """x along its last axis with its ends continued, and by how much."""
    if padtype not in ("odd", "even", "constant", None):
        raise ArgumentError(f"{name}: padtype must be 'odd', 'even', 'constant' or None, got {padtype!r}")
    edge = 0 if padtype is None else (usual if padlen is None else padlen)
    if x.shape[-1] <= edge:
        raise ShapeError(f"{name}: x must be longer than padlen {edge}, got {x.shape[-1]} elements")
    if not edge:
        return x, 0
    left, right = x[..., :1], x[..., -1:]
    before, after = x[..., edge:0:-1], x[..., -2 : -edge - 2 : -1]
    if padtype == "odd":
        before, after = 2 * left - before, 2 * right - after
    elif padtype == "constant":
        before, after = left + 0 * before, right + 0 * after
    return concatenate([before, x, after], -1), edge


def _to_and_fro(x, run, padding):
    longer, edge = padding
    y = run(longer, longer[..., :1])
    back = flip(y, -1)
    y = flip(run(back, back[..., :1]), -1)
    return y[..., edge : y.shape[-1] - edge] if edge else y


@spelled(theirs.filtfilt)
def filtfilt(b, a, x, axis=-1, padtype="odd", padlen=None, method="pad", irlen=None):
    """x filtered forward and backward, so that no phase is shifted.

    Errors: ArgumentError for method "gust", which has no derivative here; ShapeError.

    Example:
        >>> filtfilt(np.array([0.5, 0.5]), np.array([1.0]), np.ones(9)).shape
        (9,)
    """
    if method != "pad":
        raise ArgumentError(f"filtfilt: method must be 'pad' for a derivative, got {method!r}")
    b, a = _coefficients("filtfilt", b, a)
    x = as_array(x)
    axis = axis_index(axis, x.ndim)
    rows = moveaxis(x, axis, -1)
    usual = 3 * max(a.shape[0], b.shape[0])
    still = lfilter_zi.__wrapped__(b, a) if max(a.shape[0], b.shape[0]) > 1 else None

    def run(x, first):
        return _filtered(b, a, x, None if still is None else still * first)[0]

    found = _to_and_fro(rows, run, _extended("filtfilt", rows, padtype, padlen, usual))
    return moveaxis(found, -1, axis)


# ------------------------------------------------------------------ in sections


def _sections(name, sos):
    sos = as_array(sos)
    if sos.ndim != 2 or sos.shape[1] != 6:
        raise ShapeError(f"{name}: sos must be (sections, 6), got {tuple(sos.shape)}")
    if not np.all(value_of(sos)[:, 3] == 1):
        raise ArgumentError(f"{name}: sos[:, 3] must be all ones")
    return sos


@spelled(theirs.sosfilt)
def sosfilt(sos, x, axis=-1, zi=None):
    """x filtered by sections of second order, one after the other; as lfilter.

    Shapes: sos (sections, 6), b and a of each; zi (sections, ..., 2, ...), with 2 along the axis.

    Example:
        >>> sosfilt(np.array([[1.0, 0.0, 0.0, 1.0, -0.5, 0.0]]), np.array([1.0, 0.0, 0.0]))
        array([1.  , 0.5 , 0.25])
    """
    sos, x = _sections("sosfilt", sos), as_array(x)
    axis = axis_index(axis, x.ndim)
    y = moveaxis(x, axis, -1)
    if zi is not None:
        zi = moveaxis(as_array(zi), axis + 1, -1)
        if tuple(zi.shape) != (sos.shape[0], *y.shape[:-1], 2):
            raise ShapeError(f"sosfilt: zi does not fit x {tuple(x.shape)} and sos {tuple(sos.shape)}")
    states = []
    for i in range(sos.shape[0]):
        y, state = _filtered(sos[i, :3], sos[i, 3:], y, None if zi is None else zi[i])
        states.append(state)
    y = moveaxis(y, -1, axis)
    return y if zi is None else (y, moveaxis(stack(states), -1, axis + 1))


@spelled(theirs.sosfilt_zi)
def sosfilt_zi(sos):
    """The state of each section that a constant input of 1 would not change.

    Example:
        >>> sosfilt_zi(np.array([[1.0, 0.0, 0.0, 1.0, -0.5, 0.0]]))
        array([[1., 0.]])
    """
    sos = _sections("sosfilt_zi", sos)
    scale, states = 1.0, []
    for i in range(sos.shape[0]):
        b, a = sos[i, :3], sos[i, 3:]
        states.append(scale * lfilter_zi.__wrapped__(b, a))
        scale = scale * sum(b) / sum(a)
    return stack(states)


@spelled(theirs.sosfiltfilt)
def sosfiltfilt(sos, x, axis=-1, padtype="odd", padlen=None):
    """x filtered forward and backward by sections; as filtfilt.

    Example:
        >>> sosfiltfilt(np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]), np.ones(9)).shape
        (9,)
    """
    sos, x = _sections("sosfiltfilt", sos), as_array(x)
    axis = axis_index(axis, x.ndim)
    plain = value_of(sos)
    fewer = min((plain[:, 2] == 0).sum(), (plain[:, 5] == 0).sum())
    usual = 3 * (2 * sos.shape[0] + 1 - int(fewer))
    still = sosfilt_zi.__wrapped__(sos)
    rows = moveaxis(x, axis, -1)

    def run(x, first):
        for i in range(sos.shape[0]):
            x = _filtered(sos[i, :3], sos[i, 3:], x, still[i] * first)[0]
        return x

    found = _to_and_fro(rows, run, _extended("sosfiltfilt", rows, padtype, padlen, usual))
    return moveaxis(found, -1, axis)


# ------------------------------------------------------------------ smoothing

_PADDINGS = {"mirror": "reflect", "nearest": "edge", "wrap": "wrap", "constant": "constant"}


@spelled(theirs.savgol_filter)
def savgol_filter(x, window_length, polyorder, deriv=0, delta=1.0, axis=-1, mode="interp", cval=0.0):
    """x smoothed by a polynomial fitted to each window, or a derivative of that (Savitzky and Golay).

    Example:
        >>> savgol_filter(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 3, 1).round(12)
        array([1., 2., 3., 4., 5.])
    """
    x = as_array(x)
    axis = axis_index(axis, x.ndim)
    rows = moveaxis(x, axis, -1)
    n, half = x.shape[axis], window_length // 2
    if mode != "interp" and mode not in _PADDINGS:
        raise ArgumentError(
            f"savgol_filter: mode must be 'interp' or one of {list(_PADDINGS)}, got {mode!r}"
        )
    if mode == "interp" and window_length > n:
        raise ShapeError(f"savgol_filter: window_length {window_length} is more than {n} elements of x")
    weights = theirs.savgol_coeffs(window_length, polyorder, deriv, delta)[::-1].astype(x.dtype)
    if mode != "interp":
        widths = [(0, 0)] * (x.ndim - 1) + [(half, window_length - 1 - half)]
        options = {"constant_values": cval} if mode == "constant" else {}
        return moveaxis(_weighted(pad(rows, widths, _PADDINGS[mode], **options), weights, n), -1, axis)
    middle = _weighted(rows, weights, n - window_length + 1)
    ends = theirs.savgol_filter(np.eye(window_length), window_length, polyorder, deriv, delta, 0).astype(
        x.dtype
    )
    first = getitem(rows, (..., slice(0, window_length))) @ ends[:half].T
    last = getitem(rows, (..., slice(n - window_length, n))) @ ends[window_length - half :].T
    return moveaxis(concatenate([first, middle, last], -1), -1, axis)


def _weighted(rows, weights, count):
    return sum(stack([w * rows[..., k : k + count] for k, w in enumerate(weights)]), 0)
