"""Every version of every vector, in PostgreSQL or TimescaleDB."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import psycopg
from psycopg.types.json import Jsonb

from gridseal.errors import ConfigError
from gridseal.wire.features import FeatureVector
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.normalization import Normalization
from streaming_processor.features.ports import VectorKey
from streaming_processor.features.store.session import Session
from streaming_processor.features.vectors import plain

_STAGING: Final = (
    "CREATE TEMP TABLE staged_vectors (n int, group_no smallint, series_no int, horizon_s int, issued_at timestamptz,"
    " region_id text, target_start timestamptz, target_end timestamptz, available_at timestamptz,"
    " feature_values float8[], imputed jsonb, ages_s jsonb) ON COMMIT DELETE ROWS",
)
_COPY: Final = "COPY staged_vectors FROM STDIN"
_NEWEST: Final = """
LEFT JOIN LATERAL (SELECT * FROM vector_rows v WHERE v.group_no = s.group_no AND v.series_no = s.series_no
                   AND v.horizon_s = s.horizon_s AND v.issued_at = s.issued_at
                   ORDER BY v.version DESC LIMIT 1) v ON true
"""
_ADD: Final = f"""
INSERT INTO vector_rows (group_no, series_no, horizon_s, issued_at, version, region_id, target_start, target_end,
                         available_at, feature_values, imputed, ages_s)
SELECT s.group_no, s.series_no, s.horizon_s, s.issued_at, coalesce(v.version, 0) + 1, s.region_id, s.target_start,
       s.target_end, s.available_at, s.feature_values, s.imputed, s.ages_s
FROM staged_vectors s {_NEWEST}
WHERE v.version IS NULL OR (v.feature_values, v.imputed, v.ages_s, v.region_id)
      IS DISTINCT FROM (s.feature_values, s.imputed, s.ages_s, s.region_id)"""
_READ_BACK: Final = f"SELECT s.n, v.version, v.available_at FROM staged_vectors s {_NEWEST}"
_COLUMNS: Final = (
    "v.region_id, v.issued_at, v.version, v.target_start, v.target_end, v.available_at, v.feature_values,"
    " v.imputed, v.ages_s"
)
_AS_AT: Final = f"""
SELECT k.n, {_COLUMNS}
FROM unnest(%(n)s::int[], %(series)s::int[], %(horizon)s::int[], %(region)s::text[], %(at)s::timestamptz[])
     k (n, series_no, horizon_s, region_id, at)
