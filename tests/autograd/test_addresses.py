"""Arrays at aligned addresses, and arrays that have a part of larger memory to themselves."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import tensor
from autograd.addresses import Allotted, address_of, aligned, is_whole


@pytest.mark.parametrize("unit", [64, 4096])
@pytest.mark.parametrize("nbytes", [1, 100, 5000])
def test_memory_begins_at_a_multiple(nbytes, unit):
    for _ in range(5):
        found = aligned(nbytes, unit)
        assert found.nbytes == nbytes
        assert address_of(found) % unit == 0
        assert not found.any()


def test_a_part_of_memory_counts_as_owned():
    """A tensor that alone has it is written in place; one of which a graph saved a view is copied first."""
    block = np.zeros(6)
    parts = [np.asarray(Allotted(block, address_of(block) + at, np.ones(3))) for at in (0, 24)]
    assert all(is_whole(part) and not is_whole(part[1:]) for part in parts)
    leaf = tensor(np.ones(3))
    leaf._data = parts.pop()
    leaf[...] = 1  # nobody else holds it
    assert block.tolist() == [0, 0, 0, 1, 1, 1]
    scale = tensor(np.ones(2), requires_grad=True)
    y = (leaf[1:] * scale).sum()
    leaf[...] = 2
    y.backward()
    assert scale.grad.numpy().tolist() == [1, 1]
    assert leaf.numpy().tolist() == [2, 2, 2]
    assert block.tolist() == [0, 0, 0, 1, 1, 1]
