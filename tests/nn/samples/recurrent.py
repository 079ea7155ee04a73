"""Uses of the recurrent layers and cells; packed sequences are in test_recurrent.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.nn.samples import Sample, sample

LAYERS: dict[str, list[dict]] = {
    "RNN": [{}, {"nonlinearity": "relu"}],
    "GRU": [{}],
    "LSTM": [{}, {"proj_size": 2}],
}
CELLS: dict[str, list[dict]] = {
    "RNNCell": [{}, {"nonlinearity": "relu"}],
    "GRUCell": [{}],
    "LSTMCell": [{}],
}


def _states(name: str, options: dict, batch: tuple, hidden: int) -> Any:
    """Shapes of initial states as arguments of the call."""
    layers = (options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1),)
    h = (*layers, *batch, options.get("proj_size") or hidden)
    return _drawn(h, 0) if name != "LSTM" else (_drawn(h, 0), _drawn((*layers, *batch, hidden), 1))


def _drawn(shape: tuple, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def _of(name: str, base: dict) -> list[Sample]:
    def layer(*sizes: int, inputs: list, **options: Any) -> Sample:
        call = options.pop("call", {})
        training = options.pop("training", True)
        how = {"call": call, "training": training, "orders": orders}
        return sample(name, *sizes, inputs=inputs, **how, **base, **options)

    # differences would reach over relu's kinks: test_recurrent.py keeps away from them
    orders = 0 if "nonlinearity" in base else 2
    both = {"num_layers": 2, "bidirectional": True}
    return [
        layer(3, 4, inputs=[(5, 2, 3)]),
        layer(3, 4, inputs=[(5, 3)]),
        layer(3, 4, inputs=[(1, 1, 3)], bias=False),
        layer(1, 3, inputs=[(3, 2, 1)]),
        layer(2, 3, inputs=[(3, 0, 2)]),
        layer(3, 4, inputs=[(2, 4, 3)], batch_first=True),
        layer(3, 4, inputs=[(4, 3)], batch_first=True),
        layer(2, 3, inputs=[(3, 2, 2)], num_layers=2),
        layer(2, 3, inputs=[(3, 2, 2)], num_layers=3, bias=False, training=False, dropout=0.5),
        layer(2, 3, inputs=[(3, 2, 2)], bidirectional=True),
        layer(2, 3, inputs=[(2, 3, 2)], bidirectional=True, batch_first=True, bias=False),
        layer(2, 3, inputs=[(3, 2, 2)], **both),
        layer(2, 3, inputs=[(3, 2)], **both),
        layer(2, 3, inputs=[(2, 3, 2)], batch_first=True, **both, training=False, dropout=0.3),
        layer(2, 3, inputs=[(3, 2, 2), _states(name, base, (2,), 3)]),
        layer(2, 3, inputs=[(3, 2), _states(name, base, (), 3)]),
        layer(2, 3, inputs=[(3, 2, 2), _states(name, base | both, (2,), 3)], **both),
        layer(2, 3, inputs=[(2, 3, 2), _states(name, base | both, (2,), 3)], batch_first=True, **both),
        layer(2, 3, inputs=[(3, 2), _states(name, base | both, (), 3)], **both),
        # all is dropped: nothing is left to chance
        layer(2, 3, inputs=[(3, 2, 2)], num_layers=2, dropout=1.0),
    ]


def _of_cell(name: str, base: dict) -> list[Sample]:
    base = base | ({"orders": 0} if "nonlinearity" in base else {})

    def states(*shape: int) -> Any:
        return _drawn(shape, 0) if name != "LSTMCell" else (_drawn(shape, 0), _drawn(shape, 1))

    return [
        sample(name, 3, 4, inputs=[(2, 3)], **base),
        sample(name, 3, 4, inputs=[(3,)], **base),
        sample(name, 1, 2, inputs=[(1, 1)], bias=False, **base),
        sample(name, 3, 2, inputs=[(0, 3)], **base),
        sample(name, 3, 4, inputs=[(2, 3), states(2, 4)], **base),
        sample(name, 3, 4, inputs=[(3,), states(4)], **base),
        sample(name, 3, 1, inputs=[(2, 3), states(2, 1)], bias=False, **base),
    ]


SAMPLES = [s for name, bases in LAYERS.items() for base in bases for s in _of(name, base)]
SAMPLES += [s for name, bases in CELLS.items() for base in bases for s in _of_cell(name, base)]
