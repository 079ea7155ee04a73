"""Goes through a data set in batches, shuffled if asked, and resumes where it stopped."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError

from ..random import as_generator
from .dataset import gather, require_dataset
from .workers import made_ahead


@dataclass
class _Epoch:
    """One pass: the seed of its permutation (None: in order), and how many batches it has given."""

    seed: int | None
    position: int


class DataLoader:
    """Batches of a data set: iterate over it once per epoch.

    Each epoch draws one seed from the generator, and its order is a function of that seed alone.
    So loaders, initialisers and dropout can share a generator, and an epoch can be taken up in
    its middle without turning the generator back.

    Args:
        dataset: a `Dataset`, or anything with a length and an index.
        batch_size: samples a batch.
        shuffle: whether each epoch has a new random order.
        drop_last: whether to leave out a last batch that is short.
        collate_fn: makes a batch of a list of samples. None: `dataset.gather`, which for a
            `TensorDataset`, and a `Subset` of one, is one indexing operation per array; for others
            `default_collate`.
        generator: a `numpy.random.Generator`, a seed, or None for the default generator.
        num_workers: how many processes make batches in the background; 0: this one, when asked.
        prefetch_factor: how many batches each of them may be ahead.

    With workers, what the data set draws at random depends on the epoch's seed and the batch
    alone, not on who makes it; the data set and `collate_fn` must be picklable where processes
    do not begin as copies of this one (Windows, macOS).

    Shapes: each array of a batch is (batch_size, ...); the last may be shorter. It owns its memory.
    Errors: ArgumentError for a batch size below 1 or a negative seed; OperandError for arguments
        of other types.
    Example:
        >>> from nn.data import TensorDataset
        >>> data = TensorDataset(np.arange(10.0).reshape(5, 2), np.arange(5))
        >>> loader = DataLoader(data, batch_size=2)
        >>> len(loader), [labels.tolist() for images, labels in loader]
        (3, [[0, 1], [2, 3], [4]])
        >>> shuffled = DataLoader(data, batch_size=5, shuffle=True, generator=0)
        >>> [sorted(labels.tolist()) for _ in range(2) for images, labels in shuffled]
        [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        generator: Any = None,
        num_workers: int = 0,
        prefetch_factor: int = 2,
    ):
        if collate_fn is not None and not callable(collate_fn):
            raise OperandError(f"DataLoader: collate_fn must be callable, got {type(collate_fn).__name__}")
        self.dataset = require_dataset(dataset, "DataLoader")
        self.batch_size = _count("batch_size", batch_size, 1)
        self.num_workers = _count("num_workers", num_workers, 0)
        self.prefetch_factor = _count("prefetch_factor", prefetch_factor, 1)
        self.shuffle, self.drop_last = bool(shuffle), bool(drop_last)
        self.collate_fn = collate_fn
        self.generator = as_generator(generator, "DataLoader")
        self._epoch: _Epoch | None = None  # the one begun last, until it is through
        self._resuming = False  # whether the next pass takes up that epoch

    def __len__(self) -> int:
        """How many batches an epoch has."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        """Begin an epoch, or take up the one that `load_state_dict` brought."""
        if self._epoch is None or not self._resuming:
            self._epoch = _Epoch(int(self.generator.integers(2**63)) if self._draws else None, 0)
        self._resuming = False
        return self._batches(self._epoch)

    @property
    def _draws(self) -> bool:
        """Whether an epoch has a seed."""
        return self.shuffle or self.num_workers > 0

    def _batches(self, epoch: _Epoch) -> Iterator[Any]:
        size = len(self.dataset)
        order = np.random.default_rng(epoch.seed).permutation(size) if self.shuffle else np.arange(size)
        chunks = (
            (position, order[position * self.batch_size : (position + 1) * self.batch_size])
            for position in range(epoch.position, len(self))
        )
        if self.num_workers:
            jobs = (([epoch.seed or 0, position], chunk) for position, chunk in chunks)
            made = made_ahead(self._batch, jobs, self.num_workers, self.prefetch_factor)
        else:
            made = (self._batch(chunk) for _, chunk in chunks)
        for batch in made:
            epoch.position += 1
            yield batch
        if self._epoch is epoch:
            self._epoch = None

    def _batch(self, indices: np.ndarray) -> Any:
        if self.collate_fn is None:
            return gather(self.dataset, indices)
        return self.collate_fn([self.dataset[index] for index in indices.tolist()])

    def state_dict(self) -> dict[str, Any]:
        """Where the loader is: a dict of plain values, and the state of NumPy's generator.

        Taken inside the loop, it counts the batch in hand as done. After a `break` it still says
        where the loop stopped; a resumed loader takes up the rest of that epoch.

        Example:
            >>> loader = DataLoader(range(6), batch_size=2, shuffle=True, generator=0)
            >>> batches = iter(loader)
            >>> first, state = next(batches), loader.state_dict()
            >>> resumed = DataLoader(range(6), batch_size=2, shuffle=True, generator=1)
            >>> resumed.load_state_dict(state)
            >>> [batch.tolist() for batch in resumed] == [batch.tolist() for batch in batches]
            True
        """
        epoch = self._epoch
        return {
            **self._identity(),
            "epoch": None if epoch is None else {"seed": epoch.seed, "position": epoch.position},
            "generator": self.generator.bit_generator.state if self._draws else None,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`: the next pass gives what remains of its epoch.

        It also sets the state of the generator, whoever else uses it. The order of an epoch
        is a function of its seed under one version of NumPy; another may permute otherwise.

        Errors: ArgumentError, and nothing changes, if the state is malformed or belongs to a
            loader of another size, batch size, order or kind of generator.
        """
        if not isinstance(state_dict, Mapping) or "epoch" not in state_dict:
            raise ArgumentError("DataLoader: this is not a state_dict() of a DataLoader: it has no epoch")
        for name, ours in self._identity().items():
            theirs = state_dict.get(name)
            if theirs != ours:
                raise ArgumentError(f"DataLoader: this loader has {name} {ours}, the state has {theirs}")
        epoch = self._read_epoch(state_dict.get("epoch"))
        if self._draws and (self.shuffle or state_dict.get("generator") is not None):
            _set_state(self.generator, state_dict.get("generator"))
        self._epoch, self._resuming = epoch, epoch is not None

    def _identity(self) -> dict[str, Any]:
        """What a loader must share with another one to take up its work."""
        return {
            "samples": len(self.dataset),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def _read_epoch(self, state: Any) -> _Epoch | None:
        if state is None:
            return None
        try:
            seed, position = state["seed"], operator.index(state["position"])
            seed = None if seed is None else operator.index(seed)
        except (KeyError, TypeError):
            raise ArgumentError(
                f"DataLoader: the state's epoch must have a seed and a position, got {state}"
            ) from None
        fits = self._draws if seed is not None else not self.shuffle
        if not fits or (seed or 0) < 0 or not 0 <= position <= len(self):
            raise ArgumentError(
                f"DataLoader: seed {seed} and position {position} are not of an epoch of {len(self)} "
                f"{'shuffled' if self.shuffle else 'ordered'} batches"
            )
        return _Epoch(seed, position)


def _count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise OperandError(f"DataLoader: {name} must be an integer, got {type(value).__name__}")
    count = operator.index(value)
    if count < least:
        raise ArgumentError(f"DataLoader: {name} must be at least {least}, got {count}")
    return count


def _set_state(generator: np.random.Generator, state: Any) -> None:
    bits = generator.bit_generator
    before = bits.state
    try:
        bits.state = state
    except Exception:  # which one depends on the kind of generator, as does what was set before it
        bits.state = before
        raise ArgumentError(
            f"DataLoader: the state's generator is not the state of a {type(bits).__name__}, which this "
            "loader's generator is"
        ) from None
