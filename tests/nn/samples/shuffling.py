"""Shuffles of channels and places."""

from __future__ import annotations

from . import sample

SAMPLES = [
    # PyTorch gives these the wrong shape, or their gradients
    sample("PixelShuffle", 2, inputs=[(0, 4, 2, 3)], peer=False),
    sample("PixelUnshuffle", 2, inputs=[(0, 1, 2, 4)], peer=False),
    *(
        sample(name, factor, inputs=[shape])
        for name in ("PixelShuffle", "pixel_shuffle")
        for factor, shape in [
            (1, (2, 3, 2)),
            (2, (4, 2, 3)),
            (2, (3, 8, 1, 2)),
            (3, (1, 2, 9, 2, 1)),
        ]
    ),
    *(
        sample(name, factor, inputs=[shape])
        for name in ("PixelUnshuffle", "pixel_unshuffle")
        for factor, shape in [
            (1, (2, 3, 2)),
            (2, (2, 4, 6)),
            (2, (3, 2, 2, 4)),
            (3, (1, 2, 1, 3, 6)),
        ]
    ),
    *(
        sample(name, groups, inputs=[shape])
        for name in ("ChannelShuffle", "channel_shuffle")
        for groups, shape in [
            (1, (2, 3, 2)),
            (2, (2, 6, 3)),
            (3, (1, 6, 2, 2)),
            (4, (3, 4, 1)),
            (2, (2, 4, 1, 2, 3)),
            (2, (0, 4, 2)),
        ]
    ),
]
