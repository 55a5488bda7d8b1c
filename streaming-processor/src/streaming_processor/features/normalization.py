"""Centers and scales of features: data with a version, fitted once and kept, never numbers in code."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from gridseal.wire.features import FeatureVector


class Scale(BaseModel):
    """``(value - center) / scale``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    center: float
    scale: Annotated[float, Field(gt=0)]


class Normalization(BaseModel):
    """Parameters for one group. A model names the version that it was trained with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    group_version: int
    version: Annotated[int, Field(ge=1)]
    scales: dict[str, Scale]

    def apply(self, vector: FeatureVector) -> dict[str, float | None]:
        """Scaled values of the features that have parameters; null stays null."""
        if (vector.group, vector.group_version) != (self.group, self.group_version):
            raise ValueError(f"these parameters are for {self.group}/{self.group_version}")
        return {
            name: None if (value := vector.values[name]) is None else (float(value) - scale.center) / scale.scale
            for name, scale in self.scales.items()
        }


def fit(vectors: Sequence[FeatureVector], names: Sequence[str], version: int) -> Normalization:
    """Median and interquartile range over ``vectors`` of one group: outliers do not move them.

    A feature that is always null or never changes gets no parameters.
    """
    first = vectors[0]
    scales: dict[str, Scale] = {}
    for name in names:
        values = np.array([v.values[name] for v in vectors if v.values[name] is not None], float)
        if len(values):
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
            if high > low:
                scales[name] = Scale(center=float(middle), scale=float(high - low))
    return Normalization(group=first.group, group_version=first.group_version, version=version, scales=scales)


def as_record(normalization: Normalization) -> Mapping[str, object]:
    """For storage as JSON."""
    return normalization.model_dump(mode="json")
