"""Functions of square matrices: exponential, logarithm, root, sines.

Source: R. Mathias, A chain rule for matrix functions and applications, 1996: the derivative of f at A in
the direction E is the upper right block of f([[A, E], [0, A]]). So a function is its own derivative's
function, to every order.
"""

from __future__ import annotations

import operator

import numpy as np

from ...declare import case, primitive
from ...errors import MatrixShapeError
from ...ops import linear_systems
from ...ops.complex import imag, real
from ...ops.joining import concatenate
from ...ops.matrices import like, mT, squares, value_of
from ...ops.shapes import as_array, astype
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .equations import sylvester_of
from .matrices import in_double, in_loops, refuse_singular

theirs = load("linalg")

_GENERAL = np.array([[0.4, 1.0, 0.5], [-1.0, 0.3, 0.2], [0.1, -0.4, -0.7]])
_POSITIVE = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])


def _block(a, e):
    """[[a, e], [0, a]], and the number by which e was divided, so that it is no larger than a."""
    most = np.max(np.abs(value_of(e)), initial=0.0)
    usual = np.max(np.abs(value_of(a)), initial=0.0)
    scale = float(2.0 ** np.ceil(np.log2(most / (usual or 1.0)))) if 0 < most < np.inf else 1.0
    e = e * (1 / scale)
    e, a = np.broadcast_arrays(e, a) if isinstance(e, np.ndarray) and isinstance(a, np.ndarray) else (e, a)
    return concatenate([concatenate([a, e], -1), concatenate([0 * a, a], -1)], -2), scale


def _change(function, a, e):
    """The derivative of a function of matrices in the direction e."""
    block, scale = _block(a, e)
    n = a.shape[-1]
    return function(block)[..., :n, n:] * scale


def _of_matrices(name, kernel, function, **facts):
    """Declare a function of matrices that is its own derivative's function."""
    return primitive(
        kernel,
        ["a"],
        name=name,
        vjp={"a": lambda g, a: like(_change(function(), mT(a), g), a.dtype)},
        jvp={"a": lambda t, out, a: like(_change(function(), a, t), out.dtype)},
        batch="same",
        **facts,
    )


def _log_at(a):
    """_logm in the derivative of itself, whose block [[a, e], [0, a]] has the eigenvalues of a."""
    refuse_singular("logm", a)
    return _logm(a)


def _log(a):
    """In double precision: SciPy loses half the digits of less."""
    out = in_loops(theirs.logm, a.astype(np.result_type(a.dtype, np.float64), copy=False))
    kept = np.result_type(a.dtype, np.complex64) if out.dtype.kind == "c" else a.dtype
    return out.astype(kept, copy=False)


_expm = _of_matrices(
    "expm",
    lambda a: in_loops(theirs.expm, a),
    lambda: _expm,
    analytic=True,
    reference=lambda a: theirs.expm(a),
    cases=[case(_GENERAL), case(np.stack([_GENERAL, 3 * _GENERAL.T]))],
    doc="The matrix exponential of a.",
)
_logm = _of_matrices(
    "logm",
    _log,
    lambda: _log_at,
    reference=lambda a: in_loops(theirs.logm, a),
    cases=[case(_POSITIVE), case(np.stack([_POSITIVE, _POSITIVE.T @ _POSITIVE]))],
    doc="The matrix logarithm of a.",
)


def _d_sqrtm(out, g):
    refuse_singular("sqrtm", out, share=np.finfo(out.dtype).eps ** 0.5)  # of a root rounding is larger
    return sylvester_of("sqrtm", out, out, g)


_sqrtm = primitive(
    lambda a: in_loops(theirs.sqrtm, a),
    ["a"],
    name="sqrtm",
    vjp={"a": lambda g, a_dtype, out: like(_d_sqrtm(mT(out), g), a_dtype)},
    jvp={"a": lambda t, out, a: _d_sqrtm(out, t)},
    batch="same",
    reference=lambda a: in_loops(theirs.sqrtm, a),
    cases=[case(_POSITIVE), case(np.stack([_POSITIVE, _POSITIVE.T @ _POSITIVE]))],
    doc="The matrix x with x @ x = a.",
)


@spelled(theirs.expm)
def expm(A):
    """The matrix exponential: the sum of A**k / k!.

    Shapes: (..., n, n) -> (..., n, n).

    Gradient: the derivative at A.T in the direction g, itself an exponential of twice the size.

    Example:
        >>> expm(np.zeros((2, 2)))
        array([[1., 0.],
               [0., 1.]])
    """
    return _expm(squares("expm", A))


