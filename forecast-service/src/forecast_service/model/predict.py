"""A fitted model in memory and the quantiles it gives: the same code in evaluation and in serving."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from forecast_service.model.assemble import Inputs, assemble, physical
from forecast_service.model.conformal import Calibration, calibrated
from forecast_service.model.frame import Frame
from forecast_service.model.grid import Floats, Ints
from forecast_service.model.levels import probabilities
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.model.panel import Scale
from forecast_service.model.reference import ReferenceFit, reference_quantiles

Choice = Literal["lstm", "reference", "analogue"]
CHUNK = 64


@dataclass(frozen=True, slots=True)
class SeriesFit:
    """What a model knows about one series."""

    scale: Scale
    identity: int
    reference: ReferenceFit


@dataclass(frozen=True)
class SiteModel:
    """A network, its calibration, the references of each series, and which of them serves which kind."""

    shape: NetShape
    net: QuantileLstm
    horizon_s: int
    series: Mapping[str, SeriesFit]
    calibration: Calibration
    choices: Mapping[str, Choice]
    trained_until: str
    """RFC 3339; nothing later was seen."""

    @property
    def levels(self) -> Floats:
        """Probabilities of the quantiles."""
        return probabilities(self.shape.levels_bps)


@dataclass(frozen=True, slots=True)
class Samples:
    """Slots of rows of one frame, ``(n,)`` each, and the horizon in periods."""

    rows: Ints
    slots: Ints
    known: Ints
    horizon: int

    @property
    def targets(self) -> Ints:
        """``(n, H)``."""
        return np.asarray(self.slots[:, None] + 1 + np.arange(self.horizon))


def survival_of(frame: Frame, series: Mapping[str, SeriesFit]) -> Floats:
    """Survival of anomalies per row: ``(S, K)``."""
    return np.stack([series[one.series_id].reference.survival for one in frame.panel.series])


def lstm_quantiles(model: SiteModel, frame: Frame, samples: Samples) -> Floats:
    """Raw network quantiles within physics: ``(n, H, Q)`` W."""
    survival = survival_of(frame, model.series)
    identity = np.array([model.series[one.series_id].identity for one in frame.panel.series])
    out = np.empty((len(samples.rows), samples.horizon, len(model.shape.levels_bps)))
    model.net.eval()
    with torch.inference_mode():
        for a in range(0, len(samples.rows), CHUNK):
            part = slice(a, a + CHUNK)
            rows, slots, known = samples.rows[part], samples.slots[part], samples.known[part]
            inputs = assemble(frame, survival, rows, slots, known, samples.horizon)
            raw = run_net(model.net, inputs, identity[rows]).numpy().astype(np.float64)
            out[part] = raw * inputs.range_w[:, None, None]
    return physical(frame, samples.rows, samples.targets, out)


def run_net(net: QuantileLstm, inputs: Inputs, identity: Ints) -> torch.Tensor:
    """One pass of the network: ``(n, H, Q)`` in ranges."""
    arrays = (inputs.encoder, inputs.decoder, identity, inputs.reference, inputs.unit, inputs.open)
    # Copies lie on 64-byte borders; kernels round differently on others, and one input must give one output.
    result: torch.Tensor = net(*(torch.from_numpy(array).clone() for array in arrays))
    return result


def calibrated_quantiles(raw: Floats, calibration: Calibration, frame: Frame, samples: Samples) -> Floats:
    """Network quantiles with the offsets of their kind, within physics: ``(n, H, Q)`` W."""
    leads, step = 1 + np.arange(samples.horizon), frame.panel.resolution_s
    out, kinds = raw.copy(), np.array(frame.panel.kinds)[samples.rows]
    for kind in sorted(set(kinds.tolist())):
        mine = kinds == kind
        span = frame.panel.ranges[samples.rows[mine]]
        out[mine] = calibrated(raw[mine], span, leads, step, calibration.offsets.get(kind))
    return physical(frame, samples.rows, samples.targets, out)


def reference_forecast(fits: Mapping[str, ReferenceFit], frame: Frame, samples: Samples, levels: int) -> Floats:
    """Reference plus residual quantiles within physics: ``(n, H, Q)`` W."""
    out = np.empty((len(samples.rows), samples.horizon, levels))
    for row, one in enumerate(frame.panel.series):
        mine = samples.rows == row
        if mine.any():
            fit = fits[one.series_id]
            out[mine] = reference_quantiles(frame, fit, row, samples.known[mine], samples.targets[mine])
    return physical(frame, samples.rows, samples.targets, np.sort(out, axis=-1))
