"""Uses of products of matrices, of what changes shapes alone, and of distances."""

from __future__ import annotations

import numpy as np

from tests.nn.samples import sample

POWERS = (1.0, 2.0, 3.0, 1.5, 0.5, float("inf"))
# no differences near zero, where norms bend
X1 = np.array([[-1.2, 0.5, 0.9], [2.1, -0.7, 0.6]])
X2 = np.array([[0.3, -0.4, 1.7], [0.8, 0.6, -0.9]])
ROWS = np.array([[0.0, 1.0, 2.5], [0.5, -1.2, 1.25], [-0.7, 0.3, -0.2], [2.0, 2.2, 0.6]])

SAMPLES = [
    sample("Linear", 3, 2, inputs=[(4, 3)]),
    sample("Linear", 3, 2, inputs=[(3,)]),
    sample("Linear", 3, 2, inputs=[(2, 1, 4, 3)], bias=False),
    sample("Linear", 1, 1, inputs=[(1, 1)]),
    sample("Linear", 3, 2, inputs=[(0, 3)]),
    sample("linear", inputs=[(4, 3), (2, 3), (2,)]),
    sample("linear", inputs=[(3,), (2, 3)]),
    sample("linear", inputs=[(4, 3), (3,)]),
    sample("Bilinear", 3, 4, 2, inputs=[(5, 3), (5, 4)]),
    sample("Bilinear", 3, 4, 2, False, inputs=[(5, 3), (5, 4)]),
    sample("Bilinear", 3, 1, 2, inputs=[(3,), (1,)]),
    sample("Bilinear", 2, 3, 1, bias=False, inputs=[(2, 1, 3, 2), (2, 1, 3, 3)]),
    sample("Bilinear", 2, 3, 2, inputs=[(0, 2), (0, 3)]),
    sample("bilinear", inputs=[(4, 2), (4, 3), (2, 2, 3), (2,)]),
    sample("bilinear", inputs=[(2,), (3,), (1, 2, 3)]),
    sample("Identity", inputs=[(2, 3)]),
    sample("Identity", 54, unused=0.1, inputs=[(2,)]),
    sample("Flatten", inputs=[(2, 3, 4)]),
    sample("Flatten", 0, inputs=[(2, 3)]),
    sample("Flatten", 1, 2, inputs=[(2, 3, 1, 4)]),
    sample("Flatten", start_dim=-2, end_dim=-1, inputs=[(2, 3, 4)]),
    sample("Flatten", inputs=[(0, 3, 2)]),
    sample("Flatten", 0, inputs=[np.array(1.5)]),
    sample("Unflatten", 1, (2, 3), inputs=[(2, 6)]),
    sample("Unflatten", 1, [2, 3], inputs=[(2, 6)], peer=False),
    sample("Unflatten", -1, (2, -1), inputs=[(2, 3, 6)]),
    sample("Unflatten", 0, (1, 2), inputs=[(2, 6)]),
    sample("Unflatten", 1, (3, -1), inputs=[(0, 6)]),
    sample("CosineSimilarity", inputs=[(2, 3), (2, 3)]),
    sample("CosineSimilarity", 0, inputs=[(3, 2), (3, 1)]),
    sample("CosineSimilarity", dim=-1, eps=0.5, inputs=[(2, 1, 3), (4, 3)]),
    sample("CosineSimilarity", eps=10.0, inputs=[(2, 3), (2, 3)], orders=0),
    sample("CosineSimilarity", inputs=[np.array([[0.0, 0.0], [1.0, 2.0]]), (2, 2)], orders=0),
    sample("cosine_similarity", inputs=[(2, 3), (2, 3)]),
    sample("cosine_similarity", inputs=[(3,), (3,)], dim=0),
    sample("PairwiseDistance", inputs=[(2, 3), (2, 3)]),
    *[sample("PairwiseDistance", p, inputs=[X1, X2]) for p in POWERS],
    sample("PairwiseDistance", 0.0, inputs=[(2, 3), (2, 3)]),
    sample("PairwiseDistance", -float("inf"), inputs=[(2, 3), (2, 3)]),
    sample("PairwiseDistance", eps=0.1, keepdim=True, inputs=[(4, 2, 3), (3,)]),
    sample("PairwiseDistance", inputs=[(3,), (3,)]),
    sample("pairwise_distance", inputs=[(2, 3), (2, 3)]),
    sample("pairwise_distance", inputs=[(2, 3), (1, 3)], p=1.0, keepdim=True),
    *[sample("pdist", p, inputs=[ROWS]) for p in POWERS],
    sample("pdist", inputs=[np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 1.0]])], orders=1),
    sample("pdist", inputs=[(1, 3)]),
    *[sample("normalize", p, inputs=[X1]) for p in POWERS],
    sample("normalize", dim=0, inputs=[(2, 3)]),
    sample("normalize", dim=-1, eps=5.0, inputs=[(2, 3, 2)]),
    sample("normalize", dim=0, inputs=[np.zeros(3)], orders=0),
]
