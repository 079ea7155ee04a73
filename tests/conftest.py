"""What all tests share: hypothesis profiles, and what keeps so many tests out of each other's way."""

from __future__ import annotations

import gc
import os
import zlib

import pytest
from hypothesis import HealthCheck, settings

import nn

# in CI examples and draws are the same every time, so that a change is judged by itself
SAME = "CI" in os.environ
settings.register_profile("default", max_examples=25, deadline=None, derandomize=SAME)
settings.register_profile(
    "thorough", max_examples=500, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile(
    "heavy", max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """The collected tests are no garbage: the collector, which many tests call, need not look at them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_runtest_setup(item):
    """Tests that draw from the default generator do not depend on which ones ran before."""
    if SAME:
        nn.manual_seed(zlib.crc32(item.nodeid.encode()))
