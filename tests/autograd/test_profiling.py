"""Profiles: every event once, in its place; tables, traces and flame graphs that add up."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import tensor
from autograd.errors import ArgumentError, ShapeError
from autograd.profiling import BACKWARD, FORWARD, flame, traces
from autograd.profiling.events import Event, Place
from autograd.tape import mode
from nn import functional as F


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4, generator=0)

    def forward(self, x):
        return x + anp.tanh(self.inner(x))


@pytest.fixture(scope="module")
def model():
    return nn.Sequential(nn.Linear(3, 4, generator=0), Block(), nn.Linear(4, 2, generator=0))


@pytest.fixture(scope="module")
def step(model):
    x, y = np.ones((5, 3), np.float32), np.zeros((5, 2), np.float32)

    def run():
        F.mse_loss(model(x), y).backward()

    return run


@pytest.fixture(scope="module")
def prof(step):
    with autograd.profile() as prof:
        step()
        step()
    return prof


def ops(prof, phase):
    return [(e.op, e.place.path) for e in prof.events if e.phase == phase]


def test_every_call_and_every_step_is_there_once_in_its_module(prof):
    calls = [("linear", "0"), ("linear", "1.inner"), ("tanh", "1"), ("add", "1"), ("linear", "2")]
    calls.append(("mse_loss", ""))
    assert ops(prof, FORWARD) == calls * 2
    assert ops(prof, BACKWARD) == calls[::-1] * 2


def test_times_add_up(prof):
    for event in prof.events:
        assert 0 <= event.start <= event.end <= prof.elapsed
        assert event.own <= event.end - event.start
    assert sum(e.own for e in prof.events) <= prof.elapsed
    assert [e.end for e in prof.events] == sorted(e.end for e in prof.events)


def test_work_and_bytes(prof):
    forward = [e for e in prof.events if e.phase == FORWARD][:6]
    assert [e.flops for e in forward] == [2 * 60, 2 * 80, 20, 20, 2 * 40, 30]
    assert [e.nbytes for e in forward] == [80, 80, 80, 80, 40, 4]
    assert [e.shape for e in forward] == [(5, 4)] * 4 + [(5, 2), ()]
    backward = [e for e in prof.events if e.phase == BACKWARD][:6]
    assert [e.flops for e in backward] == [30, 2 * 80, 40, 20, 4 * 80, 2 * 60]
    assert backward[2].op == "add"
    assert backward[2].nbytes == 0  # it passes on what it got


def test_rows_by_op(prof):
    rows = {row.name: row for row in prof.by_op()}
    assert {name: row.calls for name, row in rows.items()} == {
        "linear": 6,
        "tanh": 2,
        "add": 2,
        "mse_loss": 2,
    }
    times = [row.time for row in prof.by_op()]
    assert times == sorted(times, reverse=True)
    assert sum(times) == pytest.approx(sum(e.own for e in prof.events))
    assert rows["linear"].flops == sum(e.flops for e in prof.events if e.op == "linear")


def test_rows_by_module_include_what_is_inside(prof):
    rows = prof.by_module()
    assert [(r.name, r.kind, r.depth, r.calls) for r in rows] == [
        ("Sequential", "Sequential", 0, 2), ("0", "Linear", 1, 2), ("1", "Block", 1, 2),
        ("1.inner", "Linear", 2, 2), ("2", "Linear", 1, 2), ("(outside modules)", "", 0, 2),
    ]  # fmt: skip
    whole, first, block, inner, last, outside = rows
    assert whole.flops == first.flops + block.flops + last.flops
    assert whole.nbytes == first.nbytes + block.nbytes + last.nbytes
    assert whole.backward == pytest.approx(first.backward + block.backward + last.backward)
    assert whole.forward > first.forward + block.forward + last.forward  # what Python does in between
    assert block.flops > inner.flops
    assert outside.backward > 0


def test_tables(prof):
    by_op, by_module = prof.table("op").splitlines(), prof.table("module").splitlines()
    assert by_op[0].split() == ["op", "calls", "forward", "backward", "share", "FLOPs", "FLOP/s", "bytes"]
    assert len({len(line) for line in by_op[1:-1]}) == 1  # aligned
    assert by_op[-2].startswith("all operations     12")
    assert any(line.startswith("    inner: Linear") for line in by_module)
    assert str(prof) == prof.table("op", 20) + "\n\n" + prof.table("module", 60)
    assert "... and 3 more" in prof.table("op", limit=1)
    assert len(prof.table("op", limit=1).splitlines()) == 7
    with pytest.raises(ArgumentError, match="by must be 'op' or 'module', got 'line'"):
        prof.table("line")


def test_the_trace_nests(prof, tmp_path):
    data = json.loads(prof.save(tmp_path / "trace.json").read_text())
    slices = [e for e in data["traceEvents"] if e["ph"] == "X"]
    names = [s["name"] for s in slices]
    assert names.count("linear") == 12
    assert names.count("sweep") == 2
    assert names.count("inner: Linear") == 4  # forward, and in the sweeps
    open_: list[dict] = []
    for s in slices:  # as a viewer does: a slice lies within the one that is open, or after it
        while open_ and s["ts"] >= open_[-1]["ts"] + open_[-1]["dur"] - 1e-6:
            open_.pop()
        if open_:
            assert s["ts"] + s["dur"] <= open_[-1]["ts"] + open_[-1]["dur"] + 1e-3
        s["stack"] = [o["name"] for o in open_]
        open_.append(s)
    tanh = next(s for s in slices if s["name"] == "tanh")
    assert tanh["stack"] == ["Sequential: Sequential", "1: Block"]
    assert tanh["args"] == {"phase": "forward", "module": "1", "shape": [5, 4], "bytes": 80, "flops": 20}
    back = [s for s in slices if s["name"] == "tanh"][1]
    assert back["stack"] == ["sweep", "Sequential: Sequential", "1: Block"]


class WithLoss(nn.Module):
    """Gives the loss itself, so that sweeps begin in it."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 3, generator=0)

    def forward(self, x):
        return (self.inner(x) ** 2).sum()


