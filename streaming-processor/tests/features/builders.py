"""Builders with defaults for the tests of features."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gridseal.wire.catalog import Series, SeriesInput, Site
from gridseal.wire.features import FeatureVector
from streaming_processor.features.entities import Entity, Lane, entities_of
from streaming_processor.features.groups import DEMAND, GROUPS, FeatureGroup
from streaming_processor.features.tracks import Track, track_from
from streaming_processor.features.vectors import vectors_of

T0 = 1_767_225_600
"""2026-01-01T00:00:00Z."""
HOUR, DAY = 3_600, 86_400


def utc(moment_s: int) -> datetime:
    return datetime.fromtimestamp(moment_s, UTC)


def a_site(site_id: str = "home", **changes: Any) -> Site:
    fields: dict[str, Any] = {
        "tenant_id": "demo",
        "site_id": site_id,
        "name": site_id,
        "region_id": "us-ca-fontana",
        "timezone": "America/Los_Angeles",
        "latitude": 34.09,
        "longitude": -117.43,
    }
    return Site(**(fields | changes))


def a_series(name: str, **changes: Any) -> Series:
    fields: dict[str, Any] = {
        "tenant_id": "demo",
        "series_id": f"home/{name}",
        "site_id": "home",
        "name": name,
        "kind": "home_load",
        "unit": "W",
        "resolution_s": HOUR,
        "issue_every_s": HOUR,
        "direction": "from_grid",
        "inputs": (SeriesInput(device_id="meter", quantity="active_power", sign=-1),),
    }
    return Series(**(fields | changes))


def a_weather_series(quantity: str, site_id: str = "home", resolution_s: int = HOUR) -> Series:
    given: dict[str, Any] = {"device_id": "station", "quantity": quantity}
    return a_series(
        quantity,
        series_id=f"{site_id}/{quantity.replace('_', '-')}",
        site_id=site_id,
        kind="weather",
        direction="none",
        unit="Cel",
        resolution_s=resolution_s,
        issue_every_s=resolution_s,
        inputs=(SeriesInput.model_validate(given),),
    )


def an_entity(*others: Series, group: FeatureGroup = DEMAND, site: Site | None = None, **changes: Any) -> Entity:
    """The first series of ``group``, among ``others`` at the same site."""
    site = site or a_site()
    kind = {"kind": group.kinds[0]} | changes
    found = entities_of([a_series("main", **kind), *others], {site.site_id: site}, GROUPS)
    return next(e for e in found if e.group is group and e.series_id == "home/main")


def a_track(values: Sequence[int | None], start_s: int = T0, width_s: int = HOUR) -> Track:
    """One window after another; None is a window that is not there."""
    there = [i for i, v in enumerate(values) if v is not None]
    milli = np.array([values[i] for i in there], np.int64)
    full = np.full(len(there), width_s, np.int64)
    return track_from(width_s, start_s + width_s * np.array(there, np.int64), milli, full, full)


def the_vector(
    entity: Entity, tracks: Mapping[Lane, Track], issue_s: int, horizon_s: int | None = None
) -> FeatureVector:
    rows = vectors_of(entity, tracks, np.array([issue_s], np.int64), utc(issue_s))
    wanted = entity.horizons_s[0] if horizon_s is None else horizon_s
    return next(v for v in rows if v.horizon_s == wanted)


def a_vector(value: float | None = 1.5, issued_s: int = T0, **changes: Any) -> FeatureVector:
    """A vector of the demand group with one value in all float features."""
    fields: dict[str, Any] = {
        "group": DEMAND.name,
        "group_version": DEMAND.version,
        "region_id": "us-ca-fontana",
        "series_id": "home/main",
        "horizon_s": HOUR,
        "issued_at": utc(issued_s),
        "target_start": utc(issued_s),
        "target_end": utc(issued_s + HOUR),
        "values": {f.name: 3 if f.dtype == "int" else value for f in DEMAND.features},
        "imputed": {"demand_lag_1h": "previous_day"},
        "ages_s": {"own": 0, "weather": None},
        "version": 1,
        "available_at": utc(issued_s + 60),
    }
    return FeatureVector(**(fields | changes))
