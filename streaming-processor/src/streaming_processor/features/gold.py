"""Gold: the same vectors by Spark, one site at a time, through ``groupBy(...).applyInArrow``."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa

from gridseal.wire.features import FeatureVector
from streaming_processor.arrays import Ints
from streaming_processor.features.backfill import portions
from streaming_processor.features.entities import Entity, Lane
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.tracks import Track, track_from

WINDOWS: Final = pa.schema(
    [
        ("site_id", pa.string()),
        ("series_id", pa.string()),
        ("width_s", pa.int64()),
        ("window_start_s", pa.int64()),
        ("mean_milli", pa.int64()),
        ("covered_s", pa.int64()),
        ("expected_s", pa.int64()),
        ("count", pa.int64()),
        ("min_milli", pa.int64()),
        ("max_milli", pa.int64()),
    ]
)
"""Columns that a table of windows has; group by ``site_id``, so that a series and its weather come together."""


def gold_schema(group: FeatureGroup) -> pa.Schema:
    """Columns of a table of vectors: keys and event time by the group's names, then its features."""
    region, series, horizon = group.keys
    types = {"float": pa.float64(), "int": pa.int64(), "bool": pa.bool_()}
    moment = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            (region, pa.string()),
            (series, pa.string()),
            (horizon, pa.int64()),
            (group.event_time, moment),
            ("target_start", moment),
            *((f.name, types[f.dtype]) for f in group.features),
            ("imputed", pa.map_(pa.string(), pa.string())),
        ]
    )


def gold_function(
    group: FeatureGroup, entities: Iterable[Entity], begin_s: int, end_s: int, now: datetime
) -> Callable[[pa.Table], pa.Table]:
    """A function from the windows of one site to the vectors of one group, for ``applyInArrow``."""
    wanted = [entity for entity in entities if entity.group is group]
    schema = gold_schema(group)

    def vectors_of_site(windows: pa.Table) -> pa.Table:
        tracks = _tracks(windows)
        rows = [
            _row(vector, group)
            for entity in wanted
            if entity.lane in tracks
            for vectors in portions(entity, tracks, begin_s, end_s, now)
            for vector in vectors
        ]
        return pa.Table.from_pylist(rows, schema=schema)

    return vectors_of_site


def _tracks(windows: pa.Table) -> dict[Lane, Track]:
    numbers: Mapping[str, Ints] = {
        name: windows[name].to_numpy().astype(np.int64)
        for name in WINDOWS.names
        if name not in ("site_id", "series_id")
    }
    series = windows["series_id"].to_numpy(zero_copy_only=False)
    tracks: dict[Lane, Track] = {}
    for series_id in sorted(set(series.tolist())):
        for width_s in np.unique(numbers["width_s"][series == series_id]).tolist():
            here = (series == series_id) & (numbers["width_s"] == width_s)
            tracks[Lane(series_id, width_s)] = track_from(
                width_s,
                numbers["window_start_s"][here],
                numbers["mean_milli"][here],
                numbers["covered_s"][here],
                numbers["expected_s"][here],
                low=numbers["min_milli"][here],
                high=numbers["max_milli"][here],
                count=numbers["count"][here],
            )
    return tracks


def _row(vector: FeatureVector, group: FeatureGroup) -> dict[str, object]:
    region, series, horizon = group.keys
    return {
        region: vector.region_id,
        series: vector.series_id,
        horizon: vector.horizon_s,
        group.event_time: vector.issued_at,
        "target_start": vector.target_start,
        **vector.values,
        "imputed": list(vector.imputed.items()),
    }
