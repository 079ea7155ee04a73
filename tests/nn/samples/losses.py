"""Uses of the losses: every option, in every reduction."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.nn.samples import Sample, fixed, sample

REDUCTIONS = ("mean", "sum", "none")
SHAPES = [(5,), (2, 3), (2, 1, 2), (1,), ()]
WEIGHT = np.array([0.5, 1.0, 2.0])
rng = np.random.default_rng(3)


def reductions(name: str, *args: Any, inputs: Any, **options: Any) -> list[Sample]:
    """A use in each reduction."""
    return [sample(name, *args, inputs=inputs, reduction=r, **options) for r in REDUCTIONS]


def apart(shape: tuple, kinks: tuple = (0.0, 0.5, 1.0), seed: int = 0) -> list[np.ndarray]:
    """Two arrays whose difference is nowhere near a kink, nor near its negative."""
    draw = np.random.default_rng(seed)
    d, y = 2.5 * draw.normal(size=shape), draw.normal(size=shape)
    for kink in kinks:
        near = np.abs(np.abs(d) - kink) < 0.2
        d = np.where(near, np.sign(d) * (kink + 0.25), d)
    return [np.asarray(y + d), np.asarray(y)]


def difference(shape: tuple, seed: int = 0) -> np.ndarray:
    x, y = apart(shape, seed=seed)
    return np.asarray(x - y)


def signs(shape: tuple, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape))


def probabilities(shape: tuple, seed: int = 0) -> np.ndarray:
    """Numbers within 0..1, and not near its ends."""
    return np.asarray(np.random.default_rng(seed).uniform(0.15, 0.85, shape))


# ------------------------------------------------------------------ of one shape

REGRESSION = [
    s
    for module, function, options in (
        ("L1Loss", "l1_loss", {}),
        ("MSELoss", "mse_loss", {}),
        ("HuberLoss", "huber_loss", {}),
        ("HuberLoss", "huber_loss", {"delta": 0.5}),
        ("SmoothL1Loss", "smooth_l1_loss", {}),
        ("SmoothL1Loss", "smooth_l1_loss", {"beta": 0.5}),
        ("SmoothL1Loss", "smooth_l1_loss", {"beta": 0.0}),
    )
    for i, shape in enumerate(SHAPES)
    for s in reductions(module if i % 2 else function, inputs=apart(shape, seed=i), **options)
]
REGRESSION += [
    s
    for name in ("l1_loss", "mse_loss", "huber_loss")
    for s in (
        *reductions(name, inputs=apart((2, 3)), weight=np.array([[1.0, 0.0, 2.0], [0.5, 1.5, 3.0]])),
        sample(name, inputs=[np.zeros((0, 3)), np.zeros((0, 3))], reduction="sum"),
        sample(name, inputs=[np.zeros((0, 3)), np.zeros((0, 3))], reduction="none"),
    )
]
REGRESSION += [sample(m, inputs=apart((3, 2))) for m in ("L1Loss", "MSELoss", "HuberLoss", "SmoothL1Loss")]

KL = [
    sample(
        name,
        inputs=[-probabilities(shape), probabilities(shape, 1)],
        reduction=r,
        log_target=log,
        peer=r != "mean",
    )
    for shape in [(3, 4), (2, 2, 2), (4,)]
    for log in (False, True)
    for r in (*REDUCTIONS, "batchmean")
    for name in ("KLDivLoss", "kl_div")
    # PyTorch warns of the mean: see tests/peers/test_torch_losses.py
]
KL += [
    sample("kl_div", inputs=[np.array(-0.5), np.array(0.25)], reduction="batchmean"),
    sample("kl_div", inputs=[(2, 2), fixed([[0.0, 1.0], [0.5, 0.0]])], reduction="sum"),
]
COUNTS = np.array([[0.3, 1.3, 5.0], [2.0, 0.7, 9.0]])
POISSON = [
    s
    for log_input in (True, False)
    for full in (True, False)
    for i, name in enumerate(("PoissonNLLLoss", "poisson_nll_loss"))
    for s in reductions(
        name, log_input, full, inputs=[probabilities((2, 3), i) * 3, COUNTS], eps=1e-8 if i else 1e-3
    )
]
POISSON += [
    sample("PoissonNLLLoss", inputs=[(3,), np.array([0.5, 2.0, 4.0])]),
    sample("poisson_nll_loss", inputs=[(3,), fixed([0.0, 1.0, 4.0])], full=True),
]
GAUSSIAN = [
    s
    for full in (True, False)
    for shape in [(2, 3), (2,), (2, 1)]
    for name in ("GaussianNLLLoss", "gaussian_nll_loss")
    for s in reductions(name, inputs=[(2, 3), (2, 3), 0.2 + probabilities(shape)], full=full)
]
GAUSSIAN += [
    sample("gaussian_nll_loss", inputs=[(4,), (4,), np.array(0.7)]),
    sample("gaussian_nll_loss", inputs=[(4,), (4,), 0.7], full=True),
    sample("GaussianNLLLoss", inputs=[(4,), (4,), probabilities((1,))]),
    sample("gaussian_nll_loss", inputs=[(2,), (2,), fixed([0.1, 0.0])], eps=0.5),
]

# ------------------------------------------------------------------ two classes

BINARY = [
    s
    for i, shape in enumerate(SHAPES)
    for s in (
        *reductions("BCELoss", inputs=[probabilities(shape, i), probabilities(shape, i + 9)]),
        *reductions("BCEWithLogitsLoss", inputs=[shape, probabilities(shape, i)]),
        *reductions("SoftMarginLoss", inputs=[shape, fixed(signs(shape, i))]),
    )
]
BINARY += [
    s
    for weight in (WEIGHT, np.array([[0.5], [3.0]]), np.array(2.0))
    for s in (
        *reductions("BCELoss", weight=weight, inputs=[probabilities((2, 3)), probabilities((2, 3), 1)]),
        *reductions("BCEWithLogitsLoss", weight=weight, inputs=[(2, 3), probabilities((2, 3))]),
        *reductions("BCEWithLogitsLoss", inputs=[(2, 3), probabilities((2, 3))], pos_weight=weight),
        *reductions(
            "binary_cross_entropy_with_logits",
            inputs=[(2, 3), probabilities((2, 3))],
            weight=np.array([1.0, 0.0, 2.0]),
            pos_weight=weight,
        ),
        sample("binary_cross_entropy", inputs=[probabilities((2, 3)), fixed(np.eye(2, 3))], weight=weight),
    )
]
BINARY += [
    sample("BCELoss", inputs=[fixed([0.0, 1.0, 0.0, 1.0]), fixed([0.0, 1.0, 1.0, 0.25])]),
    sample("BCELoss", inputs=[np.zeros((0, 2)), np.zeros((0, 2))], reduction="sum"),
    sample("BCEWithLogitsLoss", inputs=[np.array([900.0, -900.0, 40.0]), fixed([0.0, 1.0, 1.0])]),
    sample("soft_margin_loss", inputs=[(2, 3), fixed(signs((2, 3)))]),
    sample("SoftMarginLoss", inputs=[(3,), np.array([1, -1, 1])]),
]

# ------------------------------------------------------------------ classes

CLASSES = [
    ((4, 3), np.array([0, 2, 1, 2])),
    ((1, 3), np.array([1])),
    ((3,), np.array(1)),
    ((2, 3, 4), np.array([[0, 1, 2, 0], [2, 2, 1, 0]])),
    ((2, 3, 1, 2), np.array([[[0, 1]], [[2, 1]]])),
    ((2, 1), np.array([0, 0])),
]
OF_CLASSES = [
    s
    for shape, target in CLASSES
    for i, (module, function) in enumerate((("CrossEntropyLoss", "cross_entropy"), ("NLLLoss", "nll_loss")))
    for options in (
        {},
        {"ignore_index": 0},
        {"weight": WEIGHT},
        {"weight": np.array([0.5, 1.0, 3.0]), "ignore_index": 2},
        *([{"label_smoothing": 0.1}] if not i else []),
        *([{"label_smoothing": 0.3, "ignore_index": 2}] if not i else []),
        *([{"label_smoothing": 1.0, "weight": WEIGHT}] if not i else []),
        *([{"label_smoothing": 0.2, "weight": WEIGHT, "ignore_index": 0}] if not i else []),
    )
    if not (shape == (2, 1) and options)  # all but the plainest need three classes
    for name in (module, function)
    for s in reductions(name, inputs=[shape, target], **options)
]
OF_CLASSES += [
    s
    for name in ("CrossEntropyLoss", "NLLLoss")
    for s in (
        sample(name, inputs=[(3, 4), np.array([1, -100, 3])]),
        sample(name, inputs=[(3, 4), np.array([1, 7, 3])], ignore_index=7),
        sample(name, inputs=[(2, 3), np.array([-100, -100])], orders=0),  # NaN, and gradients of zero
        sample(name, inputs=[(3,), np.array(-100)], reduction="none"),
        sample(name, inputs=[np.zeros((0, 3)), np.zeros(0, int)], reduction="sum"),
        sample(name, inputs=[np.zeros((0, 3)), np.zeros(0, int)], reduction="none"),
        sample(name, inputs=[(20, 3), np.arange(20) % 3]),
    )
]
SOFT = [
    s
    for i, shape in enumerate([(3, 4), (4,), (2, 4, 3), (1, 4)])
    for options in ({}, {"label_smoothing": 0.2}, {"weight": np.array([0.5, 1.0, 0.0, 2.0])})
    for name in ("CrossEntropyLoss", "cross_entropy")
    for s in reductions(name, inputs=[shape, probabilities(shape, i)], **options)
]
SOFT += [
    *reductions(
        "cross_entropy",
        inputs=[(3, 4), probabilities((3, 4)), np.array([0.5, 1.0, 1.5, 2.0])],
        label_smoothing=0.1,
    ),
    *reductions("CrossEntropyLoss", inputs=[(2, 4), probabilities((2, 4))], weight=np.ones(4) / 3,
                label_smoothing=0.4),
]  # fmt: skip

# ------------------------------------------------------------------ margins

SPREAD = np.array([[0.3, -0.4, 2.1], [1.9, 0.1, 0.55], [-1.0, 0.7, 0.2], [0.0, -2.0, 0.65]])
MARGINS = [
    s
    for p in (1, 2)
    for margin in (1.0, 0.25)
    for weight in (None, WEIGHT)
    for s in (
        *reductions("MultiMarginLoss", p, margin, weight=weight, inputs=[SPREAD, np.array([0, 2, 1, 1])]),
        sample(
            "multi_margin_loss", p, margin, weight=weight, inputs=[SPREAD[0], np.array(2)], reduction="none"
        ),
        sample("MultiMarginLoss", p, margin, weight=weight, inputs=[SPREAD[:1], np.array([0])]),
    )
]
MARGINS += [sample("MultiMarginLoss", inputs=[SPREAD[1], np.array(1)])]
LABELS = np.array([[2, 0, -1], [1, -1, 2], [0, 1, 2], [-1, 0, 1]])
MULTILABEL = [
    *reductions("MultiLabelMarginLoss", inputs=[SPREAD, LABELS]),
    *reductions("MultiLabelMarginLoss", inputs=[SPREAD, np.array([[1, 1, -1]] * 4)]),
    *reductions("multilabel_margin_loss", inputs=[SPREAD[0], LABELS[0]]),
    sample("MultiLabelMarginLoss", inputs=[SPREAD, np.full((4, 3), -1)]),
    *reductions("MultiLabelSoftMarginLoss", inputs=[(2, 3), fixed([[1, 0, 1], [0, 0, 1]])]),
    *reductions("MultiLabelSoftMarginLoss", inputs=[(2, 3), (2, 3)], weight=WEIGHT),
    *reductions("multilabel_soft_margin_loss", inputs=[(3,), probabilities((3,)), WEIGHT]),
    *reductions("multilabel_soft_margin_loss", inputs=[(2, 2, 3), probabilities((2, 2, 3))]),
]

# ------------------------------------------------------------------ ranking

RANKING = [
    s
    for i, shape in enumerate(SHAPES)
    for s in (
        *reductions("HingeEmbeddingLoss", inputs=[difference(shape, i), fixed(signs(shape, i))]),
        *reductions("MarginRankingLoss", inputs=[*apart(shape, seed=i), fixed(signs(shape, i))]),
    )
]  # fmt: skip
RANKING += [
    *reductions(
        "hinge_embedding_loss", inputs=[np.array([1.5, 0.1, -0.7, 2.0]), fixed([1, -1, 0, 2])], margin=0.5
    ),
    *reductions("margin_ranking_loss", inputs=[*apart((2, 3)), fixed(signs((2, 3)))], margin=0.5),
    sample("MarginRankingLoss", 0.5, inputs=[*apart((3,)), np.array([1, -1, 1])]),
    sample("HingeEmbeddingLoss", 0.5, inputs=[np.array([2.0, 0.2]), np.array([-1, -1])]),
]
VECTORS = [rng.normal(size=(4, 3)) for _ in range(3)]
TRIPLETS = [
    s
    for options in (
        {},
        {"margin": 0.15},
        {"p": 1.0},
        {"p": 3.0, "eps": 1e-3, "margin": 1.2},
        {"swap": True, "margin": 2.0},
    )
    for name in ("TripletMarginLoss", "triplet_margin_loss")
    for s in reductions(name, inputs=VECTORS, **options)
]
TRIPLETS += [
    sample("TripletMarginLoss", inputs=[v[0] for v in VECTORS], margin=3.0, reduction="none"),
    *reductions("TripletMarginWithDistanceLoss", inputs=VECTORS),
    *reductions("TripletMarginWithDistanceLoss", inputs=VECTORS, swap=True, margin=2.0),
    *reductions("triplet_margin_with_distance_loss", inputs=VECTORS, swap=True, margin=1.5),
    sample("TripletMarginWithDistanceLoss", inputs=VECTORS,
           distance_function=lambda a, b: ((a - b) * (a - b)).sum(-1)),
]  # fmt: skip
TRIPLETS[-1].options["distance_function"].__qualname__ = "squares"
COSINES = [
    s
    for margin in (0.0, 0.3, -0.5)
    for name in ("CosineEmbeddingLoss", "cosine_embedding_loss")
    for s in reductions(name, margin, inputs=[*VECTORS[:2], np.array([1, -1, -1, 1])])
]
COSINES += [
    *reductions("CosineEmbeddingLoss", inputs=[(3,), (3,), np.array(1)]),
    sample("CosineEmbeddingLoss", inputs=[VECTORS[0], VECTORS[1], fixed([1, -1, 1, 1])]),
]

# ------------------------------------------------------------------ sequences

PADDED = np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]])
LENGTHS = (np.array([6, 5, 6]), np.array([3, 2, 0]))
JOINED = np.array([1, 2, 2, 3, 1])
LOG_PROBS = np.log(rng.dirichlet(np.ones(4), (6, 3)))
# our gradient is the formula's, PyTorch's that behind log_softmax: tests/peers/test_torch_losses.py
CTC = [
    s
    for values, peer in ((fixed(LOG_PROBS), True), (LOG_PROBS, False))
    for reduction in REDUCTIONS
    for s in (
        sample("CTCLoss", inputs=[values, PADDED, *LENGTHS], reduction=reduction, peer=peer),
        sample("ctc_loss", inputs=[values, JOINED, *LENGTHS], reduction=reduction, peer=peer),
        sample("CTCLoss", inputs=[values, 3 - PADDED, *LENGTHS], blank=3, reduction=reduction, peer=peer),
    )
]
CTC += [
    sample("CTCLoss", inputs=[fixed(LOG_PROBS[:, 0]), PADDED[0], np.array(6), np.array(3)], reduction=r)
    for r in REDUCTIONS
]
CTC += [
    sample("CTCLoss", inputs=[LOG_PROBS[:, 0], PADDED[0], np.array([6]), np.array([3])], peer=False),
    sample("CTCLoss", inputs=[LOG_PROBS, PADDED, np.array([6, 1, 4]), np.array([3, 2, 1])],
           zero_infinity=True, peer=False),
    sample("CTCLoss", inputs=[fixed(LOG_PROBS), PADDED, np.array([3, 1, 0]), np.array([3, 2, 0])],
           reduction="none"),
    sample("CTCLoss", inputs=[fixed(LOG_PROBS), PADDED, np.array([3, 5, 0]), np.array([3, 2, 1])],
           zero_infinity=True),
]  # fmt: skip

# ------------------------------------------------------------------ many classes

CLASSES = np.array([0, 5, 11, 2, 1, 8, 9])
ADAPTIVE = [
    sample("AdaptiveLogSoftmaxWithLoss", 8, 12, [2, 5, 9], 2.0, inputs=[(7, 8), CLASSES]),
    sample("AdaptiveLogSoftmaxWithLoss", 4, 5, [3], head_bias=True, inputs=[(4, 4), CLASSES[:4] % 3]),
    sample("AdaptiveLogSoftmaxWithLoss", 4, 5, [3], inputs=[(2, 4), np.array([4, 3])]),
    sample("AdaptiveLogSoftmaxWithLoss", 4, 5, [3], inputs=[(4,), np.array(4)]),
]

SAMPLES = [
    *REGRESSION, *KL, *POISSON, *GAUSSIAN, *BINARY, *OF_CLASSES, *SOFT, *MARGINS, *MULTILABEL, *RANKING,
    *TRIPLETS, *COSINES, *CTC, *ADAPTIVE,
]  # fmt: skip
