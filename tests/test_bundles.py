"""Bundles of cases lose none: every case runs, every failure is told, and no argument is left over."""

from __future__ import annotations

import inspect

import pytest

from tests.support.bundles import bundled


def test_every_case_runs_and_those_that_fail_are_told():
    seen = []

    @bundled("n", [1, 2, 3, 4])
    def check(n):
        seen.append(n)
        if n == 3:
            pytest.fail("three")
        assert n != 2, "two"

    with pytest.raises(BaseExceptionGroup, match="2 cases failed") as caught:
        check()
    assert seen == [1, 2, 3, 4]
    assert [e.__notes__ for e in caught.value.exceptions] == [["in the case 2"], ["in the case 3"]]


def test_one_failure_is_raised_as_it_is():
    @bundled("n", [0, 1])
    def check(n):
        1 / n

    with pytest.raises(ZeroDivisionError) as caught:
        check()
    assert caught.value.__notes__ == ["in the case 0"]


def test_a_bundle_for_each_key():
    seen = []

    @bundled("word", ["ab", "cd", "ae"], by=lambda word: word[0])
    @bundled("n", [0, 1])
    def check(word, n, other):
        seen.append((word, n, other))

    (mark,) = check.pytestmark
    assert mark.args == ("word", [["ab", "ae"], ["cd"]])
    assert set(inspect.signature(check).parameters) == {"word", "other"}
    check(word=["ab", "ae"], other=7)
    assert seen == [("ab", 0, 7), ("ab", 1, 7), ("ae", 0, 7), ("ae", 1, 7)]


def test_no_cases_are_a_mistake():
    with pytest.raises(AssertionError, match="no cases of n"):
        bundled("n", [])
