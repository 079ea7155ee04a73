"""Fits of lifelines whose gradients come from the package called `autograd`."""

from __future__ import annotations

import warnings

from lifelines import GeneralizedGammaFitter, LogNormalAFTFitter, WeibullAFTFitter
from lifelines.datasets import load_rossi, load_waltons

warnings.simplefilter("ignore")
waltons, rossi = load_waltons(), load_rossi()

PROGRAMS = {
    "GeneralizedGammaFitter": lambda: GeneralizedGammaFitter().fit(waltons["T"], waltons["E"]),
    "WeibullAFTFitter": lambda: WeibullAFTFitter().fit(rossi, "week", "arrest"),
    "LogNormalAFTFitter": lambda: LogNormalAFTFitter().fit(rossi, "week", "arrest"),
}
