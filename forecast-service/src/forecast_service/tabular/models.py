"""The three families. Each is files of numbers and text: nothing in them is executed while loading."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from forecast_service.tabular.table import Floats

Family = Literal["lightgbm", "random_forest", "linear"]
TREES_FILE, FOREST_FILE, LINEAR_FILE = "trees.txt", "forest.safetensors", "linear.json"


class DemandModel(Protocol):
    """Predicts demand from the twenty columns."""

    @property
    def family(self) -> Family:
        """Which code it is."""
        ...

    def predict(self, features: Floats) -> Floats:
        """``(n, 20)`` to ``(n,)`` MWh."""
        ...

    def files(self) -> dict[str, bytes]:
        """Content by file name."""
        ...


class LightGbmModel:
    """Gradient-boosted trees in LightGBM's own text format."""

    def __init__(self, text: str) -> None:
        import lightgbm  # takes a second: only where such a model is used

        self._text = text
        self._booster = lightgbm.Booster(model_str=text)

    @property
    def family(self) -> Family:
        """``lightgbm``."""
        return "lightgbm"

    def predict(self, features: Floats) -> Floats:
        """One thread: the service's workers are processes."""
        return np.asarray(self._booster.predict(features, num_threads=1), dtype=np.float64)

    def files(self) -> dict[str, bytes]:
        """One text."""
        return {TREES_FILE: self._text.encode()}


@dataclass(frozen=True, slots=True)
class ForestModel:
    """A random forest as arrays.

    Dimensions: T trees, N nodes of all trees, one tree after the other.
    """

    root: NDArray[np.int64]
    """``(T,)`` first node of each tree."""
    left: NDArray[np.int32]
    """``(N,)`` node to go to where the column is at most the threshold. A leaf points to itself on both sides."""
    right: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: Floats
    value: Floats
    """``(N,)`` MWh; of leaves it is the answer."""
    depth: int

    @property
    def family(self) -> Family:
        """``random_forest``."""
        return "random_forest"

    def predict(self, features: Floats) -> Floats:
        """The mean of the trees, read from float32 columns as scikit-learn does."""
        columns, rows = features.astype(np.float32), np.arange(len(features))[:, None]
        node = np.broadcast_to(self.root, (len(features), len(self.root)))
        for _ in range(self.depth):
            below = columns[rows, self.feature[node]] <= self.threshold[node]
            node = np.where(below, self.left[node], self.right[node])
        return np.asarray(self.value[node].mean(axis=1))

    def files(self) -> dict[str, bytes]:
        """One set of arrays."""
        arrays = {name: getattr(self, name) for name in ("root", "left", "right", "feature", "threshold", "value")}
        return {FOREST_FILE: save(arrays, metadata={"depth": str(self.depth)})}


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Ridge regression: ``coefficients`` ``(20,)`` and an intercept."""

    coefficients: Floats
    intercept: float

    @property
    def family(self) -> Family:
        """``linear``."""
        return "linear"

    def predict(self, features: Floats) -> Floats:
        """The weighted sum."""
        return np.asarray(features @ self.coefficients + self.intercept)

    def files(self) -> dict[str, bytes]:
        """One short text."""
        about = {"coefficients": self.coefficients.tolist(), "intercept": self.intercept}
        return {LINEAR_FILE: json.dumps(about).encode()}


def model_of(family: str, files: Mapping[str, bytes]) -> DemandModel:
    """A model from its files.

    Raises:
        KeyError, ValueError: They are not of this family.
    """
    if family == "lightgbm":
        return LightGbmModel(files[TREES_FILE].decode())
    if family == "random_forest":
        return _forest(files[FOREST_FILE])
    if family == "linear":
        about: dict[str, Any] = json.loads(files[LINEAR_FILE])
        return LinearModel(np.array(about["coefficients"], dtype=np.float64), float(about["intercept"]))
    raise ValueError("no such family")


def _forest(content: bytes) -> ForestModel:
    size = int.from_bytes(content[:8], "little")
    depth = int(json.loads(content[8 : 8 + size])["__metadata__"]["depth"])
    return ForestModel(**load(content), depth=depth)