def steps_in_turns():
    model, x = WithLoss(), np.ones((2, 3), np.float32)
    for _ in range(3):
        model(x).backward()


def a_sweep_within_a_module():
    class Penalty(WithLoss):
        def forward(self, x):
            (g,) = autograd.gradients(super().forward(x), x, create_graph=True)
            return (g**2).sum()

    Penalty()(tensor(np.ones((2, 3), np.float32), requires_grad=True)).backward()


def a_sweep_within_a_sweep():
    model, other = WithLoss(), WithLoss()
    h = model.inner(np.ones((2, 3), np.float32))
    h.register_hook(lambda g: other(g.data).backward())
    (h * 2.0).sum().backward()


def exceptions():
    model = WithLoss()
    h = model.inner(np.ones((2, 3), np.float32))
    h.register_hook(lambda g: 1 / 0)
    for run in (h.sum().backward, lambda: model(np.ones((2, 4), np.float32))):
        with contextlib.suppress(ZeroDivisionError, ShapeError):
            run()
    model(np.ones((2, 3), np.float32)).backward()


PROGRAMS = [steps_in_turns, a_sweep_within_a_module, a_sweep_within_a_sweep, exceptions]


@pytest.mark.parametrize("run", PROGRAMS)
def test_traces_of_other_programs_nest_to_the_nanosecond(run, tmp_path):
    with autograd.profile() as prof:
        run()
    data = json.loads(prof.save(tmp_path / "trace.json").read_text())
    slices = [e for e in data["traceEvents"] if e["ph"] == "X"]
    assert len(slices) > len(prof.events)
    open_: list[int] = []
    for s in slices:
        start, end = (int(1000 * time) for time in (s["ts"], s["ts"] + s["dur"]))
        assert (start, end) == (1000 * s["ts"], 1000 * (s["ts"] + s["dur"]))  # whole in nanoseconds
        open_ = [other for other in open_ if other > start]
        assert not open_ or end <= open_[-1]
        open_.append(end)


