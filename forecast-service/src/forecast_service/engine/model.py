"""A fitted engine in memory, and the quantiles it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecast_service.backtest.ports import TableSeries, Task
from forecast_service.engine.calendar import FEATURES
from forecast_service.engine.columns import OWN_COLUMNS, build_inputs, decoder_width
from forecast_service.engine.direct import direct_features
from forecast_service.engine.frame import Frame, SeriesScale, build_frame, scale_of
from forecast_service.engine.net import EngineNet, EngineShape
from forecast_service.engine.pool import newest_issue
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
    """On deviations from the reference, as the networks."""
    direct: Trees | None
    """On levels, see ``engine.direct``."""
    shares: tuple[float, float, float]
    """Of networks, trees and direct trees in the blend; they add up to 1."""
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
    alone: Mapping[str, Trees] = field(default_factory=dict)
    """On levels, too, by series: trees that know only this one. They are half of that member where there are any."""

    @property
    def window(self) -> tuple[int, int]:
        """First lead and horizon, in periods."""
        return self.task.first_lead, self.task.horizon

    def frame(self, series: TableSeries, moment_s: int) -> Frame:
        """Prepare a series; one that was not there in training takes its scale from what ended by the moment."""
        scale = self.scales.get(series.series_id) or scale_of(series, moment_s)
        ahead = sum(self.window) + 2
        return build_frame(series, scale, self.columns.past, self.columns.future, ahead)

    def members(self, frame: Frame, issues: Ints) -> Floats:
        """Quantiles of networks, trees and direct trees: ``(3, n, H, Q)`` in the unit of the series.

        A member that was not fitted answers as the networks do.
        """
        parts = [self._members(frame, issues[at : at + CHUNK]) for at in range(0, len(issues), CHUNK)]
        return np.concatenate(parts, axis=1)

    def _members(self, frame: Frame, issues: Ints) -> Floats:
        issue = newest_issue(frame, issues, self.window)
        inputs = build_inputs(frame, issue, self.columns.is_future)
        middle = self.references.get(frame.series_id, self.fallback).of(inputs)[..., None]
        identity = self.identities.get(frame.series_id, self.shape.identities)
        unit = inputs.unit[..., None]
        net = middle + unit * np.mean(
            [deviations(one, inputs.encoder, inputs.decoder, identity) for one in self.nets], axis=0
        )
        made = [net, net, net]
        if self.trees is not None:
            made[1] = middle + unit * self.trees.quantiles(inputs.decoder, identity)
        if self.direct is not None:
            features = direct_features(frame, issue, self.columns.is_future)
            levels = self.direct.quantiles(features, identity)
            if (own := self.alone.get(frame.series_id)) is not None:
                levels = (levels + own.quantiles(features, identity)) / 2
            made[2] = frame.scale.level + frame.scale.range_ * levels
        return clipped(np.stack(made), frame.scale)

    def quantiles(self, frame: Frame, issues: Ints) -> Floats:
        """The blend: ``(n, H, Q)``, non-decreasing along Q, before any rolling calibration."""
        return blended(self.members(frame, issues), self.shares)

    def calibrated(self, frame: Frame, issues: Ints) -> Floats:
        """The blend moved by the stored offsets: ``(n, H, Q)``, non-decreasing along Q."""
        raw = self.quantiles(frame, issues)
        offsets = self.offsets.get(frame.series_id)
        return raw if offsets is None else clipped(moved(raw, offsets, frame.scale.range_), frame.scale)


def blended(members: Floats, shares: Sequence[float]) -> Floats:
    """Quantiles of a blend from those of its members: ``(n, H, Q)`` from ``(3, n, H, Q)``."""
    return np.asarray(np.tensordot(np.asarray(shares), members, axes=1))


def clipped(quantiles: Floats, scale: SeriesScale) -> Floats:
    """Quantiles within what the series can be."""
    return np.asarray(np.clip(quantiles, scale.floor, scale.cap))


def columns_of(series: Sequence[TableSeries]) -> Columns:
    """All covariates that any series has."""
    past = sorted({name for one in series for name in one.past})
    future = sorted({name for one in series for name in one.future})
    return Columns(tuple(past), tuple(future))
