"""Every version of every vector in a Delta table: a feature store that needs a folder or a bucket, and no server.

One writer at a time, a commit for each ``put``; readers open the newest commit. Slower than PostgreSQL by far for a
vector, and as good for a span. Vectors stand as the JSON that travels on ``features.vectors``.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import pyarrow as pa

from gridseal.wire.codec import decode, encode
from gridseal.wire.features import FeatureVector
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.ports import VectorKey, key_of
from streaming_processor.lake.tables import LakeTable, TableSpec

SPEC: Final = TableSpec(
    name="vectors",
    schema=pa.schema(
        [
            ("feature_group", pa.string()),
            ("region_id", pa.string()),
            ("series_id", pa.string()),
            ("horizon_s", pa.int64()),
            ("issued_s", pa.int64()),
            ("version", pa.int64()),
            ("available_us", pa.int64()),
            ("document", pa.binary()),
        ]
    ),
    partition_by=("feature_group",),
)
_MICRO: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Identity = tuple[str, str, int, int]


class LakeVectors:
    """Implements ``FeatureHistory``; rows are only ever added."""

    def __init__(self, lake_url: str) -> None:
        self._table = LakeTable(lake_url, SPEC)

    def close(self) -> None:
        """Nothing is held."""

    def put(self, vectors: Sequence[FeatureVector]) -> list[FeatureVector]:
        """Add what is new or has changed, in one commit; return all with the version and the time they have now.

        Raises:
            UnavailableError: The storage does not answer, or another writer was there first.
        """
        if not vectors:
            return []
        newest = self._newest_of(vectors)
        stored: list[FeatureVector] = []
        added: list[FeatureVector] = []
        for vector in vectors:
            before = newest.get(_identity(vector))
            if before is not None and _says(before) == _says(vector):
                stored.append(before)
                continue
            now = vector.model_copy(update={"version": before.version + 1 if before else 1})
            newest[_identity(now)] = now
            stored.append(now)
            added.append(now)
        if added:
            self._table.append(_rows(added), {})
        return stored

    def latest(self, group: FeatureGroup, keys: Sequence[VectorKey]) -> list[FeatureVector | None]:
        """The vector issued last under each key, however old."""
        ranked = (
            "SELECT *, row_number() OVER (PARTITION BY region_id, series_id, horizon_s ORDER BY issued_s DESC,"
            f" version DESC) AS place FROM t WHERE {_group_is(group)} AND {_series_in(keys)}"
        )
        found = {key_of(v): v for v in self._read(f"SELECT document FROM ({ranked}) WHERE place = 1")}
        return [found.get(key) for key in keys]

    def get_historical(
        self,
        group: FeatureGroup,
        rows: Sequence[tuple[VectorKey, datetime]],
        known: Literal["then", "now"] = "then",
    ) -> list[FeatureVector | None]:
        """Point-in-time join; see the protocol."""
        if not rows:
            return []
        fresh = timedelta(seconds=group.freshness_s)
        first, last = min(at for _, at in rows) - fresh, max(at for _, at in rows)
        found: dict[VectorKey, list[FeatureVector]] = {}
        for vector in self._read(
            f"SELECT document FROM t WHERE {_group_is(group)} AND {_series_in([key for key, _ in rows])}"
            f" AND issued_s BETWEEN {int(first.timestamp())} AND {int(last.timestamp())} ORDER BY issued_s, version"
        ):
            found.setdefault(key_of(vector), []).append(vector)

        def newest(key: VectorKey, at: datetime) -> FeatureVector | None:
            fits = (
                v
                for v in reversed(found.get(key, []))
                if at - fresh <= v.issued_at <= at and (known == "now" or v.available_at <= at)
            )
            return next(fits, None)

        return [newest(key, at) for key, at in rows]

    def _newest_of(self, vectors: Sequence[FeatureVector]) -> dict[_Identity, FeatureVector]:
        """The newest stored version of each of these."""
        issued = [int(v.issued_at.timestamp()) for v in vectors]
        found = self._read(
            f"SELECT document FROM t WHERE {_series_in([key_of(v) for v in vectors])}"
            f" AND issued_s BETWEEN {min(issued)} AND {max(issued)} ORDER BY version"
        )
        return {_identity(vector): vector for vector in found}

    def _read(self, query: str) -> list[FeatureVector]:
        return [decode(FeatureVector, body) for body in self._table.select(query)["document"].to_pylist()]


def _rows(vectors: Sequence[FeatureVector]) -> pa.Table:
    columns = {
        "feature_group": [_name(v.group, v.group_version) for v in vectors],
        "region_id": [v.region_id for v in vectors],
        "series_id": [v.series_id for v in vectors],
        "horizon_s": [v.horizon_s for v in vectors],
        "issued_s": [int(v.issued_at.timestamp()) for v in vectors],
        "version": [v.version for v in vectors],
        "available_us": [(v.available_at - _EPOCH) // _MICRO for v in vectors],
        "document": [encode(v) for v in vectors],
    }
    return pa.table(columns, schema=SPEC.schema)


def _identity(v: FeatureVector) -> _Identity:
    return _name(v.group, v.group_version), v.series_id, v.horizon_s, int(v.issued_at.timestamp())


def _says(v: FeatureVector) -> tuple[object, ...]:
    return v.values, v.imputed, v.ages_s, v.region_id


def _name(group: str, version: int) -> str:
    return f"{group}/{version}"


def _group_is(group: FeatureGroup) -> str:
    return f"feature_group = '{_name(group.name, group.version)}'"


def _series_in(keys: Iterable[VectorKey]) -> str:
    """Ids have letters, digits, dashes and one slash only: the wire refuses any other."""
    names = ", ".join(f"'{name}'" for name in sorted({key.series_id.replace("'", "''") for key in keys}))
    return f"series_id IN ({names})" if names else "false"
