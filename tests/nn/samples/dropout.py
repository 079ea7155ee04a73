"""Uses of dropout that draw nothing: in evaluation, and where nothing or all is dropped."""

from __future__ import annotations

import numpy as np

from tests.nn.samples import Sample, fixed, sample

# shapes by module; PyTorch warns of three axes in dropout2d
MODULES = {
    ("Dropout", "dropout"): [(2, 3), (1,), (0, 3)],
    ("Dropout1d", "dropout1d"): [(2, 3, 4), (3, 4)],
    ("Dropout2d", "dropout2d"): [(2, 3, 2, 2)],
    ("Dropout3d", "dropout3d"): [(2, 2, 1, 2, 2), (2, 1, 2, 2)],
    ("AlphaDropout", "alpha_dropout"): [(2, 3), (1,), (0, 3)],
    ("FeatureAlphaDropout", "feature_alpha_dropout"): [(2, 3), (2, 3, 4)],
}


def _uses(module: str, function: str, shape: tuple) -> list[Sample]:
    return [
        sample(module, training=False, inputs=[shape]),
        sample(module, 0.0, inputs=[shape]),
        sample(module, p=1, inputs=[shape]),
        # PyTorch writes over no leaf
        sample(module, 0.3, inplace=True, training=False, inputs=[fixed(ONES[shape])], orders=0),
        sample(function, 0.5, False, inputs=[shape]),
        sample(function, 1.0, True, inputs=[shape]),
        sample(function, 0.0, True, inputs=[shape]),
    ]


ONES = {shape: np.ones(shape) for shapes in MODULES.values() for shape in shapes}
SAMPLES = [s for names, shapes in MODULES.items() for shape in shapes for s in _uses(*names, shape)]
SAMPLES.append(sample("Dropout2d", training=False, inputs=[(2, 3, 4)], peer=False))
