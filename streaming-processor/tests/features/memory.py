"""Feature stores in memory, for tests of what lies around them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from gridseal.wire.features import FeatureVector
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.ports import VectorKey, key_of


class MemoryVectors:
    """Remembers every version."""

    def __init__(self) -> None:
        self.rows: list[FeatureVector] = []

    def put(self, vectors: Sequence[FeatureVector]) -> list[FeatureVector]:
        return [self._one(v) for v in vectors]

    def latest(self, group: FeatureGroup, keys: Sequence[VectorKey]) -> list[FeatureVector | None]:
        return [self._newest(group, key, self.rows) for key in keys]

    def get_historical(
        self,
        group: FeatureGroup,
        rows: Sequence[tuple[VectorKey, datetime]],
        known: Literal["then", "now"] = "then",
    ) -> list[FeatureVector | None]:
        fresh = timedelta(seconds=group.freshness_s)
        return [
            self._newest(
                group,
                key,
                [v for v in self.rows if at - fresh <= v.issued_at <= at and (known == "now" or v.available_at <= at)],
            )
            for key, at in rows
        ]

    def _one(self, vector: FeatureVector) -> FeatureVector:
        same = [v for v in self.rows if _identity(v) == _identity(vector)]
        newest = max(same, key=lambda v: v.version, default=None)
        if newest and (newest.values, newest.imputed, newest.ages_s) == (vector.values, vector.imputed, vector.ages_s):
            return newest
        added = vector.model_copy(update={"version": newest.version + 1 if newest else 1})
        self.rows.append(added)
        return added

    def _newest(self, group: FeatureGroup, key: VectorKey, rows: list[FeatureVector]) -> FeatureVector | None:
        mine = [v for v in rows if (v.group, v.group_version, *key_of(v)) == (group.name, group.version, *key)]
        return max(mine, key=lambda v: (v.issued_at, v.version), default=None)


def _identity(v: FeatureVector) -> tuple[object, ...]:
    return v.group, v.group_version, v.series_id, v.horizon_s, v.issued_at


class MemoryPublisher:
    """Everything in the order in which it was told."""

    def __init__(self) -> None:
        self.told: list[FeatureVector] = []

    def vectors(self, vectors: Sequence[FeatureVector]) -> None:
        self.told.extend(vectors)
