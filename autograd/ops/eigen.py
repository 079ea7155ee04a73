"""Eigenvalues and eigenvectors.

G below is the cotangent as PyTorch writes it, the conjugate of the sweep's.

Source: M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, 2008, section 3.1; C. Boeddeker et al., On the computation of complex-valued
gradients with application to statistically optimum beamforming, 2017, for eig.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, MatrixError
from ..primitive import NoTangent
from ..tape import TensorBase
from .clusters import limits, made
from .complex import real_part
from .indexing import diagonal
from .linear_systems import inverse_of
from .matrices import (
    Gaps,
    conj,
    eps_of,
    hermitian_from,
    in_lapack,
    like,
    mH,
    on_diagonal,
    squares,
    times,
    to_triangle,
    untold,
    value_of,
)

_SYMMETRIC = np.array([[2.0, 0.3, -0.5], [0.3, 3.0, 0.2], [-0.5, 0.2, 1.5]])
_REAL = np.array([[2.0, 1.0, 0.5], [0.4, 5.0, 0.2], [0.1, -0.4, -1.5]])


def _moved_vectors(name, vectors, values, inner):
    """vectors @ inner / gaps; or what says that the vectors of equal values have no tangent."""
    gaps = Gaps(name, vectors, values)
    return NoTangent(untold(name)) if gaps.some else times(vectors, gaps.under(inner))


def _moved_eigh(t, out, a, lower):
    values, vectors = out
    inner = times(times(mH(vectors), hermitian_from(t, lower)), vectors)
    along = real_part(diagonal(inner, 0, -2, -1))
    return along, _moved_vectors("eigh", vectors, values, inner)


def _d_eigh(g, eigenvalues, eigenvectors, lower):
    to_values, to_vectors = g
    values, vectors = eigenvalues, eigenvectors
    if to_vectors is None:
        whole = times(vectors * to_values[..., None, :], mH(vectors))
    else:
        gaps, adjoint = Gaps("eigh", vectors, values), mH(vectors)
        turn = times(adjoint, conj(to_vectors))
        if gaps.some and made(values) and isinstance(turn, TensorBase):
            size = np.abs(value_of(turn)).max((-2, -1), keepdims=True, initial=0)
            inner = limits(gaps, (turn - mH(turn)) / 2, size, values, vectors, adjoint)
        else:
            gaps.look_back()
            gaps.refuse_mixed(to_values)
            inner = gaps.under(turn, [turn])
        if to_values is not None:
            inner = inner + on_diagonal(to_values)
        whole = times(times(vectors, inner), adjoint)
    return to_triangle(conj(whole), lower)


_eigh = primitive(
    lambda a, lower=True: in_lapack(np.linalg.eigh, a, UPLO="L" if lower else "U"),
    ["a"],
    results=("eigenvalues", "eigenvectors"),
    name="eigh",
    vjp={"a": _d_eigh},
    looks_back=True,
    jvp={"a": _moved_eigh},
    batch="gufunc",
    reference=lambda a, lower: np.linalg.eigh(a, "L" if lower else "U"),
    cases=[
        case(_SYMMETRIC),
        case(_REAL, lower=False),
        case(np.stack([_SYMMETRIC[:2, :2], _SYMMETRIC[1:, 1:]])),
    ],
    doc="The eigenvalues and eigenvectors of the Hermitian matrix that one triangle of a stands for.",
)


def eigh(a, UPLO="L"):
    """The eigenvalues, rising, and eigenvectors of a Hermitian matrix, of which one triangle is read.

    Shapes: a (..., n, n) -> eigenvalues (..., n), real; eigenvectors (..., n, n), its columns.

    Gradient: to the triangle that is read, as differences have it. Defined for functions that do
    not change with the phases of the eigenvectors. Where eigenvalues are equal, those of functions that do
    not tell their eigenvectors apart, such as v * f(w) @ v.T or the projector on all of them: right to second
    order in both modes, of third order NaN; others, such as of one of the vectors, are refused. Of a function
    of the eigenvalues alone that has a kink there, such as the largest, the gradient is that in the
    eigenvectors that NumPy gives. Under `vmap` and in compiled programs functions of both are refused.

    Errors: MatrixError where a derivative is asked for and there is none, see above.

    Example:
        >>> eigh(np.diag([3.0, 1.0])).eigenvalues
        array([1., 3.])
    """
    return _eigh(squares("eigh", a), _reads_lower("eigh", UPLO))


def _reads_lower(name, triangle):
    if str(triangle).upper() not in ("L", "U"):
        raise ArgumentError(f"{name}: UPLO must be 'L' or 'U', got {triangle!r}")
    return str(triangle).upper() == "L"


def eigvalsh(a, UPLO="L"):
    """The eigenvalues of a Hermitian matrix, rising; as eigh.

    Example:
        >>> eigvalsh(np.diag([3.0, 1.0]))
        array([1., 3.])
    """
    a = squares("eigvalsh", a)
    if isinstance(a, TensorBase):
        return _eigh(a, _reads_lower("eigvalsh", UPLO)).eigenvalues
    return in_lapack(np.linalg.eigvalsh, a, UPLO=UPLO)


def _d_eig(g, a_dtype, eigenvalues, eigenvectors):
    to_values, to_vectors = g
    inverse = _left_vectors(eigenvectors)
    inner = None
    if to_vectors is not None:
        to_vectors = conj(to_vectors)
        turn = times(mH(eigenvectors), to_vectors)
        # the columns have length one: what would make them longer is taken out
        lengths = real_part(diagonal(turn, 0, -2, -1))
        turn = turn - times(mH(eigenvectors), eigenvectors) * lengths[..., None, :]
        gaps = Gaps("eig", eigenvectors, conj(eigenvalues))
        gaps.refuse_mixed(to_values)
        inner = gaps.under(turn, [turn])
    if to_values is not None:
        along = on_diagonal(conj(to_values))
        inner = along if inner is None else inner + along
    return like(conj(times(times(mH(inverse), inner), mH(eigenvectors))), a_dtype)


def _left_vectors(v):
    """The inverse of the eigenvectors.

    Errors: MatrixError if they do not span the space.
    """
    inverse = inverse_of("eig", v, "the matrix is defective: its eigenvectors are dependent")
    plain, other = np.abs(value_of(v)), np.abs(value_of(inverse))
    size = plain.sum(-2).max(-1, initial=0) * other.sum(-2).max(-1, initial=0)
    if not np.all(size < 1 / eps_of(plain.dtype)):
        raise MatrixError(
            "eig: no derivative here, the matrix is defective: its eigenvectors are dependent"
        )
    return inverse


def _moved_eig(t, out, a):
    values, vectors = out
    inner = _left_vectors(vectors) @ t @ vectors
    turned = _moved_vectors("eig", vectors, values, inner)
    if not isinstance(turned, NoTangent):  # the columns keep length one
        longer = real_part((conj(vectors) * turned).sum(-2))
        turned = turned - vectors * longer[..., None, :]
    return diagonal(inner, 0, -2, -1), turned


_eig = primitive(
    lambda a: in_lapack(np.linalg.eig, a),
    ["a"],
    results=("eigenvalues", "eigenvectors"),
    name="eig",
    vjp={"a": _d_eig},
    jvp={"a": _moved_eig},
    batch="gufunc",
    reference=np.linalg.eig,
    cases=[case(_REAL), case(np.stack([_REAL[:2, :2], _REAL[1:, 1:]]))],
    doc="The eigenvalues and eigenvectors of a.",
)


def eig(a):
    """The eigenvalues, in no order, and eigenvectors of length one; complex unless all are real.

    Shapes: a (..., n, n) -> eigenvalues (..., n); eigenvectors (..., n, n), its columns.

    Gradient: defined for functions that do not change with the phases of the eigenvectors.

    Errors: MatrixError in the backward pass where the matrix is defective; and where eigenvalues
    are equal, for a function that tells their eigenvectors apart.

    Example:
        >>> eig(np.diag([3.0, 1.0])).eigenvalues
        array([3., 1.])
    """
    return _eig(squares("eig", a))


def eigvals(a):
    """The eigenvalues of a matrix, in no order; as eig.

    Example:
        >>> eigvals(np.diag([3.0, 1.0]))
        array([3., 1.])
    """
    a = squares("eigvals", a)
    return _eig(a).eigenvalues if isinstance(a, TensorBase) else in_lapack(np.linalg.eigvals, a)
