"""Checkpoints: whole files, exact states, all or nothing; what is refused."""

from __future__ import annotations

import json
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, OperandError
from nn.checkpoint import CheckpointError
from optim.state import OptimizerStateError

STATE = {
    "plain": [1, 2.5, "text", None, True, float("inf"), 2**100],
    "pair": (1, ("a", np.arange(3))),
    "by number": {0: {"step": 3, "m": np.ones((2, 2), np.float32)}, 1: {}},
    "half": np.array([1.5], np.float16),
    "flag": np.array(True),
    "number": np.float32(0.1),
    "nothing": np.zeros((0, 3)),
    "$": "a key that the tree uses itself",
    "a": {"b": np.zeros(1)},
    "a.b": np.ones(1),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "other order": np.array([1, 2], ">i4"),
}


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        for k in a:
            same(a[k], b[k])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, (np.ndarray, np.generic)):
        assert a.dtype.newbyteorder("=") == b.dtype
        np.testing.assert_array_equal(a, b)
        assert np.shape(a) == np.shape(b)
    else:
        assert a == b


def test_states_come_back(tmp_path):
    nn.save(STATE, tmp_path / "state")
    same(STATE, nn.load(tmp_path / "state"))
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


def test_what_is_loaded_can_be_written(tmp_path):
    nn.save({"a": np.zeros(2)}, tmp_path / "state")
    loaded = nn.load(tmp_path / "state")["a"]
    loaded[0] = 1
    assert loaded.tolist() == [1.0, 0.0]


def model():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def test_the_state_of_a_model_is_a_plain_safetensors_file(tmp_path):
    import safetensors.numpy

    net = model()
    nn.save(net, tmp_path / "net")
    tensors = safetensors.numpy.load_file(tmp_path / "net")
    assert set(tensors) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    np.testing.assert_array_equal(tensors["0.weight"], net[0].weight.detach().numpy())


def test_a_file_without_our_description_is_read_by_name(tmp_path):
    import safetensors.numpy

    net, other = model(), model()
    safetensors.numpy.save_file({k: v.copy() for k, v in net.state_dict().items()}, tmp_path / "net")
    nn.load(tmp_path / "net", into=other)
    x = np.ones((2, 3), np.float32)
    assert (net(x).detach().numpy() == other(x).detach().numpy()).all()


# ------------------------------------------------------------------ resuming


