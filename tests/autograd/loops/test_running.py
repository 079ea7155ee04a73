"""Native loops over arrays: what is said of one that cannot be had."""

from __future__ import annotations

import pytest

pytest.importorskip("numba")

from autograd.loops import running

RAISES = """# exact
def loop(t, start, stop):
    for i in range(start, stop, t):
        pass
    return 0
"""


def test_a_loop_that_cannot_be_had_is_told_of_once(monkeypatch, caplog):
    monkeypatch.delenv("WENGERT_NATIVE", raising=False)
    assert running.loop(RAISES, 0) is None
    assert running.loop(RAISES, 0) is None
    assert caplog.text.count("a native loop cannot be had") == 1
    assert "a loop may raise" in caplog.text


def test_it_is_an_error_where_errors_are_wanted(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    with pytest.raises(Exception, match="a loop may raise"):
        running.loop(RAISES + "# strict\n", 0)
