"""What every module and function keeps: derivatives, dtypes, kinds, state. See `samples`."""

from __future__ import annotations

import inspect

import numpy as np

import nn
import nn.functional as F
from tests.nn import contract
from tests.nn.samples import all_samples, each
from tests.support.bundles import bundled

SAMPLES = all_samples()
MODULES = [s for s in SAMPLES if s.is_module]
every = each(SAMPLES)

# Modules that do nothing of their own: containers, and what others derive from.
BARE = {
    "Module",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "ParameterList",
    "ParameterDict",
    "RNNBase",
    "RNNCellBase",
}


@every
def test_derivatives(sample):
    if sample.orders:
        contract.check_derivatives(sample)


@every
@bundled("dtype", [np.float32, np.float64])
def test_dtypes(sample, dtype):
    contract.check_dtypes(sample, dtype)


@every
def test_kinds_in_and_out(sample):
    contract.check_kinds(sample)


@each(MODULES)
def test_state_goes_round(sample):
    contract.check_state(sample)


def test_every_module_has_a_sample():
    names = {
        n for n in nn.__all__ if inspect.isclass(getattr(nn, n)) and issubclass(getattr(nn, n), nn.Module)
    }
    assert names - {s.name for s in MODULES} - BARE == set()


def test_every_function_has_a_sample():
    written_in_place = {n for n in F.__all__ if n.endswith("_")}
    assert set(F.__all__) - {s.name for s in SAMPLES} - written_in_place == set()