class Training:
    """A little of everything that has state."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)
        nn.manual_seed(seed)
        self.model = model()
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.01)
        self.scheduler = optim.lr_scheduler.StepLR(self.optimizer, 2, 0.5)
        rng = np.random.default_rng(0)
        data = nn.data.TensorDataset(rng.normal(size=(20, 3)).astype(np.float32), rng.integers(0, 2, 20))
        self.loader = nn.data.DataLoader(data, 4, shuffle=True, generator=self.generator)
        self.losses = []

    def parts(self):
        names = ("model", "optimizer", "scheduler", "loader", "generator")
        return {**{n: getattr(self, n) for n in names}, "default": nn.default_generator()}

    def run(self, batches):
        while batches:
            for x, y in self.loader:
                self.optimizer.zero_grad()
                noise = nn.default_generator().normal(size=x.shape).astype(np.float32)
                loss = nn.functional.cross_entropy(self.model(x + noise), y)
                loss.backward()
                self.optimizer.step()
                self.losses.append(loss.item())
                batches -= 1
                if not batches:
                    return
            self.scheduler.step()


@pytest.mark.parametrize("stop", [1, 5, 7, 13])
def test_resuming_is_never_having_stopped(stop, tmp_path):
    whole = Training(0)
    whole.run(17)
    begun = Training(0)
    begun.run(stop)
    nn.save(begun.parts(), tmp_path / "training")
    resumed = Training(1)
    nn.load(tmp_path / "training", into=resumed.parts())
    resumed.run(17 - stop)
    assert begun.losses + resumed.losses == whole.losses
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert a.detach().numpy().tobytes() == b.detach().numpy().tobytes()


# ------------------------------------------------------------------ refusals


def test_all_or_nothing(tmp_path):
    one, two = Training(0), Training(1)
    one.run(3)
    two.run(2)
    nn.save({**one.parts(), "scheduler": {"wrong": 1}}, tmp_path / "training")
    before = {k: v.copy() for k, v in two.model.state_dict().items()}
    rate, position = two.optimizer.param_groups[0]["lr"], two.loader.state_dict()
    with pytest.raises(OptimizerStateError):
        nn.load(tmp_path / "training", into=two.parts())
    same(before, two.model.state_dict())
    assert (two.optimizer.param_groups[0]["lr"], two.loader.state_dict()) == (rate, position)


def test_a_model_of_another_shape_is_left_as_it_was(tmp_path):
    nn.save(model(), tmp_path / "net")
    other = nn.Sequential(nn.Linear(3, 5))
    before = {k: v.copy() for k, v in other.state_dict().items()}
    with pytest.raises(nn.StateDictError, match=r"0\.weight"):
        nn.load(tmp_path / "net", into=other)
    same(before, other.state_dict())


def test_a_missing_name(tmp_path):
    nn.save({"model": model()}, tmp_path / "net")
    with pytest.raises(CheckpointError, match=r"has no .optimizer.*it has .*model"):
        nn.load(tmp_path / "net", into={"optimizer": optim.SGD(model().parameters(), lr=1)})
    with pytest.raises(OperandError, match="must have a load_state_dict"):
        nn.load(tmp_path / "net", into={"model": 3})


def test_another_kind_of_generator(tmp_path):
    nn.save({"g": np.random.Generator(np.random.MT19937(0))}, tmp_path / "g")
    target = np.random.default_rng(0)
    before = target.bit_generator.state
    with pytest.raises(ArgumentError, match="PCG64"):
        nn.load(tmp_path / "g", into={"g": target})
    assert target.bit_generator.state == before


@pytest.mark.parametrize("what", [object(), {1, 2}, print, {"a": {(1, 2): 3}}])
def test_what_cannot_be_saved(what, tmp_path):
    with pytest.raises(OperandError, match="save: "):
        nn.save({"deep": [what]}, tmp_path / "x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [np.complex128, np.longdouble, object, "U3"])
def test_dtypes_that_a_file_cannot_hold(dtype, tmp_path):
    with pytest.raises(DtypeError, match="deep"):
        nn.save({"deep": np.zeros(1, dtype)}, tmp_path / "x")


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere"):
        nn.save({}, tmp_path / "nowhere" / "x")


def test_missing_files(tmp_path):
    with pytest.raises(CheckpointError, match="there is no such file"):
        nn.load(tmp_path / "x")
    with pytest.raises(CheckpointError, match="there is no such file"):
        nn.load(tmp_path)


def damaged(path, change):
    """The file with its header or its data changed."""
    raw = path.read_bytes()
    (n,) = struct.unpack("<Q", raw[:8])
    header, data = change(json.loads(raw[8 : 8 + n]), bytearray(raw[8 + n :]))
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(data))


def metadata(**changes):
    def change(header, data):
        kept = header["__metadata__"]
        for name, value in changes.items():
            kept[f"wengert.{name}"] = value
        return header, data

    return change


def flipped(header, data):
    data[3] ^= 1
    return header, data


DAMAGE = {
    "a bit of the data": (flipped, "checksum differs"),
    "no checksums": (metadata(crc32="{}"), "checksums"),
    "checksums that are no JSON": (metadata(crc32="{"), "checksums"),
    "a tree that is no JSON": (metadata(tree="{"), "not JSON"),
    "an array that is not there": (metadata(tree='{"$": "array", "name": "other"}'), "no array 'other'"),
    "an unknown kind": (metadata(tree='{"$": "code", "items": []}'), "not part of a tree"),
    "pairs that are none": (metadata(tree='{"$": "dict", "items": [[1]]}'), "not part of a tree"),
    "a bottomless tree": (metadata(tree="[" * 100_000 + "]" * 100_000), "description"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found(what, tmp_path):
    path = tmp_path / "net"
    nn.save({"model": model()}, path)
    change, message = DAMAGE[what]
    damaged(path, change)
    net = model()
    before = {k: v.copy() for k, v in net.state_dict().items()}
    start = time.process_time()
    with pytest.raises(CheckpointError, match=message) as caught:
        nn.load(path, into={"model": net})
    assert time.process_time() - start < 1
    assert str(path) in str(caught.value)
    same(before, net.state_dict())


@pytest.mark.parametrize("length", [0, 1, 8, 100, -1])
def test_truncated_files(length, tmp_path):
    path = tmp_path / "net"
    nn.save(model(), path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        nn.load(path)


def test_pickles_are_not_read(tmp_path):
    import pickle

    (tmp_path / "x").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(CheckpointError):
        nn.load(tmp_path / "x")


KILLED = """
import sys, numpy as np, nn
path, n = sys.argv[1], 0
while True:
    nn.save({"n": n, "a": np.full(300_000, float(n))}, path)
    n += 1
    print(n, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_leaves_a_whole_file(tmp_path):
    path = tmp_path / "state"
    for i in range(4):
        saving = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
        saving.stdout.readline()
        time.sleep(0.013 * i)
        saving.send_signal(signal.SIGKILL)
        saving.communicate()
        state = nn.load(path)
        assert (state["a"] == state["n"]).all()


def test_tensors_are_saved_as_arrays(tmp_path):
    nn.save([tensor([1.0, 2.0], requires_grad=True)], tmp_path / "x")
    same([np.array([1.0, 2.0])], nn.load(tmp_path / "x"))
