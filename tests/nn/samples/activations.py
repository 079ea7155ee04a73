"""Uses of every activation: by default, with options, in both modes, of odd shapes."""

from __future__ import annotations

import numpy as np

from tests.nn.samples import Sample, fixed, sample

# name of the module, of the function, and options
ELEMENTWISE: list[tuple[str, str, list[dict]]] = [
    ("ReLU", "relu", []),
    ("ReLU6", "relu6", []),
    ("LeakyReLU", "leaky_relu", [{"negative_slope": 0.2}, {"negative_slope": 1.5}, {"negative_slope": -1}]),
    ("ELU", "elu", [{"alpha": 0.5}, {"alpha": -2}]),
    ("CELU", "celu", [{"alpha": 0.5}, {"alpha": 3}]),
    ("SELU", "selu", []),
    ("GELU", "gelu", [{"approximate": "none"}, {"approximate": "tanh"}]),
    ("SiLU", "silu", []),
    ("Mish", "mish", []),
    ("Sigmoid", "sigmoid", []),
    ("LogSigmoid", "logsigmoid", []),
    ("Hardtanh", "hardtanh", [{"min_val": -0.3, "max_val": 1.2}]),
    ("Hardsigmoid", "hardsigmoid", []),
    ("Hardswish", "hardswish", []),
    ("Hardshrink", "hardshrink", [{"lambd": 0.2}, {"lambd": 0.0}]),
    ("Softshrink", "softshrink", [{"lambd": 0.2}, {"lambd": 0.0}]),
    ("Softplus", "softplus", [{"beta": 2}, {"beta": 3.0, "threshold": 1.5}, {"beta": -0.5}]),
    ("Softsign", "softsign", []),
    ("Tanh", "tanh", []),
    ("Tanhshrink", "tanhshrink", []),
    ("Threshold", "threshold", [{"threshold": 0.2, "value": 3.0}, {"threshold": -1, "value": -2}]),
]
INPLACE = {
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "SiLU", "Mish",
    "Hardtanh", "Hardsigmoid", "Hardswish", "Threshold",
}  # fmt: skip
# PyTorch's float64 gradient has 1/6 in float32; see tests/peers/test_torch_activations.py
ROUNDED = {"Hardsigmoid"}
# away from the kinks, over which differences must not reach
NEAR = np.array([[-1.7, -0.6, 0.15], [0.35, 0.9, 1.4]])
WIDE = np.array([[-30.0, -7.0, -4.1, -2.9], [-0.1, 0.1, 2.8, 3.3], [6.2, 19.0, 21.0, 40.0]])


def _elementwise() -> list[Sample]:
    found = []
    for module, function, variants in ELEMENTWISE:
        peer = module not in ROUNDED
        usual = [] if module == "Threshold" else [{}]
        for options in usual + variants:
            for x in (NEAR, WIDE):
                found.append(sample(module, inputs=[x], peer=peer, **options))
                found.append(sample(function, inputs=[x], peer=peer, **options))
        base = (usual + variants)[0]
        found += [
            sample(module, inputs=[shape], peer=peer, **base) for shape in ((1,), (2, 1, 3, 2), (0, 3))
        ]
        found.append(sample(module, inputs=[np.array(0.7)], peer=peer, **base))
        if module in INPLACE:
            # PyTorch refuses to write over a leaf; its repr and the values of constants are compared
            found.append(sample(module, inputs=[fixed(WIDE)], inplace=True, orders=0, **base))
            found.append(sample(function, inputs=[fixed(WIDE)], inplace=True, orders=0, **base))
    return found


def _along(module: str, function: str) -> list[Sample]:
    return [
        *[
            sample(module, inputs=[s], dim=d)
            for s, d in (((2, 3), 1), ((2, 3), 0), ((2, 3, 4), -2), ((5,), -1))
        ],
        *[
            sample(function, inputs=[s], dim=d)
            for s, d in (((2, 3), 1), ((1, 1), 0), ((3, 0), 0), ((0, 3), 1))
        ],
        sample(function, inputs=[np.array([[300.0, -300.0, 0.0], [1000.0, 999.0, 998.0]])], dim=1),
    ]


SAMPLES = [
    *_elementwise(),
    *_along("Softmax", "softmax"),
    *_along("LogSoftmax", "log_softmax"),
    *_along("Softmin", "softmin"),
    sample("Softmax2d", inputs=[(2, 3, 2, 2)]),
    sample("Softmax2d", inputs=[(3, 1, 2)]),
    sample("GLU", inputs=[(2, 4)]),
    sample("GLU", 0, inputs=[(2, 3)]),
    sample("GLU", dim=1, inputs=[(2, 6, 3)]),
    sample("glu", inputs=[(2,)]),
    sample("glu", 1, inputs=[(2, 4, 1)]),
    sample("glu", inputs=[(0, 4)]),
    sample("PReLU", inputs=[NEAR]),
    sample("PReLU", 3, inputs=[(4, 3)]),
    sample("PReLU", 3, init=0.1, inputs=[(2, 3, 2, 2)]),
    sample("PReLU", 2, 1.5, inputs=[(3, 2, 4)]),
    sample("PReLU", inputs=[(5,)]),
    sample("PReLU", inputs=[np.array(-0.7)]),
    sample("PReLU", inputs=[(0, 3)]),
    sample("prelu", inputs=[(4, 3), (1,)]),
    sample("prelu", inputs=[(4, 3), (3,)]),
    sample("prelu", inputs=[(2, 3, 1, 2), (3,)]),
    sample("prelu", inputs=[(4, 3), np.array(0.2)]),
    sample("RReLU", training=False, inputs=[(2, 3)]),
    sample("RReLU", 0.2, 0.7, training=False, inputs=[WIDE]),
    sample("RReLU", 0.2, 0.2, inputs=[(2, 3)]),
    sample("RReLU", 0.1, 0.4, True, training=False, inputs=[fixed(WIDE)], orders=0),
    sample("rrelu", inputs=[NEAR]),
    sample("rrelu", 0.3, 0.5, inputs=[WIDE]),
    sample("rrelu", 0.25, 0.25, True, inputs=[(2, 3)]),
    sample("gumbel_softmax", inputs=[(2, 3)], peer=False, orders=0),
    sample("gumbel_softmax", inputs=[(2, 3)], peer=False, orders=0, tau=0.5, hard=True, dim=0),
]
