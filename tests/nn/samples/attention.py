"""Uses of scaled_dot_product_attention and multi-head attention."""

from __future__ import annotations

import numpy as np

from tests.nn.samples import fixed, sample

SDPA, MHA, FORWARD = "scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward"

LAST_HIDDEN = np.array([[True, True, False]] * 2)
ONE_BLIND = np.array([[True, False, True], [False, False, False]])
AWAY = fixed([[0.0, -np.inf, 0.5], [0.25, 0.0, -2.0]])
CAUSAL = fixed(np.triu(np.full((3, 3), -np.inf), 1))
PADDING = np.array([[False, False, True], [True, False, False]])  # True hides
BIASES = np.array([[0.0, -1.0, 2.0], [0.5, 0.0, -3.0]])
HIDDEN = np.array([[False, True, False], [False, False, True]])  # (L, S)
PER_HEAD = np.array([[[False, i % 2 == 1, False], [i == 2, False, False]] for i in range(4)])

CROSS, SELF = [(2, 2, 4), (3, 2, 4), (3, 2, 4)], [(3, 2, 4)] * 3
UNBATCHED = [(2, 4), (3, 4), (3, 4)]


BEFORE = (4, 2, None, (12,), (1, 1, 4), (1, 1, 4), True, 0.0, (4, 4), (4,))
SEPARATE = (*BEFORE, True, PADDING, True, HIDDEN, True, (4, 4), (4, 3), (4, 5))


def with_weights(**options):
    weights = [4, 2, (12, 4), (12,), None, None, False, 0.0, (4, 4), (4,)]
    return sample(FORWARD, inputs=[*CROSS, *weights], **options)


