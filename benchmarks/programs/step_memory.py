"""The peak of the arrays that a training step holds above its parameters and data, for CONTESTANT.

Prints a line `row<TAB>bytes` for each row of `training_steps`. On both sides what the allocator of arrays
reports: of ours during a step after some others, of PyTorch from the first step on. Gradients and what
optimisers keep are in both; parameters are taken off, and data are made before. What is no array is in
neither: nodes and programs, the scratch of BLAS and oneDNN, the buffers of NumPy's iterator.
"""

from __future__ import annotations

import gc
import os

import training_steps
from training_steps import CONTESTANT

STEPS = 8


def ours(run) -> int:
    before = allocations.held()
    # the first run of a program makes model and data, and takes steps that count for the compiler
    for _ in range(1 + STEPS):
        run()
    gc.collect()
    allocations.begin()
    run()
    return allocations.most() - before


def torchs(run) -> int:
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        for _ in range(3):
            run()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    total = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        total += event.nbytes()
        peak = max(peak, total)
    return peak


if __name__ == "__main__":
    measured = torchs
    if not CONTESTANT.startswith("torch"):
        import allocations

        allocations.count()
        measured = ours
    for row, run in training_steps.PROGRAMS.items():
        if os.environ.get("ROWS", "") in row:
            print(f"{row}\t{measured(run) - getattr(run, 'parameters', 0)}", flush=True)
