"""Seconds that compiling takes: the first calls of the program ROWS of `training_steps` for CONTESTANT."""

from __future__ import annotations

import os
import time

import autograd

CALLS = 3
taken: list[float] = []
_compile = autograd.compile


def timed(fn, **options):
    """The compiled function, whose first calls are timed, as are those of the function alone after them."""
    program = _compile(fn, **options)

    def call(*args):
        start = time.perf_counter()
        result = program(*args)
        taken.append(time.perf_counter() - start)
        if len(taken) == CALLS:
            for _ in range(CALLS):
                start = time.perf_counter()
                fn(*args)
                taken.append(time.perf_counter() - start)
        return result

    return call


autograd.compile = timed
import training_steps

run = training_steps.PROGRAMS[os.environ["ROWS"]]
while len(taken) <= CALLS:
    run()
print(sum(taken[:CALLS]) - sum(taken[CALLS : 2 * CALLS]))
