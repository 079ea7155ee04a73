"""A loader's state: taking up an epoch in its middle is never having stopped."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.errors import ArgumentError
from nn.data import DataLoader, Dataset, TensorDataset


def numbered(size: int) -> TensorDataset:
    return TensorDataset(np.arange(size, dtype="f")[:, None] * 10, np.arange(size))


def labels_of(loader) -> list[list[int]]:
    return [labels.tolist() for _, labels in loader]


sizes = st.integers(0, 40)
batch_sizes = st.integers(1, 15)


@given(st.integers(0, 40), st.integers(1, 15), st.booleans(), st.integers(0, 25))
def test_resuming_is_never_having_stopped(size, batch_size, shuffle, steps):
    """Stop after any number of batches, also between epochs, in a new process as it were."""

    def run(loader, epochs):
        for _ in range(epochs):
            for _, labels in loader:
                yield labels.tolist(), json.dumps(loader.state_dict())
            yield None, json.dumps(loader.state_dict())

    whole = list(run(DataLoader(numbered(size), batch_size, shuffle, generator=1), 3))
    steps = min(steps, len(whole) - 1)
    done = sum(batch is None for batch, _ in whole[: steps + 1])
    resumed = DataLoader(numbered(size), batch_size, shuffle, generator=99)
    resumed.load_state_dict(json.loads(whole[steps][1]))
    assert json.dumps(resumed.state_dict()) == whole[steps][1]
    assert list(run(resumed, 3 - done)) == whole[steps + 1 :]


def test_resuming_leaves_a_shared_generator_where_it_was():
    """Draws of others from the same generator go on as if nothing had happened."""

    def steps(loader, generator):
        for _, labels in loader:
            yield labels.tolist(), generator.random()

    shared = np.random.default_rng(0)
    loader = DataLoader(numbered(9), 2, True, generator=shared)
    running = steps(loader, shared)
    for _ in range(3):
        next(running)
    state = loader.state_dict()
    rest = [*running, *steps(loader, shared)]

    fresh = np.random.default_rng()
    resumed = DataLoader(numbered(9), 2, True, generator=fresh)
    resumed.load_state_dict(state)
    assert [*steps(resumed, fresh), *steps(resumed, fresh)] == rest


def test_a_state_does_not_change_afterwards():
    loader = DataLoader(numbered(9), 2, True, generator=0)
    batches = iter(loader)
    next(batches)
    state = loader.state_dict()
    kept = copy.deepcopy(state)
    list(batches)
    list(loader)
    assert state == kept
    loader.load_state_dict(state)
    list(loader)
    assert state == kept


def test_after_a_break_the_loader_itself_begins_anew_but_its_state_resumes():
    loader = DataLoader(numbered(6), 2)
    for _ in loader:
        break
    resumed = DataLoader(numbered(6), 2)
    resumed.load_state_dict(loader.state_dict())
    assert labels_of(resumed) == [[2, 3], [4, 5]]
    assert labels_of(resumed) == labels_of(loader) == [[0, 1], [2, 3], [4, 5]]


def test_a_resumed_pass_that_is_left_is_not_resumed_again():
    loader = DataLoader(numbered(6), 2)
    loader.load_state_dict({**loader.state_dict(), "epoch": {"seed": None, "position": 1}})
    for _, labels in loader:
        assert labels.tolist() == [2, 3]
        break
    assert labels_of(loader) == [[0, 1], [2, 3], [4, 5]]


def test_the_state_is_that_of_the_pass_begun_last():
    loader = DataLoader(numbered(6), 2)
    older, newer = iter(loader), iter(loader)
    next(newer)
    list(older)
    assert loader.state_dict()["epoch"] == {"seed": None, "position": 1}


def test_a_batch_that_failed_is_not_counted():
    class Flaky(Dataset):
        broken = True

        def __len__(self):
            return 4

        def __getitem__(self, index):
            if index == 2 and self.broken:
                raise OSError("lost")
            return index

    data = Flaky()
    loader = DataLoader(data, 2)
    with pytest.raises(OSError, match="lost"):
        list(loader)
    data.broken = False
    loader.load_state_dict(loader.state_dict())
    assert [batch.tolist() for batch in loader] == [[2, 3]]


@pytest.mark.parametrize(
    "bits", [np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM]
)
def test_resuming_with_other_bit_generators(bits):
    loader = DataLoader(numbered(9), 2, True, generator=np.random.Generator(bits(0)))
    batches = iter(loader)
    next(batches)
    resumed = DataLoader(numbered(9), 2, True, generator=np.random.Generator(bits(1)))
    resumed.load_state_dict(loader.state_dict())
    assert labels_of(resumed) == labels_of(batches)
    assert labels_of(resumed) == labels_of(loader)


# ---------------------------------------------------------------- states that do not fit


def spoilt(**changes):
    loader = DataLoader(numbered(9), 2, True, generator=0)
    next(iter(loader))
    return {**loader.state_dict(), **changes}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({}, "it has no epoch"),
        (None, "it has no epoch"),
        ({"epoch": None}, "samples 9, the state has None"),
        (spoilt(samples=8), "samples 9, the state has 8"),
        (spoilt(batch_size=3), "batch_size 2, the state has 3"),
        (spoilt(shuffle=False), "shuffle True"),
        (spoilt(drop_last=True), "drop_last False"),
        (spoilt(epoch={}), "a seed and a position"),
        (spoilt(epoch=3), "a seed and a position"),
        (spoilt(epoch={"seed": 1, "position": "1"}), "a seed and a position"),
        (spoilt(epoch={"seed": 1, "position": 6}), "position 6.*5 shuffled"),
        (spoilt(epoch={"seed": 1, "position": -1}), "position -1"),
        (spoilt(epoch={"seed": None, "position": 1}), "seed None"),
        (spoilt(epoch={"seed": -1, "position": 1}), "seed -1"),
        (spoilt(generator=None), "not the state of a PCG64"),
        (spoilt(generator={}), "not the state of a PCG64"),
        (spoilt(generator=np.random.MT19937(0).state), "not the state of a PCG64"),
        (spoilt(generator={"bit_generator": "PCG64", "state": {"state": 3}}), "not the state of a PCG64"),
        (spoilt(generator={**np.random.PCG64(0).state, "has_uint32": "x"}), "not the state of a PCG64"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, why):
    loader = DataLoader(numbered(9), 2, True, generator=4)
    next(iter(loader))
    before = loader.state_dict()
    with pytest.raises(ArgumentError, match=why):
        loader.load_state_dict(state)
    assert loader.state_dict() == before


def test_the_state_of_a_shuffled_epoch_is_not_one_in_order():
    loader = DataLoader(numbered(9), 2)
    with pytest.raises(ArgumentError, match="5 ordered batches"):
        loader.load_state_dict({**loader.state_dict(), "epoch": {"seed": 1, "position": 0}})


def test_a_generator_that_was_half_set_is_put_back():
    loader = DataLoader(numbered(9), 2, True, generator=np.random.Generator(np.random.MT19937(0)))
    state = loader.state_dict()
    before = state["generator"]["state"]["key"].copy()
    key = [1] * 600 + ["x"] * 24
    state["generator"]["state"] = {"key": np.array(key, dtype=object), "pos": 0}
    with pytest.raises(ArgumentError, match="not the state of a MT19937"):
        loader.load_state_dict(state)
    after = loader.state_dict()["generator"]["state"]["key"]
    np.testing.assert_array_equal(after, before)
