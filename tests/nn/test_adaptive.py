"""The adaptive softmax: its probabilities, what it predicts, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd.errors import ArgumentError, DtypeError, IndexingError, ShapeError

rng = np.random.default_rng(0)


def layer(**options):
    return nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, dtype=np.float64, generator=0, **options)


@pytest.mark.parametrize("bias", [False, True])
def test_probabilities_sum_to_one_and_the_loss_is_of_them(bias):
    model, x, y = layer(head_bias=bias), rng.normal(size=(50, 8)), rng.integers(0, 20, 50)
    logs = model.log_prob(x).detach().numpy()
    np.testing.assert_allclose(np.exp(logs).sum(1), 1)
    output, loss = model(x, y)
    np.testing.assert_allclose(output.detach().numpy(), logs[np.arange(50), y])
    np.testing.assert_allclose(float(loss.detach()), -logs[np.arange(50), y].mean())
    np.testing.assert_array_equal(np.asarray(model.predict(x)), logs.argmax(1))
    np.testing.assert_allclose(model(x[0], y[0]).output.detach().numpy(), logs[0, y[0]])


def test_only_clusters_that_occur_get_gradients():
    model = layer()
    model(rng.normal(size=(3, 8)), np.array([0, 3, 5])).loss.backward()
    assert model.tail[0][0].weight.grad is not None
    assert model.tail[1][0].weight.grad is None


@pytest.mark.parametrize("cutoffs", [[], [0, 3], [3, 3], [5, 2], [20], [2.5], 3, ["a"]])
def test_cutoffs_that_make_no_sense(cutoffs):
    with pytest.raises(ArgumentError, match="AdaptiveLogSoftmaxWithLoss: cutoffs must be"):
        nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs)


@pytest.mark.parametrize(
    ("x", "y", "error"),
    [
        (np.zeros((2, 7)), np.zeros(2, int), ShapeError),
        (np.zeros((2, 8)), np.zeros(3, int), ShapeError),
        (np.zeros((2, 8)), np.zeros(2), DtypeError),
        (np.zeros((2, 8)), np.array([0, 20]), IndexingError),
        (np.zeros((2, 8)), np.array([-1, 0]), IndexingError),
    ],
)
def test_inputs_that_do_not_fit(x, y, error):
    with pytest.raises(error, match="AdaptiveLogSoftmaxWithLoss"):
        layer()(x, y)