def test_the_trace_is_in_the_format_that_viewers_read(prof, tmp_path):
    data = json.loads(prof.save(tmp_path / "trace.json").read_text())
    named = [e for e in data["traceEvents"] if e["ph"] == "M"]
    slices = [e for e in data["traceEvents"] if e["ph"] == "X"]
    assert [e["name"] for e in named] == ["process_name", "thread_name"]
    assert {(e["pid"], e["tid"]) for e in data["traceEvents"]} == {(os.getpid(), threading.get_native_id())}
    assert all(set(s) == {"name", "cat", "ph", "ts", "dur", "pid", "tid", "args"} for s in slices)
    assert all(s["ts"] >= 0 and s["dur"] >= 0 for s in slices)
    assert [s["ts"] for s in slices] == sorted(s["ts"] for s in slices)


def test_folded_stacks(prof, tmp_path):
    lines = prof.save(tmp_path / "stacks.folded").read_text().splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines)
    assert "forward;Sequential;1;inner;linear" in found
    assert "backward;mse_loss" in found
    assert all(int(time) >= 0 for time in found.values())


def test_the_flame_graph(prof, tmp_path):
    text = prof.save(tmp_path / "flame.svg").read_text()
    root = ET.fromstring(text)
    titles = [t.text for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any(t.startswith("inner: ") for t in titles)
    assert prof._repr_html_().endswith(text)
    assert "<pre>op " in prof._repr_html_()


def test_boxes_of_a_flame_graph_lie_within_those_above():
    svg = flame.svg({("forward", "m", "exp"): 3.0, ("forward", "sum"): 1.0, ("backward", "exp"): 4.0})
    boxes = [r for r in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect") if r.get("rx")]
    seen = [(float(b.get("x")), float(b.get("y"))) for b in boxes]
    assert len(boxes) == 6
    assert {x for x, _ in seen} == {0.0, 450.0, 600.0}  # of 1200: backward begins in the middle
    assert flame.svg({}).count("<rect") == 1


def test_a_name_with_a_semicolon_stays_one_level():
    event = Event("a;b", FORWARD, Place(), 0.0, 1e-6, 1e-6, (), 0, 0, None)
    assert traces.folded([event]) == "forward;a,b 1\n"


def test_costs_of_a_tape(step, model):
    x = tensor(np.ones((2, 3)), requires_grad=True)
    with autograd.profile() as prof:
        y = anp.exp(x).sum()
        y.backward(retain_graph=True)
    tape = autograd.graph.tape(y)
    costs = prof.costs(tape)
    assert {tape[i].op for i in costs} == {"exp", "sum"}
    cost = next(c for i, c in costs.items() if tape[i].op == "exp")
    assert (cost.nbytes, cost.flops) == (48, 6)
    assert cost.forward > 0
    assert cost.backward > 0
    assert cost.seconds == cost.forward + cost.backward
    assert "exp" in autograd.graph.draw(y, level="cost", profile=prof).source


def test_implicit_nodes_belong_to_the_call_that_put_them_in(model):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(np.ones(3))

        def forward(self, x):
            return x * self.by

    with autograd.profile() as prof:
        Scale()(np.ones((2, 3))).sum().backward()
    assert ("broadcast_cast", "Scale") in ops(prof, BACKWARD)


def test_a_recorded_sweep_does_not_count_its_operations_twice():
    x = tensor(np.ones(1000), requires_grad=True)
    with autograd.profile() as prof:
        (g,) = autograd.gradients(anp.tanh(x).sum(), x, create_graph=True)
        g.sum().backward()
    inside = [e for e in prof.events if e.phase == FORWARD]
    assert {"tanh", "sum", "multiply"} <= {e.op for e in inside}
    assert sum(e.own for e in prof.events) <= prof.elapsed
    recorded = next(e for e in prof.events if e.phase == BACKWARD and e.op == "tanh")
    assert recorded.own < recorded.end - recorded.start


def test_two_models_of_one_class_are_told_apart():
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    with autograd.profile() as prof:
        b(a(np.ones((1, 2), np.float32)))
    assert [r.name for r in prof.by_module()] == ["Linear", "Linear #2"]


def test_inside_of_a_module_and_under_record():
    inner = nn.Linear(2, 2)

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            with autograd.profile() as self.__dict__["prof"]:
                return self.inner(x)

    outer = Outer()
    with autograd.record():
        y = outer(np.ones((1, 2), np.float32))
    assert ops(outer.prof, FORWARD) == [("linear", "inner")]
    assert autograd.graph.tape(y)[-1].path == "inner"
    assert mode.scopes == []
    with autograd.profile() as prof, autograd.record():
        nn.Sequential(inner)(np.ones((1, 2), np.float32))
    assert ops(prof, FORWARD) == [("linear", "0")]


def test_in_company_of_other_watchers(step):
    with autograd.profile() as outer, autograd.detect_anomaly(), autograd.profile() as inner:
        step()
    assert ops(outer, FORWARD) == ops(inner, FORWARD)
    assert ops(outer, BACKWARD) == ops(inner, BACKWARD)
    assert [r.calls for r in inner.by_module()] == [1] * 6


def test_an_exception_leaves_things_as_they_were():
    def run():
        anp.exp(tensor(1.0))
        raise ZeroDivisionError

    scopes, prof = mode.scopes, autograd.profile()
    with pytest.raises(ZeroDivisionError), prof:
        run()
    assert mode.scopes is scopes
    assert mode.interceptor is None
    assert len(prof.events) == 1


def test_a_profile_can_go_on_but_not_run_twice_at_once():
    prof = autograd.profile()
    for _ in range(2):
        with prof:
            anp.exp(tensor(1.0))
    assert len(prof.events) == 2
    with prof, pytest.raises(ArgumentError, match="running already"), prof:
        pass


def test_profiles_in_generators_that_take_turns():
    def run(op):
        with autograd.profile() as prof:
            yield prof
            op(tensor(1.0))
            yield prof

    scopes, interceptor = mode.scopes, mode.interceptor
    first, second = run(anp.exp), run(anp.log)
    profs = [next(first), next(second)]
    next(first)
    first.close()  # it ends before the one that began later
    next(second)
    nn.Linear(1, 1)(np.ones((1, 1), np.float32))
    second.close()
    anp.sin(tensor(1.0))
    assert [[e.op for e in prof.events] for prof in profs] == [["exp"], ["exp", "log", "linear"]]
    assert profs[1].by_module()[0].name == "Linear"
    assert profs[0].by_module()[0].name == "(outside modules)"
    assert mode.scopes is scopes
    assert mode.interceptor is interceptor


def test_in_transforms():
    x = np.ones((2, 2))
    for run, steps in (
        (lambda: autograd.grad(lambda v: (v @ v).sum())(x), ["sum", "matmul"]),
        (lambda: autograd.vjp(lambda v: v @ v, x)[1](x), ["matmul"]),
        (lambda: autograd.jacobian(lambda v: v * v)(x[0]), ["multiply"] * 2),
    ):
        with autograd.profile() as prof:
            run()
        assert [op for op, _ in ops(prof, BACKWARD)] == steps


def test_several_results_are_one_step():
    x = tensor(np.ones((2, 2)) + np.eye(2), requires_grad=True)
    with autograd.profile() as prof:
        u, s, v = anp.linalg.svd(x)
        (s.sum() + (u * v).sum()).backward(retain_graph=True)
    assert [op for op, _ in ops(prof, BACKWARD)].count("svd") == 1
    assert "pick" not in str(prof)
    assert prof.events[0].nbytes == u.nbytes + s.nbytes + v.nbytes


def test_views_arrays_and_empty_profiles(tmp_path):
    with autograd.profile() as prof:
        x = tensor(np.ones((2, 3)))
        x.reshape(6)
        anp.concatenate([np.ones(2), np.ones(2)])
    assert [(e.op, e.nbytes) for e in prof.events] == [("reshape", 0), ("concatenate", 32)]
    with autograd.profile() as nothing:
        pass
    assert "0 of it" in str(nothing) or "us of it outside" in str(nothing)
    assert json.loads(nothing.save(tmp_path / "none.json").read_text())["traceEvents"]


def test_saving_refuses_other_suffixes(prof, tmp_path):
    with pytest.raises(ArgumentError, match=r"'trace.txt': the suffix must be one of .json, .svg, .folded"):
        prof.save(tmp_path / "trace.txt")
    assert "events in" in repr(prof)
