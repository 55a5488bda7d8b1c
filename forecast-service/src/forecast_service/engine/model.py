"""A fitted engine in memory, and the quantiles it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecast_service.backtest.ports import TableSeries, Task
from forecast_service.engine.calendar import FEATURES
from forecast_service.engine.columns import OWN_COLUMNS, decoder_width
from forecast_service.engine.frame import Frame, SeriesScale, build_frame, scale_of
from forecast_service.engine.net import EngineNet, EngineShape
from forecast_service.engine.pool import inputs_of
from forecast_service.engine.recalibrate import moved
from forecast_service.engine.reference import Reference
from forecast_service.engine.train import deviations
from forecast_service.engine.trees import Trees
from forecast_service.model.grid import Floats, Ints

CHUNK = 256
"""Issues whose inputs are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Covariates in the order of the tensors: past-only ones first."""

    past: tuple[str, ...]
    future: tuple[str, ...]

    @property
    def is_future(self) -> NDArray[np.bool_]:
        """``(C,)``."""
        return np.array([False] * len(self.past) + [True] * len(self.future), dtype=bool)

    @property
    def weather(self) -> NDArray[np.bool_]:
        """``(F,)`` features of a target period that go away when the known-future covariates do."""
        out = np.zeros(decoder_width(len(self.future)), dtype=bool)
        out[OWN_COLUMNS + FEATURES :] = True
        return out


@dataclass(frozen=True, slots=True)
class Place:
    """Whose clock and holidays a series follows."""

    zone: str = "UTC"
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True)
class Engine:
    """Networks of several seeds, boosters, and how much each says."""

    task: Task
    columns: Columns
    shape: EngineShape
    nets: tuple[EngineNet, ...]
    trees: Trees | None
    net_share: float
    """Of the blend; the rest are the trees."""
    scales: Mapping[str, SeriesScale]
    references: Mapping[str, Reference]
    fallback: Reference
    identities: Mapping[str, int]
    until_s: int
    """No target that ended later was learnt from."""
    places: Mapping[str, Place]
    resolution_s: int
    offsets: Mapping[str, Floats] = field(default_factory=dict)
    """``(G, Q)`` by series, in band widths: the calibration to begin with where no errors are at hand."""

    @property
    def window(self) -> tuple[int, int]:
        """First lead and horizon, in periods."""
        return self.task.first_lead, self.task.horizon

    def frame(self, series: TableSeries, moment_s: int) -> Frame:
        """Prepare a series; one that was not there in training takes its scale from what ended by the moment."""
        scale = self.scales.get(series.series_id) or scale_of(series, moment_s)
        ahead = sum(self.window) + 2
        return build_frame(series, scale, self.columns.past, self.columns.future, ahead)

    def both(self, frame: Frame, issues: Ints) -> tuple[Floats, Floats]:
        """Quantiles of the networks and of the trees: ``(n, H, Q)`` each, in the unit of the series."""
        parts = [self._both(frame, issues[at : at + CHUNK]) for at in range(0, len(issues), CHUNK)]
        return np.concatenate([net for net, _ in parts]), np.concatenate([tree for _, tree in parts])

    def _both(self, frame: Frame, issues: Ints) -> tuple[Floats, Floats]:
        inputs = inputs_of(frame, issues, self.window, self.columns.is_future)
        middle = self.references.get(frame.series_id, self.fallback).of(inputs)[..., None]
        identity = self.identities.get(frame.series_id, self.shape.identities)
        unit = inputs.unit[..., None]
        net = np.mean([deviations(one, inputs.encoder, inputs.decoder, identity) for one in self.nets], axis=0)
        tree = net if self.trees is None else self.trees.deviations(inputs.decoder, identity)
        return clipped(middle + unit * net, frame.scale), clipped(middle + unit * tree, frame.scale)

    def quantiles(self, frame: Frame, issues: Ints) -> Floats:
        """The blend: ``(n, H, Q)``, non-decreasing along Q, before any rolling calibration."""
        net, tree = self.both(frame, issues)
        return np.asarray(self.net_share * net + (1 - self.net_share) * tree)

    def calibrated(self, frame: Frame, issues: Ints) -> Floats:
        """The blend moved by the stored offsets: ``(n, H, Q)``, non-decreasing along Q."""
        raw = self.quantiles(frame, issues)
        offsets = self.offsets.get(frame.series_id)
        return raw if offsets is None else clipped(moved(raw, offsets, frame.scale.range_), frame.scale)


def clipped(quantiles: Floats, scale: SeriesScale) -> Floats:
    """Quantiles within what the series can be."""
    return np.asarray(np.clip(quantiles, scale.floor, scale.cap))


def columns_of(series: Sequence[TableSeries]) -> Columns:
    """All covariates that any series has."""
    past = sorted({name for one in series for name in one.past})
    future = sorted({name for one in series for name in one.future})
    return Columns(tuple(past), tuple(future))
