"""lifelines fits the coefficients that it fits with HIPS autograd 1.9.1."""

from __future__ import annotations

import numpy as np
import pytest

lifelines = pytest.importorskip("lifelines")
from lifelines.datasets import load_rossi, load_waltons

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # lifelines warns of its own fits
]

# fitter -> the coefficients found with HIPS autograd 1.9.1, NumPy 2.4.6, SciPy 1.17.1, lifelines 0.30.3
UNIVARIATE = {
    "WeibullFitter": [55.7331, 3.45051],
    "ExponentialFitter": [51.8397],
    "LogNormalFitter": [3.82884, 0.512376],
    "LogLogisticFitter": [50.3235, 4.02861],
    "GeneralizedGammaFitter": [4.18319, -2.08602, 3.50899],
    "PiecewiseExponentialFitter": [225.0, 123.727, 18.4583],
    "SplineFitter": [-6.25845, 0.880982, -2.02951],
}
BREAKS = {"PiecewiseExponentialFitter": [20, 40]}
REGRESSIONS = {
    "WeibullAFTFitter": [
        0.0407149, 0.272172, 0.31126, 0.058822, -0.0658166, -0.224808, 0.106551, 3.99012, 0.339103,
    ],
    "LogNormalAFTFitter": [
        0.0272056, 0.342826, 0.460236, 0.0558757, -0.0655196, -0.363107, 0.26813, 4.26754, 0.258164,
    ],
    "LogLogisticAFTFitter": [
        0.0362867, 0.289433, 0.347585, 0.0525227, -0.0691812, -0.279205, 0.178406, 3.91891, 0.435207,
    ],
    "PiecewiseExponentialRegressionFitter": [
        0.291634, 0.0332494, -0.627379, 0.50581, 0.703666, 0.103167, -0.0951209, 5.03786,
        0.606017, 0.0450287, -0.53892, 0.118252, 0.526441, 0.0166758, -0.104959, 4.56962,
        0.282404, 0.0888193, 0.0298437, -0.122184, 0.232273, 0.130756, -0.0673933, 2.74423,
    ],
    "CoxPHFitter spline": [
        -0.382314, -0.0572694, 0.312957, -0.15018, -0.435284, -0.0828104, 0.0919703,
        -6.1191, 1.64136, 0.507398, -0.853332,
    ],
    "CoxPHFitter piecewise": [
        -0.377842, -0.0571174, 0.311148, -0.148658, -0.434102, -0.0819801, 0.0904966,
        -4.32282, 0.25928, 0.637633,
    ],
}  # fmt: skip
OPTIONS = {
    "PiecewiseExponentialRegressionFitter": {"breakpoints": [20, 35], "penalizer": 0.1},
    "CoxPHFitter spline": {"baseline_estimation_method": "spline", "n_baseline_knots": 3},
    "CoxPHFitter piecewise": {"baseline_estimation_method": "piecewise", "breakpoints": [20, 35]},
}


def close(fitter, expected):
    np.testing.assert_allclose(np.ravel(fitter.summary["coef"]), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", UNIVARIATE)
def test_univariate_fitters(name):
    data = load_waltons()
    given = [BREAKS[name]] if name in BREAKS else []
    if name == "SplineFitter":
        given = [np.percentile(data["T"][data["E"] == 1], [0, 50, 100])]
    close(getattr(lifelines, name)(*given).fit(data["T"], data["E"]), UNIVARIATE[name])


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regressions(name):
    fitter = getattr(lifelines, name.split()[0])(**OPTIONS.get(name, {}))
    close(fitter.fit(load_rossi(), "week", "arrest"), REGRESSIONS[name])


def test_generalized_gamma_regression():
    data = load_rossi()[["week", "arrest", "age", "prio"]]
    fitter = lifelines.GeneralizedGammaRegressionFitter(penalizer=0.1).fit(data, "week", "arrest")
    expected = [0.041642, -0.0620317, 0.196771, -0.0524538, -0.0496666, -0.00328667]
    close(fitter, expected)


def test_crc_spline():
    data = load_rossi()[["week", "arrest", "age", "prio"]]
    regressors = {"beta_": "age + prio - 1", "gamma0_": "1", "gamma1_": "1", "gamma2_": "1"}
    fitter = lifelines.CRCSplineFitter(n_baseline_knots=3, penalizer=0.1)
    expected = [4.408054, 0.042139, -0.072979, 1.9e-05, 0.976247, 0.000564]
    close(fitter.fit(data, "week", "arrest", regressors=regressors), expected)


def test_standard_errors_come_from_the_hessian():
    found = lifelines.WeibullAFTFitter().fit(load_rossi(), "week", "arrest").summary["se(coef)"]
    expected = [0.0160038, 0.137963, 0.273302, 0.139639, 0.0209408, 0.220161, 0.151542, 0.419099, 0.0890271]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_censoring_on_the_left_and_in_intervals():
    data = load_waltons()
    close(lifelines.WeibullFitter().fit_left_censoring(data["T"], data["E"]), [54.3038, 3.34737])
    interval = lifelines.WeibullFitter().fit_interval_censoring(data["T"], data["T"] + 2)
    close(interval, [56.0977, 3.55499])