SAMPLES = [
    # ------------------------------------------------------------ scaled_dot_product_attention
    sample(SDPA, inputs=[(2, 3), (4, 3), (4, 2)]),
    sample(SDPA, inputs=[(2, 2, 3), (2, 4, 3), (2, 4, 3)]),
    sample(SDPA, inputs=[(1, 2, 2, 3), (1, 2, 4, 3), (1, 2, 4, 3)], scale=0.3),
    sample(SDPA, inputs=[(2, 1, 1, 2), (2, 1, 1, 2), (2, 1, 1, 1)]),
    sample(SDPA, inputs=[(2, 3), (3, 3), (3, 2)], attn_mask=LAST_HIDDEN),
    sample(SDPA, inputs=[(2, 2, 3), (2, 3, 3), (2, 3, 3)], attn_mask=ONE_BLIND),
    sample(SDPA, inputs=[(2, 2, 3), (2, 3, 3), (2, 3, 3)], attn_mask=AWAY),
    sample(SDPA, inputs=[(2, 2, 2, 3), (2, 2, 3, 3), (2, 2, 3, 3), (2, 1, 1, 3)]),
    sample(SDPA, inputs=[(2, 2, 2, 3), (2, 2, 3, 3), (2, 2, 3, 3), (2, 2, 2, 3)]),
    sample(SDPA, inputs=[(2, 2, 3), (2, 3, 3), (2, 3, 3), (2, 3)]),
    sample(SDPA, inputs=[(3, 2), (3, 2), (3, 2)], is_causal=True),
    sample(SDPA, inputs=[(2, 4, 2), (2, 2, 2), (2, 2, 2)], is_causal=True),
    sample(SDPA, inputs=[(2, 2, 2), (2, 4, 2), (2, 4, 2)], is_causal=True),
    sample(SDPA, inputs=[(2, 2, 2, 3), (1, 1, 3, 3), (1, 1, 3, 3)]),
    sample(SDPA, inputs=[(1, 4, 2, 3), (1, 2, 3, 3), (1, 2, 3, 3)], enable_gqa=True),
    sample(SDPA, inputs=[(4, 2, 3), (1, 3, 3), (1, 3, 3)], enable_gqa=True, is_causal=True),
    sample(SDPA, inputs=[(1, 4, 2, 3), (1, 2, 3, 3), (1, 1, 3, 3)], enable_gqa=True),
    sample(SDPA, inputs=[(0, 2, 3), (0, 3, 3), (0, 3, 3)], orders=1),
    sample(SDPA, inputs=[(2, 0, 3), (2, 3, 3), (2, 3, 3)], orders=1),
    sample(SDPA, inputs=[(2, 2, 3), (2, 0, 3), (2, 0, 3)], orders=1),
    sample(SDPA, inputs=[(2, 2, 3), (2, 4, 3), (2, 4, 3)], dropout_p=0.5, peer=False),
    sample(SDPA, inputs=[(2, 2, 3), (2, 4, 3), (2, 4, 3)], dropout_p=1.0),
    sample(SDPA, inputs=[(2, 2, 3), (2, 4, 3), (2, 4, 3), (2, 4)], dropout_p=0.3, peer=False),
    # ------------------------------------------------------------ multi_head_attention_forward
    with_weights(),
    with_weights(need_weights=False),
    with_weights(need_weights=False, training=False, attn_mask=HIDDEN, key_padding_mask=PADDING),
    with_weights(average_attn_weights=False, attn_mask=BIASES),
    with_weights(static_k=fixed(np.linspace(-1, 1, 24).reshape(4, 3, 2))),
    with_weights(
        need_weights=False,
        static_k=fixed(np.linspace(-1, 1, 40).reshape(4, 5, 2)),
        static_v=fixed(np.cos(np.arange(40)).reshape(4, 5, 2)),
    ),
    sample(FORWARD, inputs=[(2, 2, 4), (3, 2, 3), (3, 2, 5), *SEPARATE]),
    # ------------------------------------------------------------ MultiheadAttention
    sample(MHA, 4, 2, inputs=CROSS),
    sample(MHA, 4, 2, inputs=CROSS, call={"need_weights": False}),
    sample(MHA, 4, 1, inputs=CROSS, call={"average_attn_weights": False}),
    sample(MHA, 4, 4, inputs=CROSS, call={"average_attn_weights": False}, training=False),
    sample(MHA, 1, 1, inputs=[(1, 1, 1)] * 3),
    sample(MHA, 4, 2, inputs=UNBATCHED),
    sample(MHA, 4, 2, inputs=UNBATCHED, call={"need_weights": False}, batch_first=True),
    sample(MHA, 4, 2, inputs=UNBATCHED, call={"key_padding_mask": PADDING[0]}),
    sample(MHA, 4, 2, inputs=UNBATCHED, call={"average_attn_weights": False, "attn_mask": HIDDEN}),
    sample(MHA, 4, 2, inputs=[(2, 3, 4), (2, 5, 4), (2, 5, 4)], batch_first=True),
    sample(MHA, 4, 2, inputs=CROSS, bias=False, call={"need_weights": False}),
    sample(MHA, 4, 2, inputs=CROSS, bias=False, kdim=4),
    sample(MHA, 4, 2, inputs=[(2, 2, 4), (3, 2, 3), (3, 2, 5)], kdim=3, vdim=5),
    sample(MHA, 4, 2, inputs=[(2, 2, 4), (3, 2, 3), (3, 2, 4)], kdim=3, call={"need_weights": False}),
    sample(MHA, 4, 2, inputs=[(2, 2, 4), (3, 2, 4), (3, 2, 1)], vdim=1, bias=False),
    sample(MHA, 4, 2, inputs=CROSS, add_bias_kv=True),
    sample(MHA, 4, 2, inputs=CROSS, add_bias_kv=True, call={"need_weights": False}, bias=False),
    sample(MHA, 4, 2, inputs=CROSS, add_zero_attn=True),
    sample(MHA, 4, 2, inputs=CROSS, add_zero_attn=True, call={"need_weights": False}),
    *[
        sample(
            MHA,
            4,
            2,
            inputs=CROSS,
            call={"attn_mask": mask, "key_padding_mask": padding, "need_weights": needed},
            add_bias_kv=more,
            add_zero_attn=more,
        )
        for mask in (None, HIDDEN, BIASES, PER_HEAD, fixed(np.where(PER_HEAD, -np.inf, 0.5)))
        for padding in (None, PADDING)
        for needed in (True, False)
        for more in (True, False)
    ],
    sample(MHA, 4, 2, inputs=CROSS, call={"attn_mask": BIASES, "key_padding_mask": BIASES}),
    sample(MHA, 4, 2, inputs=SELF, call={"attn_mask": CAUSAL, "is_causal": True}),
    sample(MHA, 4, 2, inputs=SELF, call={"attn_mask": CAUSAL, "is_causal": True, "need_weights": False}),
    sample(MHA, 4, 2, 0.5, inputs=CROSS, peer=False),
    sample(MHA, 4, 2, 0.5, inputs=CROSS, peer=False, call={"need_weights": False}),
    sample(MHA, 4, 2, 0.5, inputs=CROSS, training=False),
]
