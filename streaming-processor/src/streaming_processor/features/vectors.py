"""One pure function from the windows of a series, and of its weather, to vectors. Stream and batch both call it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gridseal.wire.features import FeatureVector, Value
from streaming_processor.arrays import Floats, Ints
from streaming_processor.features import past
from streaming_processor.features.entities import Entity, Lane
from streaming_processor.features.formulas import FAMILIES
from streaming_processor.features.groups import Feature
from streaming_processor.features.inputs import Columns, Inputs
from streaming_processor.features.ports import OutlookHistory
from streaming_processor.features.sync import Outlook
from streaming_processor.features.tracks import Track

LAGS_S: Final = (3_600, past.DAY_S, 7 * past.DAY_S)
"""Lags of every group."""
SPAN_S: Final = past.DAY_S
"""The longest rolling figure."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What of the past a vector is computed from."""

    span_s: int
    """Everything this long before issue."""
    offsets_s: tuple[int, ...] = field(default=())
    """And the windows that start this far from issue."""


def reach_of(entity: Entity, lane: Lane) -> Reach:
    """What vectors of ``entity`` read of ``lane``."""
    if lane == entity.lane:
        offsets = past.lag_reach_s(LAGS_S, entity.horizons_s, lane.width_s)
        return Reach(max(SPAN_S, entity.group.freshness_s + lane.width_s), offsets)
    return Reach(entity.group.freshness_s + lane.width_s)


def vectors_of(
    entity: Entity,
    tracks: Mapping[Lane, Track],
    issue_s: Ints,
    available_at: datetime,
    outlooks: Mapping[str, Outlook] | None = None,
) -> list[FeatureVector]:
    """Vectors of all horizons issued at ``issue_s``, as version 1.

    Args:
        entity: The series.
        tracks: At least what ``reach_of`` says; more does not change the result.
        issue_s: Moments in seconds; each the end of a window of the series.
        available_at: When these vectors came into being.
        outlooks: Forecasts of the weather of the region, by quantity.
    """
    rows: list[FeatureVector] = []
    for horizon_s in entity.horizons_s:
        inputs = Inputs(entity, tracks, issue_s, horizon_s, outlooks or {})
        columns = FAMILIES[entity.group.family](inputs)
        rows += _messages(inputs, columns, available_at)
    return rows


def outlooks_of(
    history: OutlookHistory | None, entity: Entity, first_issue_s: int, last_issue_s: int
) -> Mapping[str, Outlook]:
    """Forecasts that vectors issued in a span may read: those of demand, where the weather is that of the target."""
    if history is None or entity.group.family != "demand":
        return {}
    return history.read(entity.region_id, first_issue_s, last_issue_s + max(entity.horizons_s))


def _messages(inputs: Inputs, columns: Columns, available_at: datetime) -> list[FeatureVector]:
    entity = inputs.entity
    group = entity.group
    values = {f.name: _plain(columns.values[f.name], f) for f in group.features}
    ages = {part: age.tolist() for part, age in columns.ages_s.items()}
    rules = {name: (codes.tolist(), names) for name, (codes, names) in columns.rules.items() if codes.any()}
    return [
        FeatureVector(
            group=group.name,
            group_version=group.version,
            region_id=entity.region_id,
            series_id=entity.series_id,
            horizon_s=inputs.horizon_s,
            issued_at=_utc(issue),
            target_start=_utc(issue + inputs.horizon_s - entity.lane.width_s),
            target_end=_utc(issue + inputs.horizon_s),
            values={name: column[i] for name, column in values.items()},
            imputed={name: names[codes[i]] for name, (codes, names) in rules.items() if codes[i]},
            ages_s={part: age[i] if age[i] >= 0 else None for part, age in ages.items()},
            version=1,
            available_at=available_at,
        )
        for i, issue in enumerate(inputs.issue_s.tolist())
    ]


def _plain(column: Floats, feature: Feature) -> list[Value]:
    return [None if value != value else plain(value, feature) for value in column.tolist()]


def plain(value: float, feature: Feature) -> Value:
    """A stored number in the type of its feature."""
    if feature.dtype == "int":
        return int(value)
    return bool(value) if feature.dtype == "bool" else value


def _utc(moment_s: int) -> datetime:
    return datetime.fromtimestamp(moment_s, UTC)
