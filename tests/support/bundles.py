"""Many small cases in one test: pytest takes longer for a test than most of them do."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

FAILURES = (Exception, pytest.fail.Exception, pytest.skip.Exception)  # a skip would end the whole bundle


def check_all(cases: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Run every case; those that fail are raised, each with its name in a note."""
    failed: list[BaseException] = []
    for name, check in cases:
        try:
            check()
        except FAILURES as error:
            error.add_note(f"in the case {name}")
            failed.append(error)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise BaseExceptionGroup(f"{len(failed)} cases failed", failed)


def bundled(argument: str, cases: Iterable, by: Callable | None = None, ids: Callable = repr) -> Callable:
    """As `pytest.mark.parametrize`, with one test for all cases that are alike; each is run and reported.

    Args:
        by: names the bundle of a case; without it all are one.
    """
    bundles: dict[str, list] = {}
    for case in cases:
        bundles.setdefault(by(case) if by else "", []).append(case)
    assert bundles, f"no cases of {argument}"

    def of(test: Callable) -> Callable:
        def run(given: dict, bundle: list) -> None:
            check_all((ids(c), functools.partial(test, **given, **{argument: c})) for c in bundle)

        if by:

            @functools.wraps(test)
            def one(**given: Any) -> None:
                run(given, given.pop(argument))

            return pytest.mark.parametrize(argument, list(bundles.values()), ids=list(bundles))(one)

        @functools.wraps(test)
        def every(**given: Any) -> None:
            run(given, bundles[""])

        parameters = inspect.signature(test).parameters
        every.__signature__ = inspect.Signature([p for n, p in parameters.items() if n != argument])  # type: ignore[attr-defined]
        return every

    return of
