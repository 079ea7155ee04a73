"""scipy.linalg, differentiable: values are SciPy's, derivatives those of differences, to second order."""

from __future__ import annotations

import numpy as np
import scipy.linalg

import autograd.numpy as anp
import autograd.scipy.linalg as ours
from tests.support import calls, scipy_calls

RNG = np.random.default_rng(0)
A = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])
ARRAYS = {
    "a": A,
    "b": np.array([[0.5, 1.0], [-0.3, 2.0], [1.2, 0.7]]),
    "v": np.array([0.3, -1.0, 0.8]),
    "w": np.array([1.0, 0.4, 2.0, -0.5]),
    "s": np.stack([A, A.T + 0.3 * np.tri(3)]),
    "t": np.array([[1.0, 0.4], [-0.7, 2.0], [0.3, 0.9]]),
    "q": np.array(
        [[0.3, -1.2, 0.7, 0.5], [1.1, 0.4, -0.6, 0.9], [-0.8, 0.2, 1.3, -0.4], [0.6, 1.5, 0.1, -0.9]]
    ),
    "y": np.exp(1j * np.arange(16.0) ** 2).reshape(4, 4) + np.diag([1.0, -0.5, 2.0, 0.3]),
    "z": A + 1j * np.array([[0.1, -0.3, 0.2], [0.7, 0.2, -0.4], [0.3, 0.1, -0.2]]),
    "bands": np.array(
        [[9.0, 0.5, -1.0, 0.4], [3.0, 4.0, -3.5, 5.0], [1.0, 0.3, 0.7, 9.0], [0.2, -0.1, 9.0, 9.0]]
    ),
    "half": np.array([[9.0, 0.5, -1.0, 0.4], [3.0, 4.0, 3.5, 5.0]]),
}
EYE = np.eye(3)
# the elements of banded matrices that stand for something
READ = (np.array([0, 0, 0, 1, 1, 1, 1]), np.array([1, 2, 3, 0, 1, 2, 3]))
LOW_READ = (1 - READ[0], np.array([0, 1, 2, 0, 1, 2, 3]))


def positive(x):
    return x @ np.conj(np.swapaxes(x, -1, -2)) + 0.5 * EYE


