"""Calibration of what is served: offsets pinned to a run, and what its outcomes teach. Pure.

One group is a product's series of one kind on one rung of the degradation ladder. Offsets are applied to
quantiles as they come from the model (or the analogues) and learned from what was served in the end, so
that everything that happens between, reconciliation included, is corrected as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast_service.calibration.rolling import Outcomes, Rule, Track, fresh, hats, learn, moved, offsets_at, places
from forecast_service.model.grid import Floats
from forecast_service.model.levels import to_milli
from forecast_service.physics.limits import Limits, within
from forecast_service.ports import Pinned, QuantileForecast

NEW_MODEL_DAYS = 10.0
"""Days of experience that count on when another model version serves: it is followed faster for a while."""
LEAST_WIDTH_SHARE = 0.1


def group_of(kind: str, rung: int) -> str:
    """Name of a group within a product."""
    return f"{kind}/{rung}"


@dataclass(frozen=True, slots=True)
class Matured:
    """One served target and what came."""

    kind: str
    rung: int
    model: str
    """Name and version that served the run."""
    slot_s: int
    place: float
    """Of the target period along the horizon, 0 to 1."""
    end_s: int
    period_s: int
    values_milli: Sequence[int]
    actual_milli: int


@dataclass(frozen=True, slots=True)
class Learned:
    """A group's track and the model it was learned with."""

    track: Track
    model: str


def recalibrated(made: QuantileForecast, kind: str, levels_bps: Sequence[int], pinned: Pinned) -> QuantileForecast:
    """A forecast moved by the offsets of its group; as it is where nothing was learned for these levels."""
    offsets = pinned.offsets.get(group_of(kind, made.rung))
    if offsets is None or tuple(levels_bps) != pinned.levels_bps:
        return made
    values = made.values_milli / 1_000
    width = values[:, -1] - values[:, 0]
    along = offsets_at(Track(offsets), places(len(values)))
    return replace(made, values_milli=to_milli(moved(values, width, along)))


def bounded(made: QuantileForecast, limits: Limits | None) -> QuantileForecast:
    """A forecast within what its series can do."""
    if limits is None:
        return made
    return replace(made, values_milli=to_milli(within(made.values_milli / 1_000, limits)))


def learned(
    known: Mapping[str, Learned],
    matured: Sequence[Matured],
    pinned: Mapping[int, Pinned],
    levels_bps: Sequence[int],
    rule: Rule,
) -> dict[str, Learned]:
    """What a product's groups know after more outcomes.

    Args:
        known: What they knew.
        matured: Targets of the levels ``levels_bps`` that ended since.
        pinned: Offsets of the runs they are from, by slot.
        levels_bps: Q levels.
        rule: How fast.
    """
    out = dict(known)
    by_group: dict[str, list[Matured]] = {}
    for one in matured:
        by_group.setdefault(group_of(one.kind, one.rung), []).append(one)
    for group, ones in by_group.items():
        last = out.get(group)
        track, model = (last.track, last.model) if last else (fresh(levels_bps, rule), ones[-1].model)
        newest = max(ones, key=lambda one: one.slot_s).model
        if newest != model:
            track = replace(track, days=min(track.days, NEW_MODEL_DAYS))
        used = [pinned.get(one.slot_s) for one in ones]
        seen = _outcomes(ones, [p.offsets.get(group) if p else None for p in used], len(levels_bps))
        out[group] = Learned(learn(track, seen, levels_bps, rule), newest)
    return out


def _outcomes(ones: Sequence[Matured], offsets: Sequence[Floats | None], levels: int) -> Outcomes:
    """Scores before any offset, from what was served and the offsets it was served with.

    A band of no width, as at night, teaches nothing.
    """
    served = np.array([one.values_milli for one in ones], dtype=np.float64)
    actual = np.array([one.actual_milli for one in ones], dtype=np.float64)
    where = np.array([one.place for one in ones])
    used = np.stack([_at(o, place, levels) for o, place in zip(offsets, where, strict=True)])
    share = np.maximum(1.0 + used[:, -1] - used[:, 0], LEAST_WIDTH_SHARE)
    width: Floats = (served[:, -1] - served[:, 0]) / share
    width[width <= 0] = np.nan
    tied: NDArray[np.bool_] = actual[:, None] == served
    scores = (actual[:, None] - served) / width[:, None] + used
    ends = np.array([one.end_s for one in ones], dtype=np.int64)
    return Outcomes(scores, where, ends, tied, min(one.period_s for one in ones))


def _at(offsets: Floats | None, place: float, levels: int) -> Floats:
    return np.zeros(levels) if offsets is None else (hats(np.array([place]), len(offsets)) @ offsets)[0]
