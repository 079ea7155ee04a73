"""The peak of the arrays that a training step holds above its parameters and data, for CONTESTANT.

Prints a line `row<TAB>bytes` for each row of `training_steps`. Of ours, what lasts after some steps plus
what one more step adds at most (NumPy reports both to tracemalloc); of PyTorch, the running sum of what
its allocator reports from the first step on. Gradients and what optimisers keep are in both; parameters
are taken off, and data are made before.
"""

from __future__ import annotations

import gc
import os
import tracemalloc

import training_steps
from training_steps import CONTESTANT

STEPS = 8


def kept_by_numpy() -> int:
    import numpy as np

    gc.collect()
    arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    found = tracemalloc.take_snapshot().filter_traces([arrays]).statistics("filename")
    return sum(s.size for s in found)


def ours(run) -> int:
    # the first run of a program makes model and data, and takes steps that count for the compiler
    tracemalloc.start()
    run()
    for _ in range(STEPS):
        run()
    lasting = kept_by_numpy()
    gc.collect()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    run()
    added = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return lasting + added


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
    for row, run in training_steps.PROGRAMS.items():
        if os.environ.get("ROWS", "") not in row:
            continue
        peak = (torchs if CONTESTANT.startswith("torch") else ours)(run)
        print(f"{row}\t{peak - getattr(run, 'parameters', 0)}", flush=True)
