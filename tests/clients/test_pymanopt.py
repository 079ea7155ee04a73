"""pymanopt with its autograd backend finds minima that are known otherwise."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp

pymanopt = pytest.importorskip("pymanopt")
from pymanopt import manifolds, optimizers

A = np.random.default_rng(0).normal(size=(6, 6))
SYMMETRIC = A + A.T
POSITIVE = A @ A.T + np.eye(6)
VALUES = np.linalg.eigvalsh(SYMMETRIC)
COSTS = {
    "sphere": (manifolds.Sphere(6), lambda x: x @ SYMMETRIC @ x, VALUES[0]),
    "Stiefel": (
        manifolds.Stiefel(6, 2),
        lambda x: anp.trace(x.T @ SYMMETRIC @ x),
        VALUES[:2].sum(),
    ),
    "positive definite": (
        manifolds.SymmetricPositiveDefinite(6),
        lambda x: anp.trace(anp.linalg.inv(x) @ POSITIVE) + anp.linalg.slogdet(x)[1],
        6 + np.linalg.slogdet(POSITIVE)[1],
    ),
    "positive semidefinite of rank 2": (
        manifolds.PSDFixedRank(6, 2),
        lambda y: anp.sum((y @ y.T - POSITIVE) ** 2),
        np.sum(np.linalg.eigvalsh(POSITIVE)[:4] ** 2),
    ),
    "complex circle": (
        manifolds.ComplexCircle(3),
        lambda z: anp.sum(anp.abs(z - np.array([1j, 1, -1])) ** 2),
        0.0,
    ),
}


@pytest.fixture(autouse=True)
def _same_start():
    np.random.seed(0)


def problem(name):
    manifold, cost, least = COSTS[name]
    return pymanopt.Problem(manifold, pymanopt.function.autograd(manifold)(cost)), least


@pytest.mark.parametrize("name", COSTS)
def test_trust_regions_with_exact_hessians(name):
    task, least = problem(name)
    assert optimizers.TrustRegions(verbosity=0).run(task).cost == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize("optimizer", ["SteepestDescent", "ConjugateGradient"])
def test_first_order_methods(optimizer):
    task, least = problem("sphere")
    assert getattr(optimizers, optimizer)(verbosity=0).run(task).cost == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize("name", COSTS)
def test_gradients_and_hessians_agree_with_differences(name):
    """d/dt f(x + t v) and d/dt of the gradient, in the embedding space."""
    task, _ = problem(name)
    x, step = task.manifold.random_point(), 1e-6
    v = task.manifold.random_tangent_vector(x)
    cost = COSTS[name][1]
    slope = (cost(x + step * v) - cost(x - step * v)) / (2 * step)
    assert np.real(np.vdot(task.euclidean_gradient(x), v)) == pytest.approx(slope, rel=1e-5, abs=1e-7)
    ahead, behind = (np.asarray(task.euclidean_gradient(x + s * v)) for s in (step, -step))
    found = np.asarray(task.euclidean_hessian(x, v))
    np.testing.assert_allclose(found, (ahead - behind) / (2 * step), rtol=1e-4, atol=1e-5)
