"""Tensors for the network from columns: the only code that builds them, for training and serving.

Everything is divided by the sample's own scale (``AsOf.width``) and computed element by element, so
that one slot gives the same bits alone and in a batch.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.frame import ENCODER_STEPS, Frame
from forecast_service.model.grid import DAY_S, Floats, Ints
from forecast_service.model.kinds import LEARNED, REFERENCE, SOLAR, Reference
from forecast_service.model.reference import reference, unit_w

ENCODER_FEATURES = 9
# fmt: off
DECODER_NAMES = [
    "reference", "last", "mean1h", "mean3h", "day1", "day2", "day7", "mean7", "std7", "mean4w", "low28", "mid28",
    "high28", "envelope", "index", "lead", "root_lead", "scale", "quarter_hourly", "stale", "unit", "anomaly",
    "group_index", "group_envelope", "group_level", "group_ramp", "sin_day", "cos_day", "sin_half", "cos_half",
    "sin_week", "cos_week", "weekend",
]
# fmt: on
DECODER_FEATURES = len(DECODER_NAMES) + len(LEARNED)
ALWAYS_SEEN = np.array(
    [n in {"reference", "lead", "root_lead", "scale", "quarter_hourly", "stale", "unit"} for n in DECODER_NAMES]
    + [True] * len(LEARNED)
)
"""Decoder columns that training never blanks."""

_WIND_BLANK = np.array(
    [
        n in {"day1", "day2", "day7", "mean7", "std7", "mean4w", "low28", "mid28", "high28", "anomaly"}
        or n in DECODER_NAMES[-7:]
        for n in DECODER_NAMES
    ]
)
_SOLAR_BLANK = np.array(
    [n in {"day2", "day7", "std7", "mean4w", "low28", "high28", *DECODER_NAMES[-3:]} for n in DECODER_NAMES]
)
_LIMIT = 8.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """One batch. ``range_w`` turns network output into W; everything else is in ranges or scales."""

    encoder: NDArray[np.float32]
    """``(n, 48, 9)``."""
    decoder: NDArray[np.float32]
    """``(n, H, F)``."""
    reference: NDArray[np.float32]
    """``(n, H)`` in ranges."""
    unit: NDArray[np.float32]
    """``(n, H)`` in ranges: what one unit of the network's deviation is worth."""
    open: NDArray[np.float32]
    """``(n, H)``, 0 where the sun is down and nothing can come."""
    range_w: Floats
    """``(n,)``."""

    def of(self, which: NDArray[np.intp]) -> "Inputs":
        """Some of the samples."""
        return Inputs(*(getattr(self, one.name)[which] for one in fields(self)))


def assemble(
    frame: Frame, survival: Floats, rows: Ints, slots: Ints, known: Ints, horizon: int, first_lead: int = 1
) -> Inputs:
    """Inputs of samples ``(row, slot)``, of which everything before ``known`` is seen.

    Args:
        frame: Columns from ``ENCODER_STEPS`` before the earliest slot to the last target.
        survival: ``(S, K)`` of ``ReferenceFit``, per row of the panel.
        rows: ``(n,)``.
        slots: ``(n,)`` positions of the periods that begin at the slots.
        known: ``(n,)`` positions behind the newest value, ``known <= slots``.
        horizon: H. Targets are ``slot + first_lead … slot + first_lead + H - 1``.
        first_lead: Of the first target; 0 is the period that begins at the slot.
    """
    panel = frame.panel
    targets = slots[:, None] + first_lead + np.arange(horizon)
    kind = np.array([LEARNED.index(k) for k in panel.kinds])[rows]
    scale, span = frame.as_of.width[rows, known - frame.as_of_first], panel.ranges[rows]
    lead = np.clip(targets - known[:, None], 0, survival.shape[1] - 1)
    point = _references(frame, rows, known, targets, survival[rows[:, None], lead])
    envelope = frame.positions.envelope[rows[:, None], targets - frame.positions_first]
    solar = panel.solar[rows][:, None]
    unit = unit_w(frame, rows, known, targets)
    decoder = _decoder(frame, rows, slots, known, targets, (point, unit, scale, span))
    for name, blank in (("wind", _WIND_BLANK), *((solar_kind, _SOLAR_BLANK) for solar_kind in sorted(SOLAR))):
        decoder[np.ix_(np.flatnonzero(kind == LEARNED.index(name)), np.arange(horizon), np.flatnonzero(blank))] = 0.0
    one_hot = np.broadcast_to(np.eye(len(LEARNED))[kind][:, None, :], (*targets.shape, len(LEARNED)))
    encoder = _encoder(frame, rows, slots, known, scale)
    encoder[kind == LEARNED.index("wind"), :, 1] = 0.0
    return Inputs(
        encoder=_bounded(encoder),
        decoder=_bounded(np.concatenate([decoder, one_hot], axis=-1)),
        reference=(point / span[:, None]).astype(np.float32),
        unit=(unit / span[:, None]).astype(np.float32),
        open=np.where(solar, envelope > 0, True).astype(np.float32),
        range_w=span,
    )


def daylight(frame: Frame, rows: Ints, targets: Ints, share: float = 0.0) -> NDArray[np.bool_]:
    """Where something can be produced: ``(n, H)``, always true for what is not solar."""
    envelope = frame.positions.envelope[rows[:, None], targets - frame.positions_first]
    dark = envelope <= share * frame.panel.ranges[rows][:, None]
    return np.asarray(~(frame.panel.solar[rows][:, None] & dark))