TABLE = {
    "solve": [
        lambda m, a, b: m.solve(a, b),
        lambda m, a, v: m.solve(a, v, transposed=True),
        lambda m, a, v: m.solve(a, v, assume_a="sym"),
        lambda m, a, b: m.solve(positive(a), b, assume_a="pos", lower=True),
        lambda m, a, v: m.solve(a, v, assume_a="upper triangular"),
        lambda m, a, v: m.solve(a, v, assume_a="tridiagonal"),
        lambda m, z, b: m.solve(positive(z), b, assume_a="her"),
        lambda m, s, b: m.solve(s, b),
    ],
    "inv": [lambda m, a: m.inv(a), lambda m, s: m.inv(s), lambda m, a: m.inv(positive(a), assume_a="pos")],
    "det": [lambda m, a: m.det(a), lambda m, s: m.det(s)],
    "lstsq": [
        lambda m, t, v: m.lstsq(t, v),
        lambda m, t, b: m.lstsq(t, b),
        lambda m, t: m.lstsq(t.T, t.T @ np.ones((3, 1))),
    ],
    "pinv": [lambda m, t: m.pinv(t), lambda m, t: m.pinv(t, rtol=1e-3, return_rank=True)],
    "pinvh": [lambda m, a: m.pinvh(a), lambda m, a: m.pinvh(a, lower=False, return_rank=True)],
    "solve_triangular": [
        lambda m, a, b: m.solve_triangular(a, b),
        lambda m, a, v: m.solve_triangular(a, v, lower=True),
        lambda m, a, b: m.solve_triangular(a, b, trans="T", unit_diagonal=True),
        lambda m, z, b: m.solve_triangular(z, b, trans=2, lower=True),
        lambda m, s, b: m.solve_triangular(s, b, trans=1),
    ],
    "cholesky": [
        lambda m, a: m.cholesky(positive(a)),
        lambda m, s: m.cholesky(positive(s), lower=True),
        lambda m, z: m.cholesky(positive(z)),
    ],
    "cho_factor": [lambda m, a: m.cho_factor(positive(a), lower=True)[0] * np.tri(3)],
    "cho_solve": [
        lambda m, a, b: m.cho_solve(m.cho_factor(positive(a)), b),
        lambda m, z, v: m.cho_solve(m.cho_factor(positive(z), lower=True), v),
    ],
    "lu": [
        lambda m, a: m.lu(a),
        lambda m, t: m.lu(t, permute_l=True),
        lambda m, t: m.lu(t.T, p_indices=True),
        lambda m, s: m.lu(s)[1],
        lambda m, z: m.lu(z[::-1])[2],
    ],
    "lu_factor": [
        lambda m, a: m.lu_factor(a[::-1]),
        lambda m, t: m.lu_factor(t),
        lambda m, t: m.lu_factor(t.T),
    ],
    "lu_solve": [
        lambda m, a, b: m.lu_solve(m.lu_factor(a[[1, 2, 0]]), b),
        lambda m, a, v: m.lu_solve(m.lu_factor(a[[1, 2, 0]]), v, trans=1),
        lambda m, z, v: m.lu_solve(m.lu_factor(z[[1, 2, 0]]), v, trans=2),
    ],
    "qr": [
        lambda m, a: m.qr(a),
        lambda m, t: m.qr(t, mode="economic"),
        lambda m, t: m.qr(t, mode="r"),
        lambda m, t: m.qr(t.T, pivoting=True),
        lambda m, t: np.abs(m.qr(t)[0][:, :2]),
    ],
    "rq": [
        lambda m, a: m.rq(a),
        lambda m, t: m.rq(t),
        lambda m, t: m.rq(t.T, mode="economic"),
        lambda m, t: m.rq(t.T, mode="r"),
        lambda m, z: m.rq(z, mode="economic"),
        lambda m, s: m.rq(s, mode="r"),
    ],
    "polar": [
        lambda m, a: m.polar(a),
        lambda m, t: m.polar(t),
        lambda m, t: m.polar(t.T, side="left"),
        lambda m, z: m.polar(z, side="left"),
        lambda m, s: m.polar(s)[0],
    ],
    "orthogonal_procrustes": [lambda m, a, z: m.orthogonal_procrustes(a, np.real(z) + 0.3 * a @ a)],
    "svd": [
        lambda m, a: m.svd(a),
        lambda m, t: m.svd(t, full_matrices=False),
        lambda m, t: m.svd(t, compute_uv=False),
    ],
    "svdvals": [lambda m, a: m.svdvals(a), lambda m, z: m.svdvals(z)],
    "norm": [
        lambda m, a: m.norm(a),
        lambda m, a: m.norm(a, 2),
        lambda m, a: m.norm(a, 1, axis=0, keepdims=True),
    ],
    "eigh": [
        lambda m, a: m.eigh(a),
        lambda m, a: m.eigh(a, lower=False, subset_by_index=[1, 2]),
        lambda m, a: m.eigh(a, subset_by_value=[1.0, 9.0]),
        lambda m, a, s: m.eigh(a, positive(s[1])),
        lambda m, a, s: m.eigh(a, positive(s[1]), type=2, lower=False),
        lambda m, a, s: m.eigh(a, positive(s[1]), type=3),
        lambda m, z: np.abs(m.eigh(positive(z))[1]),
        lambda m, s: m.eigh(s),
    ],
    "eigvalsh": [lambda m, a: m.eigvalsh(a), lambda m, z, a: m.eigvalsh(z, positive(a))],
    "eigh_tridiagonal": [
        lambda m, w, v: m.eigh_tridiagonal(w, v),
        lambda m, w, v: m.eigh_tridiagonal(w, v, select="i", select_range=(0, 1)),
    ],
    "eigvalsh_tridiagonal": [
        lambda m, w, v: m.eigvalsh_tridiagonal(w, v, select="v", select_range=(0.5, 9))
    ],
    "eig_banded": [
        lambda m, half: m.eig_banded(half),
        lambda m, half: m.eig_banded(half[::-1, ::-1], lower=True),
    ],
    "eigvals_banded": [lambda m, half: m.eigvals_banded(half)],
    "eig": [
        lambda m, a: m.eig(a + np.diag([0, 3, 8])),
        lambda m, a: m.eig(a + np.diag([0, 3, 8]), left=True),
        lambda m, a, s: m.eig(a, positive(s[1]), left=True),
        lambda m, z: np.abs(m.eig(z)[1]),
    ],
    "eigvals": [lambda m, a: m.eigvals(a), lambda m, a, s: m.eigvals(a, s[1])],
    "hessenberg": [
        lambda m, q: m.hessenberg(q),
        lambda m, q: m.hessenberg(q, calc_q=True),
        lambda m, y: m.hessenberg(y, True),
        lambda m, s: m.hessenberg(s, calc_q=True),
        lambda m, q: m.hessenberg(q[:2, :2]),
    ],
    "ldl": [
        lambda m, q: m.ldl(q),
        lambda m, q: m.ldl(q, lower=False),
        lambda m, q: m.ldl(q * (1 - np.eye(4)))[:2],
        lambda m, q: m.ldl(q * (1 - np.eye(4)), lower=False)[:2],
        lambda m, y: m.ldl(y + np.conj(y.T)),
        lambda m, y: m.ldl(y + np.conj(y.T), lower=False),
        lambda m, y: m.ldl(y, False, hermitian=False),
        lambda m, s: m.ldl(s),
    ],
    "funm": [
        lambda m, a: m.funm(a, lambda w: anp.exp(w) * w),
        lambda m, a: m.funm(a, anp.sin, disp=False)[0],
        lambda m, z: m.funm(z, lambda w: w * w * w),
    ],
    "expm": [
        lambda m, a: m.expm(a),
        lambda m, s: m.expm(s),
        lambda m, z: m.expm(z),
        lambda m, a: m.expm(9 * a),
    ],
    "expm_frechet": [
        lambda m, a, s: m.expm_frechet(a, s[1]),
        lambda m, a, s: m.expm_frechet(a, 1e3 * s[1], compute_expm=False),
    ],
    "logm": [lambda m, a: m.logm(a), lambda m, z: m.logm(z)],
    "sqrtm": [lambda m, a: m.sqrtm(a), lambda m, z: m.sqrtm(z)],
    "cosm": [lambda m, a: m.cosm(a), lambda m, z: m.cosm(z)],
    "sinm": [lambda m, a: m.sinm(a), lambda m, z: m.sinm(z)],
    "tanm": [lambda m, a: m.tanm(0.3 * a)],
    "coshm": [lambda m, a: m.coshm(a)],
    "sinhm": [lambda m, a: m.sinhm(a)],
    "tanhm": [lambda m, a: m.tanhm(0.3 * a)],
    "fractional_matrix_power": [
        lambda m, a: m.fractional_matrix_power(a, 0.3),
        lambda m, a: m.fractional_matrix_power(a, 3),
    ],
    "solve_sylvester": [
        lambda m, a, t, b: m.solve_sylvester(a, t[:2], b),
        lambda m, z, t, b: m.solve_sylvester(z, t[:2] + 0j, b),
    ],
    "solve_continuous_lyapunov": [
        lambda m, a, z: m.solve_continuous_lyapunov(a, np.real(z) ** 2),
        lambda m, z, a: m.solve_continuous_lyapunov(z, a),
    ],
    "solve_discrete_lyapunov": [
        lambda m, a, s: m.solve_discrete_lyapunov(0.2 * a, s[1]),
        lambda m, z, a: m.solve_discrete_lyapunov(0.2 * z, a),
        lambda m, a, s: m.solve_discrete_lyapunov(0.2 * a, s[1], method="bilinear"),
    ],
    "solve_continuous_are": [
        lambda m, a, b, s: m.solve_continuous_are(a, b, positive(s[0]), positive(s[1])[:2, :2])
    ],
    "solve_discrete_are": [
        lambda m, a, b, s: m.solve_discrete_are(a, b, positive(s[0]), positive(s[1])[:2, :2])
    ],
    "toeplitz": [
        lambda m, v: m.toeplitz(v),
        lambda m, v, w: m.toeplitz(v, w),
        lambda m, z: m.toeplitz(z[0]),
    ],
    "hankel": [lambda m, v: m.hankel(v), lambda m, v, w: m.hankel(v, w)],
    "circulant": [lambda m, v: m.circulant(v)],
    "convolution_matrix": [
        lambda m, v: m.convolution_matrix(v, 4),
        lambda m, v: m.convolution_matrix(v, 2, "same"),
        lambda m, v: m.convolution_matrix(v, 5, "valid"),
        lambda m, v: m.convolution_matrix(v, 2, "valid"),
    ],
    "companion": [lambda m, w: m.companion(w)],
    "leslie": [lambda m, w, v: m.leslie(w, v)],
    "fiedler": [lambda m, w: m.fiedler(w)],
    "block_diag": [lambda m, a, b, v: m.block_diag(a, b, v)],
    "khatri_rao": [lambda m, b, t: m.khatri_rao(b, t)],
    "diagsvd": [lambda m, v: m.diagsvd(v, 3, 4)],
    "solve_toeplitz": [
        lambda m, w, v: m.solve_toeplitz(v + np.array([5.0, 0, 0]), w[:3]),
        lambda m, w, v, b: m.solve_toeplitz((v + np.array([5.0, 0, 0]), w[1:]), b),
    ],
    "matmul_toeplitz": [
        lambda m, w, v, b: m.matmul_toeplitz((w, v), b),
        lambda m, v: m.matmul_toeplitz(v, v),
    ],
    "solve_circulant": [
        lambda m, v, b: m.solve_circulant(v, b[:, 0]),
        lambda m, v, b: m.solve_circulant(v, b),
        lambda m, v, b: m.solve_circulant(
            np.multiply.outer([1.0, 2.0], v)[:, None], b.T, baxis=-1, outaxis=-1
        ),
    ],
    "solve_banded": [
        lambda m, bands, w: m.solve_banded((2, 1), bands, w),
        lambda m, bands, w: m.solve_banded((0, 1), bands[:2], np.stack([w, w * w], 1)),
    ],
    "solveh_banded": [
        lambda m, half, w: m.solveh_banded(half, w),
        lambda m, half, w: m.solveh_banded(half[::-1, ::-1], w, lower=True),
    ],
    "cholesky_banded": [
        lambda m, half: m.cholesky_banded(half)[READ],
        lambda m, half: m.cholesky_banded(half[::-1, ::-1], lower=True)[LOW_READ],
    ],
    "cho_solve_banded": [
        lambda m, half, w: m.cho_solve_banded((half, False), w),
        lambda m, half, w: m.cho_solve_banded((half[::-1, ::-1], True), w),
    ],
}
PHASES = ("eigh", "eigh_tridiagonal", "eig_banded", "eig", "svd")
CALLS = scipy_calls.listed(TABLE, ARRAYS, ours, scipy.linalg)
every = calls.each(CALLS)


@every
def test_values(call):
    scipy_calls.check_values(call)


def _but_for_phases(call):
    """Vectors by their sizes: their phases are LAPACK's choice, from call to call and by dtype."""
    return scipy_calls.changed(call, np.abs) if call.name.partition("-")[0] in PHASES else call


@every
def test_derivatives(call):
    scipy_calls.check_slopes(_but_for_phases(call), 1e-7 if call.name.startswith("eigh-2") else 1e-8)


@every
def test_narrow_dtypes(call):
    if call.name.startswith(("logm", "fractional")):
        return  # SciPy's lose half the digits of float32 and say so; ours are computed in double
    scipy_calls.check_narrow(_but_for_phases(call))