CROSS JOIN LATERAL (
    SELECT * FROM vector_rows v
    WHERE v.group_no = %(group)s AND v.series_no = k.series_no AND v.horizon_s = k.horizon_s
      AND v.issued_at <= k.at AND v.issued_at >= k.at - %(fresh)s::interval AND v.region_id = k.region_id
      AND (%(now)s OR v.available_at <= k.at)
    ORDER BY v.issued_at DESC, v.version DESC LIMIT 1) v"""
_FOREVER: Final = timedelta(days=36_500)


class PostgresVectors:
    """Point-in-time reads; rows are only ever added, until their retention is over."""

    def __init__(self, dsn: str, groups: Iterable[FeatureGroup]) -> None:
        self._session = Session(dsn, _STAGING)
        self._groups = {(g.name, g.version): g for g in groups}
        self._numbers: dict[tuple[str, int], int] = {}

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def put(self, vectors: Sequence[FeatureVector]) -> list[FeatureVector]:
        """Add what is new or has changed; return all with the version and the time they have now."""
        if not vectors:
            return []
        with self._session.transaction() as connection:
            # Stream and back-fill may write the same vector: one after the other.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('telemetry.vectors'))")
            numbers = self._group_numbers(connection)
            series = self._series(connection, {v.series_id for v in vectors})
            with connection.cursor().copy(_COPY) as copy:
                for n, vector in enumerate(vectors):
                    group = self._groups[vector.group, vector.group_version]
                    copy.write_row(_row(n, vector, group, numbers[group.name, group.version], series))
            connection.execute(_ADD)
            rows = connection.execute(_READ_BACK).fetchall()
        stored = {n: (version, available_at) for n, version, available_at in rows}
        return [
            v.model_copy(update={"version": stored[n][0], "available_at": stored[n][1]}) for n, v in enumerate(vectors)
        ]

    def latest(self, group: FeatureGroup, keys: Sequence[VectorKey]) -> list[FeatureVector | None]:
        """The vector issued last under each key, however old."""
        end = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
        return self._read(group, [(key, end) for key in keys], fresh=_FOREVER * 100, now=True)

    def get_historical(
        self,
        group: FeatureGroup,
        rows: Sequence[tuple[VectorKey, datetime]],
        known: Literal["then", "now"] = "then",
    ) -> list[FeatureVector | None]:
        """Point-in-time join; see the protocol."""
        return self._read(group, rows, fresh=timedelta(seconds=group.freshness_s), now=known == "now")

    def newest_issue_s(self, wanted: Sequence[tuple[FeatureGroup, str, int]]) -> dict[tuple[str, str], int]:
        """(group, series) → when its newest vector was issued."""
        with self._session.transaction() as connection:
            numbers, series = self._group_numbers(connection), self._session.series_no(connection, set())
            known = [(g, s, h) for g, s, h in wanted if s in series]
            rows = connection.execute(
                "SELECT k.n, extract(epoch FROM v.issued_at)::bigint"
                " FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[]) k (n, group_no, series_no, horizon_s)"
                " CROSS JOIN LATERAL (SELECT issued_at FROM vector_rows v WHERE v.group_no = k.group_no"
                " AND v.series_no = k.series_no AND v.horizon_s = k.horizon_s ORDER BY issued_at DESC LIMIT 1) v",
                (
                    list(range(len(known))),
                    [numbers[g.name, g.version] for g, _, _ in known],
                    [series[s] for _, s, _ in known],
                    [h for _, _, h in known],
                ),
            ).fetchall()
        return {(known[n][0].name, known[n][1]): moment for n, moment in rows}

    def issued(self, group: FeatureGroup, series_id: str, horizon_s: int, moments_s: Sequence[int]) -> list[int]:
        """Those of ``moments_s`` at which a vector was issued."""
        with self._session.transaction() as connection:
            number = self._group_numbers(connection)[group.name, group.version]
            rows = connection.execute(
                "SELECT DISTINCT m FROM unnest(%s::bigint[]) m JOIN vector_rows v ON v.group_no = %s"
                " AND v.series_no = (SELECT series_no FROM series WHERE series_id = %s) AND v.horizon_s = %s"
                " AND v.issued_at = to_timestamp(m)",
                (list(moments_s), number, series_id, horizon_s),
            ).fetchall()
        return sorted(row[0] for row in rows)

    def forget(self, now: datetime) -> int:
        """Delete vectors whose retention is over; how many."""
        with self._session.transaction() as connection:
            numbers = self._group_numbers(connection)
            return sum(
                connection.execute(
                    "DELETE FROM vector_rows WHERE group_no = %s AND issued_at < %s",
                    (numbers[key], now - timedelta(seconds=group.retention_s)),
                ).rowcount
                for key, group in self._groups.items()
            )

    def keep_normalization(self, normalization: Normalization) -> None:
        """Keep parameters under their version, which stays as it is once it is there."""
        with self._session.transaction() as connection:
            connection.execute(
                "INSERT INTO normalizations (name, group_version, version, parameters) VALUES (%s, %s, %s, %s)",
                (
                    normalization.group,
                    normalization.group_version,
                    normalization.version,
                    Jsonb(normalization.model_dump(mode="json")),
                ),
            )

    def normalization(self, group: FeatureGroup, version: int | None = None) -> Normalization | None:
        """Parameters for a group: one version, or the newest."""
        with self._session.transaction() as connection:
            row = connection.execute(
                "SELECT parameters FROM normalizations WHERE name = %s AND group_version = %s"
                " AND (%s::int IS NULL OR version = %s) ORDER BY version DESC LIMIT 1",
                (group.name, group.version, version, version),
            ).fetchone()
        return Normalization.model_validate(row[0]) if row else None

    def _read(
        self, group: FeatureGroup, rows: Sequence[tuple[VectorKey, datetime]], *, fresh: timedelta, now: bool
    ) -> list[FeatureVector | None]:
        with self._session.transaction() as connection:
            number = self._group_numbers(connection)[group.name, group.version]
            series = self._session.series_no(connection, {key.series_id for key, _ in rows})
            wanted = [(n, key, at) for n, (key, at) in enumerate(rows) if key.series_id in series]
            found = connection.execute(
                _AS_AT,
                {
                    "n": [n for n, _, _ in wanted],
                    "series": [series[key.series_id] for _, key, _ in wanted],
                    "horizon": [key.horizon_s for _, key, _ in wanted],
                    "region": [key.region_id for _, key, _ in wanted],
                    "at": [at for _, _, at in wanted],
                    "group": number,
                    "fresh": fresh,
                    "now": now,
                },
            ).fetchall()
        read = {row[0]: _vector(row[1:], group, rows[row[0]][0]) for row in found}
        return [read.get(n) for n in range(len(rows))]

    def _series(self, connection: psycopg.Connection[Any], wanted: set[str]) -> dict[str, int]:
        series = self._session.series_no(connection, wanted)
        strangers = sorted(wanted - series.keys())
        if strangers:
            raise ConfigError(f"the stream has never met series {strangers[0]}: it has no windows to make vectors of")
        return series

    def _group_numbers(self, connection: psycopg.Connection[Any]) -> dict[tuple[str, int], int]:
        """Numbers of the groups, entered at first use.

        Raises:
            ConfigError: A group has another declaration than when it was entered under this version.
        """
        if not self._numbers:
            for group in self._groups.values():
                connection.execute(
                    "INSERT INTO feature_groups (name, version, record) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    (group.name, group.version, Jsonb(group.record)),
                )
            found = connection.execute("SELECT name, version, group_no, record FROM feature_groups").fetchall()
            for name, version, _, record in found:
                known = self._groups.get((name, version))
                if known is not None and known.record != record:
                    raise ConfigError(f"feature group {name}/{version} has changed: give it a new version")
            self._numbers = {(name, version): number for name, version, number, _ in found}
        return self._numbers


def _row(n: int, v: FeatureVector, group: FeatureGroup, number: int, series: dict[str, int]) -> tuple[Any, ...]:
    values = [None if (x := v.values[name]) is None else float(x) for name in group.names]
    return (
        n,
        number,
        series[v.series_id],
        v.horizon_s,
        v.issued_at,
        v.region_id,
        v.target_start,
        v.target_end,
        v.available_at,
        values,
        Jsonb(v.imputed),
        Jsonb(v.ages_s),
    )


def _vector(row: tuple[Any, ...], group: FeatureGroup, key: VectorKey) -> FeatureVector:
    region_id, issued_at, version, target_start, target_end, available_at, values, imputed, ages_s = row
    return FeatureVector(
        group=group.name,
        group_version=group.version,
        region_id=region_id,
        series_id=key.series_id,
        horizon_s=key.horizon_s,
        issued_at=issued_at,
        target_start=target_start,
        target_end=target_end,
        values={
            feature.name: None if value is None else plain(value, feature)
            for feature, value in zip(group.features, values, strict=True)
        },
        imputed=imputed,
        ages_s=ages_s,
        version=version,
        available_at=available_at,
    )
