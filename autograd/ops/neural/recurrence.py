"""The loop over time that all recurrent layers share, forwards and backwards.

Sequences of different lengths stand time by time, the longest first, as in PyTorch's packed
sequences. Steps of one number of sequences make a run; between runs, states end or begin.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

from ..joining import concatenate


class Run(NamedTuple):
    """Successive steps of one number of rows; `places` are their rows among all."""

    places: slice
    steps: int
    rows: int


def runs_of(sizes, reverse):
    """The runs in the order walked."""
    runs, start = [], 0
    for rows, group in itertools.groupby(sizes):
        steps = len(list(group))
        runs.append(Run(slice(start, start + steps * rows), steps, rows))
        start += steps * rows
    return runs[::-1] if reverse else runs


def walk(runs, initial, layer):
    """The recurrent loop: states from the initial to the final ones, step by step.

    States that a run does not have any more are final; those that it has and the run before had
    not begin as the initial ones. Backwards, the final states' cotangents are what is initial.

    Args:
        runs: in the order walked.
        initial: arrays of columns, (width, sequences).
        layer: `layer.enter(run, *states)` gives the function of a step, and what it takes of
            each step after the states; `layer.leave(run)` is called at the end of each run.
    """
    states, ended = initial, []
    for run, following in itertools.zip_longest(runs, runs[1:]):
        states = [fitted(state, start, run.rows) for state, start in zip(states, initial, strict=True)]
        step, parts = layer.enter(run, *states)
        for part in parts:
            states = step(*states, *part)
        layer.leave(run)
        left = following.rows if following else 0
        if left < run.rows or not following:
            ended.append([state[:, left : run.rows] for state in states])
    return [
        found[0] if len(found) == 1 else concatenate(found[::-1], 1) for found in zip(*ended, strict=True)
    ]


def fitted(state, initial, rows):
    """A state with so many columns: without the last, or with initial ones behind."""
    have = state.shape[1]
    if have == rows:
        return state
    return state[:, :rows] if have > rows else concatenate((state, initial[:, have:rows]), 1)
