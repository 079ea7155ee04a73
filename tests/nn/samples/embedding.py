"""Uses of embeddings and bags of them."""

from __future__ import annotations

import numpy as np

from tests.nn.samples import fixed, sample

SOME = np.array([[0, 3, 3], [4, 1, 0]])
LIST = np.array([0, 3, 3, 4, 1, 0, 2])
OFFSETS = np.array([0, 2, 2, 5])
ENDED = np.array([0, 2, 2, 5, 7])
WEIGHT = fixed(np.linspace(-1.3, 1.7, 10).reshape(5, 2))
MODES = ("sum", "mean", "max")

SAMPLES = [
    sample("Embedding", 5, 2, inputs=[SOME]),
    sample("Embedding", 5, 3, inputs=[np.array(4)]),
    sample("Embedding", 1, 1, inputs=[np.array([0, 0])]),
    sample("Embedding", 5, 2, inputs=[np.zeros((0, 3), int)]),
    sample("Embedding", 5, 2, inputs=[SOME.astype(np.int32)]),
    sample("Embedding", 5, 2, padding_idx=3, inputs=[SOME], orders=0),
    sample("Embedding", 5, 2, -5, inputs=[SOME], orders=0),
    sample("Embedding", 5, 2, max_norm=0.7, inputs=[SOME], orders=0),
    sample("Embedding", 5, 2, max_norm=0.4, norm_type=1.0, inputs=[SOME], orders=0),
    sample(
        "Embedding",
        5,
        2,
        None,
        max_norm=0.4,
        norm_type=3.0,
        scale_grad_by_freq=True,
        inputs=[SOME],
        orders=0,
    ),
    sample("Embedding", 5, 2, scale_grad_by_freq=True, inputs=[SOME], orders=0),
    sample("Embedding", 5, 2, 0, scale_grad_by_freq=True, inputs=[SOME], orders=0),
    sample("Embedding", 5, 2, _weight=WEIGHT, inputs=[SOME]),
    sample("Embedding", 5, 2, None, None, 2.0, False, False, WEIGHT, True, inputs=[SOME], orders=0),
    sample("embedding", inputs=[SOME, (5, 2)]),
    sample("embedding", 3, inputs=[SOME, (5, 2)], orders=0),
    sample("embedding", -2, inputs=[SOME, (5, 2)], orders=0),
    sample("embedding", inputs=[SOME, (5, 2)], scale_grad_by_freq=True, orders=0),
    sample("embedding", inputs=[SOME, WEIGHT], max_norm=0.5, orders=0),
    *[sample("EmbeddingBag", 5, 2, mode=mode, inputs=[SOME]) for mode in MODES],
    *[sample("EmbeddingBag", 5, 2, mode=mode, inputs=[LIST, OFFSETS]) for mode in MODES],
    *[
        sample("EmbeddingBag", 5, 2, mode=mode, include_last_offset=True, inputs=[LIST, ENDED])
        for mode in MODES
    ],
    *[
        sample("EmbeddingBag", 5, 2, mode=mode, padding_idx=3, inputs=[SOME], call={}, orders=0)
        for mode in MODES
    ],
    *[
        sample("EmbeddingBag", 5, 2, mode=m, padding_idx=-1, inputs=[LIST, OFFSETS], orders=0)
        for m in MODES
    ],
    *[
        sample("EmbeddingBag", 5, 2, max_norm=0.6, norm_type=1.0, mode=m, inputs=[LIST, OFFSETS], orders=0)
        for m in MODES
    ],
    # PyTorch counts the wrong rows here: see test_embedding.py
    *[
        sample("EmbeddingBag", 5, 2, None, 2.0, True, m, inputs=[SOME], orders=0, peer=False)
        for m in ("sum", "mean")
    ],
    sample("EmbeddingBag", 5, 2, inputs=[np.zeros((0, 3), int)]),
    *[sample("EmbeddingBag", 5, 2, mode=m, inputs=[np.zeros(0, int), np.array([0, 0])]) for m in MODES],
    sample("EmbeddingBag", 5, 2, _weight=WEIGHT, inputs=[SOME]),
    sample("EmbeddingBag", 5, 2, mode="sum", inputs=[SOME, None, (2, 3)]),
    sample("EmbeddingBag", 5, 2, mode="sum", inputs=[LIST, OFFSETS, (7,)]),
    sample("EmbeddingBag", 5, 2, mode="sum", padding_idx=3, inputs=[LIST, OFFSETS, (7,)], orders=0),
    *[sample("embedding_bag", inputs=[SOME, (5, 2)], mode=mode) for mode in MODES],
    *[sample("embedding_bag", inputs=[LIST, (5, 2), OFFSETS], mode=mode) for mode in MODES],
    sample("embedding_bag", inputs=[LIST, (5, 2), OFFSETS], mode="max", padding_idx=4, orders=1),
    sample("one_hot", inputs=[SOME], orders=0),
    sample("one_hot", 7, inputs=[SOME], orders=0),
    sample("one_hot", inputs=[np.array(2)], orders=0),
    sample("one_hot", num_classes=3, inputs=[np.zeros((0, 2), int)], orders=0),
]
