"""Who looks on at the calls and lines of a function that is recorded, and when not."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd
from autograd.compiling.recording import looking
from autograd.compiling.recording.effects import Effects
from tests.support.compiling import quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
ONES = np.ones(3)


def test_nobody_looks_on_while_the_recorder_is_at_work(monkeypatch):
    seen = []
    event = Effects._event
    monkeypatch.setattr(Effects, "_event", lambda *args: seen.append(args[2]) or event(*args))

    def events(calls):
        def fn(x):
            for _ in range(calls):
                x = np.tanh(x)
            return x

        program = autograd.compile(fn, strict=True)
        seen.clear()
        [program(ONES) for _ in range(2)]
        return len(seen)

    few, many = events(10), events(60)
    assert few
    assert not looking.SWIFT or many - few <= 50 * 140


def test_nobody_looks_on_in_other_threads():
    with ThreadPoolExecutor(1) as pool:

        def fn(x):
            return pool.submit(lambda: np.tanh(x) * 2).result() + 1

        program = autograd.compile(fn)
        for _ in range(4):
            assert same(quietly(program, ONES), np.tanh(ONES) * 2 + 1)
        for ask in (sys.getprofile, sys.gettrace):
            assert pool.submit(ask).result() is None
