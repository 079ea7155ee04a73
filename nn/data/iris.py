"""Fisher's iris flowers, from a file in this folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .files import read_table, require_range

_FILE = Path(__file__).with_name("iris.csv.gz")

IRIS_FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
IRIS_SPECIES = ("setosa", "versicolor", "virginica")


class Iris(NamedTuple):
    """What `load_iris` returns.

    Shapes:
        features: (150, 4), float32, in centimetres; the columns are `IRIS_FEATURES`.
        labels: (150,), int64, indices into `IRIS_SPECIES`; the rows are sorted by them.
    """

    features: np.ndarray
    labels: np.ndarray


def load_iris() -> Iris:
    """150 flowers of three species, as `(features, labels)`: fresh arrays at every call.

    The values are those of Fisher's paper (and of R); the file at UCI differs in two rows.

    Shapes: features (150, 4); labels (150,), values 0 to 2.
    Errors: DataFileError if the installed file is damaged.
    Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of
        Eugenics 7 (2), 1936; UCI, CC BY 4.0.
    Example:
        >>> features, labels = load_iris()
        >>> features[0], IRIS_SPECIES[labels[0]]
        (array([5.1, 3.5, 1.4, 0.2], dtype=float32), 'setosa')
    """
    return read_iris(_FILE)


def read_iris(path: str | os.PathLike[str]) -> Iris:
    """The flowers in a file of the format that `LICENSES.md` describes.

    Errors: DataFileError if the file is not exactly that.
    """
    table = read_table(path, rows=150, columns=5)
    features, labels = table[:, :4], table[:, 4]
    require_range(path, "a measurement", features, 0.1, 10)
    require_range(path, "the label", labels, 0, 2, whole=True)
    return Iris(features.astype(np.float32), labels.astype(np.int64))
