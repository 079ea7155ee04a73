"""Gates: several tensors, whose gradients are handed on together."""

from __future__ import annotations

import gc
import weakref

import numpy as np

import autograd
from autograd import tensor
from autograd.gates import gate


def leaf(*values):
    return tensor(np.array(values, float), requires_grad=True)


def test_values_and_gradients_pass():
    x, y, seen = leaf(1.0, 2.0), leaf(3.0), []
    a, b = gate([x, y], lambda grads: seen.append([g.tolist() for g in grads]))
    assert np.shares_memory(a.detach().numpy(), x.detach().numpy())
    (a.sum() * 2 + b.sum() * 3 + a.sum()).backward()
    assert seen == [[[3, 3], [3]]]
    assert x.grad.tolist() == [3, 3]
    assert y.grad.tolist() == [3]


def test_no_tensors():
    assert gate([], lambda grads: None) == []


def test_all_orders_of_use_wait_for_each_other():
    x, y, seen = leaf(1.0), leaf(1.0), []
    a, b = gate([x, y], lambda grads: seen.append([g is not None for g in grads]))
    late = a * 2
    for _ in range(5):
        late = late * b  # b's gradient is complete only at the end of this chain
    (late + b).backward()
    assert seen == [[True, True]]
    assert x.grad.item() == 2
    assert y.grad.item() == 11


def test_what_the_function_gives_is_what_goes_on():
    x, y = leaf(1.0), leaf(2.0)
    a, b = gate([x, y], lambda grads: [grads[1], None])
    (a * 5 + b * 7).backward()
    assert x.grad.item() == 7
    assert y.grad is None


def test_complex_gradients_come_conjugated_as_hooks_see_them():
    z = tensor(np.array([1 + 2j]), requires_grad=True)
    w, seen = tensor(np.array([1 + 2j]), requires_grad=True), []
    (a,) = gate([z], lambda grads: seen.append(grads[0].tolist()))
    w.register_hook(lambda g: seen.append(g.tolist()))
    for part in (a, w):
        (part * (3 - 1j)).real.sum().backward()
    assert seen[0] == seen[1]
    assert z.grad.tolist() == w.grad.tolist()


def test_recorded_sweeps():
    x, y = leaf(2.0), leaf(3.0)
    a, b = gate([x, y], lambda grads: None)
    gx, gy = autograd.gradients((a * a * b).sum(), [x, y], create_graph=True)
    assert (gx.item(), gy.item()) == (12, 4)
    again = autograd.gradients(gx.sum(), [x, y])
    assert [g.item() for g in again] == [6, 4]


def test_pictures_of_gates():
    x, y = leaf(1.0, 2.0), tensor(np.ones((3, 3)), requires_grad=True)
    a, b = gate([x, y], lambda grads: None)
    (c,) = gate([a], lambda grads: None)
    tape = autograd.graph.tape(c.sum() + b.sum())
    records = [tape[i] for i in range(len(tape))]
    assert {"join", "pick", "identity"} <= {r.op for r in records}
    assert all(r.shape is None for r in records if r.op == "join")
    assert {r.shape for r in records if r.kind == "leaf"} <= {None, (2,), (3, 3)}


def test_graphs_with_gates_are_released():
    x = leaf(1.0)

    def function(grads):
        return None

    gone = weakref.ref(function)
    (a,) = gate([x], function)
    gc.disable()
    try:
        del function
        a.sum().backward()
        del a
        assert gone() is None
    finally:
        gc.enable()
