"""Uses of transformers."""

from __future__ import annotations

import numpy as np

from tests.nn.samples import fixed, made, sample

ENCODER, DECODER = "TransformerEncoderLayer", "TransformerDecoderLayer"
SRC, TGT = (3, 2, 4), (2, 2, 4)  # (S, N, E), (T, N, E)
RELU = (4, 2, 5, 0.0)
LAYER = (*RELU, "gelu", 1.0)  # smooth enough for differences


def causal(n: int) -> fixed:
    return fixed(np.triu(np.full((n, n), -np.inf), 1))


def hidden(n: int) -> np.ndarray:
    return np.triu(np.ones((n, n), bool), 1)


PADDING = np.array([[False, False, True], [False, True, False]])  # (N, S)
TGT_PADDING = np.array([[False, True], [False, False]])
ACROSS = np.array([[False, True, False], [True, False, False]])  # (T, S)
SOFT = fixed(np.linspace(-1, 1, 9).reshape(3, 3))
KINDS = [{}, {"norm_first": True}, {"bias": False}, {"norm_first": True, "bias": False}]
BATCHED, UNBATCHED = [(2, 3, 4), (2, 2, 4)], [(3, 4), (2, 4)]
DEEP = (4, 2, 1, 2, 5)
NO_NESTING = {"enable_nested_tensor": False}

SAMPLES = [
    # PyTorch's defaults have kinks, and norms with steep slopes: derivatives are compared with PyTorch's
    *[
        sample(ENCODER, *RELU, inputs=[SRC], orders=0, training=training, **kind)
        for kind in KINDS
        for training in (True, False)
    ],
    sample(DECODER, *RELU, inputs=[TGT, SRC], orders=0),
    sample(DECODER, *RELU, inputs=[TGT, SRC], orders=0, training=False, norm_first=True),
    sample("Transformer", *DEEP, 0.0, inputs=BATCHED, batch_first=True, orders=0),
    sample("Transformer", *DEEP, 0.0, inputs=UNBATCHED, batch_first=True, training=False, orders=0),
    *[sample(ENCODER, *LAYER, inputs=[SRC], **kind) for kind in KINDS],
    *[
        sample(ENCODER, *LAYER, inputs=[SRC], call={"src_mask": mask, "src_key_padding_mask": padding})
        for mask in (None, causal(3), hidden(3), SOFT)
        for padding in (None, PADDING)
    ],
    sample(ENCODER, *LAYER, inputs=[SRC], call={"src_mask": causal(3), "is_causal": True}),
    sample(ENCODER, *LAYER, inputs=[(2, 3, 4)], call={"src_key_padding_mask": PADDING}, batch_first=True),
    sample(ENCODER, *LAYER, inputs=[(3, 4)]),
    sample(ENCODER, *LAYER, inputs=[(3, 4)], call={"src_key_padding_mask": PADDING[0]}, batch_first=True),
    sample(ENCODER, 2, 1, 1, 0.0, "gelu", 1.0, inputs=[(1, 1, 2)]),
    sample(ENCODER, 4, 2, 5, 0.4, "gelu", 1.0, inputs=[SRC], peer=False),
    sample(ENCODER, 4, 2, 5, 0.4, "gelu", 1.0, inputs=[SRC], training=False),
    sample(ENCODER, 4, 2, 5, 0.0, made("SiLU"), 1.0, inputs=[SRC]),
    *[sample(DECODER, *LAYER, inputs=[TGT, SRC], **kind) for kind in KINDS],
    sample(
        DECODER, *LAYER, inputs=[TGT, SRC],
        call={"tgt_mask": causal(2), "memory_mask": ACROSS, "tgt_is_causal": True},
    ),
    sample(
        DECODER, *LAYER, inputs=[TGT, SRC],
        call={"tgt_key_padding_mask": TGT_PADDING, "memory_key_padding_mask": PADDING},
    ),
    sample(
        DECODER, *LAYER, inputs=[TGT, SRC],
        call={"memory_mask": ACROSS, "memory_is_causal": True},
    ),
    sample(DECODER, *LAYER, inputs=[(2, 4), (3, 4)], training=False),
    sample(DECODER, *LAYER, inputs=[(2, 2, 4), (2, 3, 4)], batch_first=True, norm_first=True),
    sample(DECODER, 4, 2, 5, 0.4, "gelu", 1.0, inputs=[TGT, SRC], peer=False),
    sample("TransformerEncoder", made(ENCODER, *LAYER), 2, inputs=[SRC], orders=1, **NO_NESTING),
    sample(
        "TransformerEncoder", made(ENCODER, *LAYER, norm_first=True), 2, made("LayerNorm", 4, 1.0),
        inputs=[SRC], call={"mask": causal(3)}, **NO_NESTING,
    ),
    sample(
        "TransformerEncoder", made(ENCODER, *LAYER, batch_first=True), 1,
        inputs=[(2, 3, 4)], call={"src_key_padding_mask": PADDING, "mask": hidden(3)}, **NO_NESTING,
    ),
    sample("TransformerDecoder", made(DECODER, *LAYER), 2, inputs=[TGT, SRC], orders=1),
    sample(
        "TransformerDecoder", made(DECODER, *LAYER), 1, norm=made("LayerNorm", 4, 1.0), training=False,
        inputs=[TGT, SRC], call={"tgt_mask": causal(2), "memory_key_padding_mask": PADDING},
    ),
    sample("Transformer", *DEEP, 0.0, "gelu", layer_norm_eps=1.0, inputs=UNBATCHED, batch_first=True),
    sample(
        "Transformer", 4, 2, 1, 1, 5, 0.0, "gelu", layer_norm_eps=1.0, inputs=BATCHED, batch_first=True,
        call={
            "src_mask": SOFT, "tgt_mask": causal(2), "memory_mask": ACROSS,
            "src_key_padding_mask": fixed(np.where(PADDING, -np.inf, 0)),
            "tgt_key_padding_mask": fixed(np.where(TGT_PADDING, -np.inf, 0)),
            "memory_key_padding_mask": PADDING,
        },
    ),
    sample("Transformer", *DEEP, 0.3, "gelu", layer_norm_eps=1.0, inputs=[SRC, TGT], peer=False),
]  # fmt: skip