def physical(frame: Frame, rows: Ints, targets: Ints, quantiles: Floats) -> Floats:
    """Quantiles within floor and cap, 0 at night: ``(n, H, Q)``, still in order."""
    floor = np.array([scale.floor_w for scale in frame.panel.scales])[rows][:, None, None]
    cap = np.array([scale.cap_w for scale in frame.panel.scales])[rows][:, None, None]
    return np.where(daylight(frame, rows, targets)[..., None], np.clip(quantiles, floor, cap), 0.0)


def _references(frame: Frame, rows: Ints, known: Ints, targets: Ints, survival: Floats) -> Floats:
    out = np.empty(targets.shape)
    rules: list[Reference] = [REFERENCE[kind] for kind in frame.panel.kinds]
    for rule in sorted(set(rules)):
        mine = np.flatnonzero(np.array([r == rule for r in rules])[rows])
        out[mine] = reference(frame, rule, rows[mine], known[mine], targets[mine], survival[mine])
    return out


def _encoder(frame: Frame, rows: Ints, slots: Ints, known: Ints, scale: Floats) -> Floats:
    steps = slots[:, None] - ENCODER_STEPS + np.arange(ENCODER_STEPS)
    at, row, sc = steps - frame.positions_first, rows[:, None], scale[:, None]
    columns = frame.positions
    newest = frame.as_of.last[rows, known - frame.as_of_first][:, None]
    unseen = steps >= known[:, None]
    mean7, held = columns.mean7[row, at], columns.held[row, at]
    held = np.where(unseen, newest, np.where(np.isfinite(held), held, mean7))
    quarter_hourly = np.full(steps.shape, float(frame.panel.per_hour > 1))
    there = np.where(unseen, 0.0, columns.there[row, at])
    own: list[Floats] = [held / sc, (held - mean7) / sc, columns.envelope[row, at] / sc, there, quarter_hourly]
    return np.concatenate([np.stack(own, axis=-1), _calendar(frame, steps)[..., :4]], axis=-1)


def _decoder(
    frame: Frame, rows: Ints, slots: Ints, known: Ints, targets: Ints, own: tuple[Floats, Floats, Floats, Floats]
) -> Floats:
    point, unit, scale, span = own
    panel, columns, now = frame.panel, frame.as_of, known - frame.as_of_first
    sc, one = scale[:, None], np.ones(targets.shape)
    hours6 = panel.resolution_s / 21_600
    named = _levels(frame, rows, now, targets, sc)
    envelope = named["envelope"] * sc
    group_index = columns.group_index[rows, now][:, None] * one
    group_level = columns.group_level[rows, now][:, None]
    solar_level = group_index * envelope / span[:, None]
    lead: Floats = (targets - slots[:, None]).astype(np.float64) * hours6
    named |= {
        "reference": point / sc,
        "index": columns.index[rows, now][:, None] * one,
        "lead": lead,
        "root_lead": np.asarray(np.sqrt(lead), dtype=np.float64),
        "scale": sc / span[:, None] * one,
        "quarter_hourly": float(panel.per_hour > 1) * one,
        "stale": np.minimum((slots - known)[:, None] * hours6, 2.0) * one,
        "unit": unit / sc,
        "group_index": group_index,
        "group_envelope": group_index * named["envelope"],
        "group_level": np.where(panel.solar[rows][:, None], solar_level, group_level) * span[:, None] / sc,
        "group_ramp": columns.group_ramp[rows, now][:, None] * one,
    }
    listed = [named[name] for name in DECODER_NAMES if name in named]
    return np.concatenate([np.stack(listed, axis=-1), _calendar(frame, targets)], axis=-1)


def _levels(frame: Frame, rows: Ints, now: Ints, targets: Ints, sc: Floats) -> dict[str, Floats]:
    """Columns that are powers, in scales: ``(n, H)`` each. What is not known is the newest value."""
    at, row = targets - frame.positions_first, rows[:, None]
    last = frame.as_of.last[rows, now][:, None]
    named: dict[str, Floats] = {}
    for name in ("day1", "day2", "day7", "mean7", "std7", "mean4w", "low28", "mid28", "high28", "envelope"):
        value = getattr(frame.positions, name)[row, at]
        named[name] = np.where(np.isfinite(value), value, last) / sc
    for name in ("last", "mean1h", "mean3h", "anomaly"):
        named[name] = getattr(frame.as_of, name)[rows, now][:, None] / sc * np.ones(targets.shape)
    return named


def _calendar(frame: Frame, at: Ints) -> Floats:
    """Two harmonics of the UTC day, one of the week, weekend: ``(..., 7)``."""
    seconds = frame.panel.start_s + at * frame.panel.resolution_s
    slot = seconds % DAY_S // frame.panel.resolution_s
    weekday = (seconds // DAY_S + 3) % 7
    return np.concatenate([_day_table(frame.panel.per_day)[slot], _WEEK_TABLE[weekday]], axis=-1)


def _day_table(per_day: int) -> Floats:
    angle = 2 * np.pi * np.arange(per_day) / per_day
    return np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)], axis=-1)


_WEEK_ANGLE = 2 * np.pi * np.arange(7) / 7
_WEEK_TABLE = np.stack([np.sin(_WEEK_ANGLE), np.cos(_WEEK_ANGLE), (np.arange(7) >= 5) * 1.0], axis=-1)
"""Row 0 is Monday; 1970-01-01 was a Thursday."""


def _bounded(values: Floats) -> NDArray[np.float32]:
    return np.clip(np.nan_to_num(values), -_LIMIT, _LIMIT).astype(np.float32)
