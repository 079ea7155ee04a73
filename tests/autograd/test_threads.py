"""Parts of a loop on threads: all of them once, errors handed on, and a fork survived."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from queue import SimpleQueue
from types import SimpleNamespace

import numpy as np
import pytest

from autograd import threads
from tests.support.threads import in_threads


@pytest.mark.parametrize("n", [1, 2, 3, 100, 1000, 4097])
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_each_element_is_in_one_part(monkeypatch, n, parts):
    monkeypatch.setattr(threads, "count", lambda: parts)
    seen: list = []
    threads.spread(lambda table, start, stop: seen.extend(range(start, stop)), n, None)
    assert sorted(seen) == list(range(n))


def test_errors_are_handed_on(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)

    def fails(table, start, stop):
        if start == 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        threads.spread(fails, 1000, None)


def test_a_thread_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)
    workers = threads._Workers()
    monkeypatch.setattr(threads, "_workers", workers)
    workers.started = 1
    seen: list = []
    threads.spread(lambda table, start, stop: seen.extend(range(start, stop)), 1000, None)
    assert seen == list(range(1000))
    workers.tasks.get()()  # when it comes after all, there is nothing left
    assert len(seen) == 1000


def test_where_no_thread_can_be_started_the_caller_does_all(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 3)
    workers = threads._Workers()
    monkeypatch.setattr(threads, "_workers", workers)

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    seen: list = []
    threads.spread(lambda table, start, stop: seen.extend(range(start, stop)), 1000, None)
    assert seen == list(range(1000))
    assert workers.tasks.empty()


def test_an_error_holds_itself_no_longer_than_others_do(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)

    class Held:
        pass

    def fails(table, start, stop):
        here = Held()
        held.append(weakref.ref(here))
        raise ZeroDivisionError

    held: list = []
    gc.disable()
    try:
        with pytest.raises(ZeroDivisionError):
            threads.spread(fails, 1000, None)
        deadline = time.monotonic() + 10
        while any(h() is not None for h in held) and time.monotonic() < deadline:
            time.sleep(0.01)  # another thread may still be on its way out
        assert all(h() is None for h in held)
    finally:
        gc.enable()


def test_others_have_the_error_state_of_the_caller(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)
    offered = []
    monkeypatch.setattr(threads._workers, "started", 1)
    monkeypatch.setattr(threads._workers, "tasks", SimpleNamespace(put=offered.append))
    seen: list = []
    with np.errstate(divide="raise", over="ignore"):
        threads.spread(lambda *where: seen.append(np.geterr()), 1, None, each=1)
        threads.spread(lambda *where: seen.append(np.geterr()) or _in_another(offered), 2, None, each=1)
    assert len(seen) == 3
    assert all(state == seen[0] for state in seen)
    assert seen[0]["divide"] == "raise"


def _in_another(offered):
    """Whoever was offered parts takes what is left of them, in a thread of its own."""
    while offered:
        in_threads(lambda take: take(), [offered.pop()])


def test_openmp_says_how_many_when_first_asked(monkeypatch):
    first = threads.count()
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    count = threads.count.__wrapped__
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert count() == 3
    for given, expected in (("1", 1), ("2", 2), ("8", 3), ("0", 1), ("", 3), ("2,1", 3)):
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        assert count() == expected
    monkeypatch.setenv("OMP_NUM_THREADS", str(first + 1))
    assert threads.count() == first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)
    threads.spread(lambda *args: None, 1000, None)
    child = os.fork()
    if not child:
        seen: list = []
        threads.spread(lambda table, start, stop: seen.extend(range(start, stop)), 1000, None)
        os._exit(0 if len(seen) == 1000 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("interrupts", [1, 3])
def test_who_is_interrupted_waits_for_those_who_compute(monkeypatch, interrupts):
    """The caller frees what they write to."""
    monkeypatch.setattr(threads, "count", lambda: 2)
    here, begun, ended = threading.get_ident(), threading.Event(), threading.Event()
    pause, left = time.sleep, interrupts - 1

    class Interrupted(SimpleQueue):
        def get(self):
            raise KeyboardInterrupt

    def fn(table, start, stop):
        if threading.get_ident() == here:
            assert begun.wait(10)
        else:
            begun.set()
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                pass
            ended.set()

    def sleep(seconds):
        nonlocal left
        left -= 1
        if left >= 0:
            raise KeyboardInterrupt
        pause(seconds)

    threads.spread(lambda *args: None, 64, None)  # the threads are there
    monkeypatch.setattr(threads, "SimpleQueue", Interrupted)
    monkeypatch.setattr(threads, "time", SimpleNamespace(sleep=sleep))
    with pytest.raises(KeyboardInterrupt):
        threads.spread(fn, 2, None, each=1)
    assert ended.is_set()
    assert left < 0