@spelled(theirs.expm_frechet)
def expm_frechet(A, E, method=None, compute_expm=True, check_finite=True):
    """The exponential of A and its derivative in the direction E; that alone unless `compute_expm`.

    Example:
        >>> expm_frechet(np.zeros((1, 1)), np.ones((1, 1)))
        (array([[1.]]), array([[1.]]))
    """
    A, E = (in_double(squares("expm_frechet", x)) for x in (A, E))
    if tuple(A.shape) != tuple(E.shape):
        raise MatrixShapeError(
            f"expm_frechet: A {tuple(A.shape)} and E {tuple(E.shape)} must have one shape"
        )
    change = _change(_expm, A, E)
    return (_expm(A), change) if compute_expm else change


@spelled(theirs.logm)
def logm(A, disp=True):
    """The matrix logarithm: the inverse of expm, with imaginary parts in (-pi, pi].

    Errors: NotDifferentiable for `disp=False`; MatrixError if A is singular.

    Example:
        >>> logm(np.eye(2))
        array([[0., 0.],
               [0., 0.]])
    """
    return _logm(in_double(squares("logm", A)))


@spelled(theirs.sqrtm)
def sqrtm(A, disp=True, blocksize=64):
    """The matrix x with x @ x = A whose eigenvalues have real parts that are not negative.

    Gradient: s, with x.T @ s + s @ x.T = g.

    Errors: MatrixError in the backward pass where A is singular.

    Example:
        >>> sqrtm(np.diag([4.0, 9.0]))
        array([[2., 0.],
               [0., 3.]])
    """
    return _sqrtm(squares("sqrtm", A))


def _exponentials(name, A, unit):
    A = squares(name, A)
    return A, _expm(unit * A)


@spelled(theirs.cosm)
def cosm(A):
    """The matrix cosine, (expm(iA) + expm(-iA)) / 2.

    Example:
        >>> cosm(np.zeros((1, 1)))
        array([[1.]])
    """
    A, turned = _exponentials("cosm", A, 1j)
    return (turned + _expm(-1j * A)) / 2 if A.dtype.kind == "c" else real(turned)


@spelled(theirs.sinm)
def sinm(A):
    """The matrix sine, (expm(iA) - expm(-iA)) / 2i.

    Example:
        >>> sinm(np.zeros((1, 1)))
        array([[0.]])
    """
    A, turned = _exponentials("sinm", A, 1j)
    return -0.5j * (turned - _expm(-1j * A)) if A.dtype.kind == "c" else imag(turned)


@spelled(theirs.tanm)
def tanm(A):
    """The matrix tangent, inv(cosm(A)) @ sinm(A).

    Example:
        >>> tanm(np.zeros((1, 1)))
        array([[0.]])
    """
    return linear_systems.solve(cosm.__wrapped__(A), sinm.__wrapped__(A))


@spelled(theirs.coshm)
def coshm(A):
    """The hyperbolic matrix cosine, (expm(A) + expm(-A)) / 2.

    Example:
        >>> coshm(np.zeros((1, 1)))
        array([[1.]])
    """
    A, grown = _exponentials("coshm", A, 1)
    return (grown + _expm(-A)) / 2


@spelled(theirs.sinhm)
def sinhm(A):
    """The hyperbolic matrix sine, (expm(A) - expm(-A)) / 2.

    Example:
        >>> sinhm(np.zeros((1, 1)))
        array([[0.]])
    """
    A, grown = _exponentials("sinhm", A, 1)
    return (grown - _expm(-A)) / 2


@spelled(theirs.tanhm)
def tanhm(A):
    """The hyperbolic matrix tangent, inv(coshm(A)) @ sinhm(A).

    Example:
        >>> tanhm(np.zeros((1, 1)))
        array([[0.]])
    """
    return linear_systems.solve(coshm.__wrapped__(A), sinhm.__wrapped__(A))


@spelled(theirs.fractional_matrix_power)
def fractional_matrix_power(A, t):
    """A to the power t, expm(t * logm(A)).

    Gradient: by A, and by t.

    Example:
        >>> fractional_matrix_power(np.diag([4.0, 9.0]), 0.5)
        array([[2., 0.],
               [0., 3.]])
    """
    A = squares("fractional_matrix_power", A)
    try:
        return linear_systems.matrix_power(A, operator.index(t))
    except TypeError:
        found = _expm(as_array(t) * _logm(in_double(A)))
        dtype = as_whole(theirs.fractional_matrix_power, value_of(A), value_of(t)).dtype
        return found if found.dtype == dtype or dtype.kind != "c" else astype(found, dtype)
