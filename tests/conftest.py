"""What all tests share: hypothesis profiles, and what keeps so many tests out of each other's way."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# in CI the examples are the same every time, so that a change is judged by itself
settings.register_profile("default", max_examples=25, deadline=None, derandomize="CI" in os.environ)
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
