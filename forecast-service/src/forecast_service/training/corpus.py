"""Histories as panels with all columns built, and the slots in them that can be learned from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.model.frame import Frame, whole_frame
from forecast_service.model.grid import DAY_S, Floats, Ints
from forecast_service.model.panel import LEARNED_WEEK_SHARE, Panel, Scale, align, measure
from forecast_service.model.predict import Samples
from forecast_service.ports import SeriesHistory


@dataclass(frozen=True)
class Corpus:
    """One resolution. Times are Unix seconds."""

    frame: Frame
    horizon: int
    first_lead: int
    known: Ints
    """``(S, N + 1)`` position behind the newest value before each slot."""
    week_share: Floats
    """``(S, N + 1)``."""

    @property
    def panel(self) -> Panel:
        """The histories."""
        return self.frame.panel

    def place(self, moment_s: int) -> int:
        """Position of the first period that starts at the moment or later, within the history."""
        steps = -(-(moment_s - self.panel.start_s) // self.panel.resolution_s)
        return int(min(max(steps, 0), self.panel.values.shape[-1]))

    def slots(self, row: int, since_s: int, until_s: int, every_s: int = 0) -> Ints:
        """Slots of a row that can be learned from and whose targets all end by ``until_s``.

        Only slots at which the series is issued count: between them a window may be incomplete.
        """
        one = self.panel.series[row]
        at = np.arange(self.place(since_s), self.place(until_s) - self.horizon - self.first_lead + 1)
        every = max(one.issue_every_s, every_s)
        due = (self.panel.start_s + at * self.panel.resolution_s) % every == 0
        at = at[due]
        fresh = at - self.known[row, at] <= self.panel.max_stale
        return np.asarray(at[fresh & (self.week_share[row, at] >= LEARNED_WEEK_SHARE)])

    def samples(self, since_s: int, until_s: int, every_s: int = 0) -> Samples:
        """All rows' slots."""
        per_row = [self.slots(row, since_s, until_s, every_s) for row in range(len(self.panel.series))]
        rows = np.repeat(np.arange(len(per_row)), [len(slots) for slots in per_row])
        slots = np.concatenate(per_row).astype(np.int64)
        return Samples(rows, slots, self.known[rows, slots], self.horizon, self.first_lead)

    def actual(self, samples: Samples) -> Floats:
        """What happened: ``(n, H)`` W, NaN where it is not known."""
        targets, steps = samples.targets, self.panel.values.shape[-1]
        found = self.panel.values[samples.rows[:, None], np.minimum(targets, steps - 1)]
        return np.where(targets < steps, found, np.nan)


def build(
    histories: Sequence[SeriesHistory],
    scales: Mapping[str, Scale],
    until_s: int,
    horizon_s: int,
    first_lead: int = 1,
) -> list[Corpus]:
    """One corpus per resolution of the series that have a scale, coarse resolutions last."""
    out = []
    for resolution in sorted({h.series.resolution_s for h in histories}):
        chosen = [h for h in histories if h.series.resolution_s == resolution and h.series.series_id in scales]
        chosen.sort(key=lambda h: h.series.series_id)
        if not chosen:
            continue
        start_s = min(h.start_s for h in chosen) // DAY_S * DAY_S
        panel = Panel(
            resolution_s=resolution,
            start_s=start_s,
            series=tuple(h.series for h in chosen),
            scales=tuple(scales[h.series.series_id] for h in chosen),
            values=align(chosen, start_s, until_s // resolution * resolution),
        )
        every = np.arange(panel.values.shape[-1] + 1)
        horizon = horizon_s // resolution
        known, week_share = panel.known_until(every), panel.week_share(every)
        out.append(Corpus(whole_frame(panel, horizon), horizon, first_lead, known, week_share))
    return out


def scales_until(histories: Sequence[SeriesHistory], until_s: int, min_days: float) -> dict[str, Scale]:
    """Scales of the series that have enough history before ``until_s`` and move."""
    out: dict[str, Scale] = {}
    for history in histories:
        values = history.values[: max((until_s - history.start_s) // history.series.resolution_s, 0)]
        known = np.isfinite(values).sum() * history.series.resolution_s / DAY_S
        scale = measure(history.series, values) if known >= min_days else None
        if scale is not None:
            out[history.series.series_id] = scale
    return out


def data_hash(histories: Sequence[SeriesHistory]) -> str:
    """SHA-256 over every series' id, start and whole-number values: says which data a model was fitted on."""
    digest = hashlib.sha256()
    for history in sorted(histories, key=lambda h: h.series.series_id):
        milli = np.where(np.isfinite(history.values), np.rint(history.values * 1_000), np.iinfo(np.int64).min)
        digest.update(f"{history.series.series_id}|{history.start_s}|{len(milli)}|".encode())
        digest.update(milli.astype("<i8").tobytes())
    return "0x" + digest.hexdigest()
