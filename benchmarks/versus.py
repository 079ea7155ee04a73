"""Paired timing against HIPS autograd, which owns the same import name: two processes take turns.

Each process imports a module of programs and waits; asked for a program, it runs it for a turn and
says how long one run took. So both sides run the same code, see the same moments of the machine, and
only the package behind `autograd` differs.
"""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Side:
    """A process that runs programs with one of the two packages.

    Args:
        python: its interpreter.
        path: what it has in front of its import path.
        module: the file with the programs, a dict `PROGRAMS`.
        variables: of its environment, besides one thread.
        cores: it runs on so many, whatever its library thinks.
    """

    def __init__(self, python: str, path: str, module: Path, cores: int = 0, **variables: str):
        env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, **variables}
        env.pop("OPENBLAS_CORETYPE", None)  # each library picks the kernels of this processor
        command = [python, str(Path(__file__).resolve()), str(module), str(cores)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd="/"
        )
        self.package = self._answer()

    def turn(self, program: str, seconds: float) -> float:
        """How long one run of a program takes, the median of those in the time; NaN if it has none."""
        assert self._process.stdin is not None
        print(program, seconds, file=self._process.stdin, flush=True)
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError("the process ended; its error is above")
        return line


def ratios(
    ours: Side, theirs: Side, programs: list[str], rounds: int, seconds: float
) -> dict[str, tuple[float, float, float]]:
    """For each program our time and theirs in seconds, and the median of the ratios of the rounds."""
    found = {}
    for program in programs:
        times = []
        for i in range(rounds + 1):
            pair = [side.turn(program, seconds) for side in ((ours, theirs) if i % 2 else (theirs, ours))]
            times.append(pair if i % 2 else pair[::-1])
        times = times[1:]  # the first turn warms both up
        a, b = (statistics.median(column) for column in zip(*times))
        found[program] = a, b, statistics.median(x / y for x, y in times)
    return found


def _serve(module: Path) -> None:
    sys.path.insert(0, str(module.parent))
    programs: dict[str, Callable] = importlib.import_module(module.stem).PROGRAMS

    out, sys.stdout = sys.stdout, sys.stderr  # what programs print is none of the answers
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        name, seconds = line.rsplit(" ", 1)
        run, stop = programs.get(name), time.perf_counter() + float(seconds)
        times: list[float] = []
        if run is None:  # this package cannot
            print("nan", file=out, flush=True)
            continue
        while not times or time.perf_counter() < stop:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        print(statistics.median(times), file=out, flush=True)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, in which a module may have the name of a package
    if sys.argv[2] != "0":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[2])])
    _serve(Path(sys.argv[1]))
