"""A fitted model in memory and the quantiles it gives: the same code in evaluation and in serving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from forecast_service.model.assemble import Inputs, assemble, physical
from forecast_service.model.conformal import Calibration, calibrated
from forecast_service.model.frame import Frame
from forecast_service.model.grid import Floats, Ints
from forecast_service.model.levels import probabilities
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.model.panel import Scale
from forecast_service.model.reference import ReferenceFit, reference_quantiles
from forecast_service.model.samples import Samples as Samples
from forecast_service.model.tree_columns import TreeColumns
from forecast_service.model.trees import TreeSet

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
    """Networks, trees, their calibration, the references of each series, and which of them serves which kind."""

    shape: NetShape
    net: QuantileLstm
    horizon_s: int
    series: Mapping[str, SeriesFit]
    calibration: Calibration
    choices: Mapping[str, Choice]
    trained_until: str
    """RFC 3339; nothing later was seen."""
    more_nets: tuple[QuantileLstm, ...] = ()
    """The same network from other seeds: the mean of their quantiles is the network's answer."""
    trees: Mapping[str, TreeSet] = field(default_factory=dict)
    """By kind. A kind without trees is the network's alone."""
    net_share: Mapping[str, float] = field(default_factory=dict)
    """By kind, the network's part of the blend of quantiles; the trees have the rest."""

    @property
    def levels(self) -> Floats:
        """Probabilities of the quantiles."""
        return probabilities(self.shape.levels_bps)


def survival_of(frame: Frame, series: Mapping[str, SeriesFit]) -> Floats:
    """Survival of anomalies per row: ``(S, K)``."""
    return np.stack([series[one.series_id].reference.survival for one in frame.panel.series])


@dataclass(frozen=True, slots=True)
class Members:
    """Quantiles of the members of the blend within physics, ``(n, H, Q)`` W each."""

    nets: Floats
    trees: Floats
    """Those of the networks where the kind has no trees."""


def lstm_quantiles(model: SiteModel, frame: Frame, samples: Samples) -> Floats:
    """What was learned, uncalibrated, within physics: networks and trees blended. ``(n, H, Q)`` W."""
    return blended(model, frame, samples, member_quantiles(model, frame, samples))


def blended(model: SiteModel, frame: Frame, samples: Samples, members: Members) -> Floats:
    """Mean of the members' quantiles by their shares: ``(n, H, Q)`` W, in order because both are."""
    kinds = [frame.panel.kinds[row] for row in samples.rows]
    share = np.array([model.net_share.get(kind, 1.0) for kind in kinds])[:, None, None]
    return np.asarray(share * members.nets + (1 - share) * members.trees)


def member_quantiles(
    model: SiteModel, frame: Frame, samples: Samples, change: Callable[[Inputs], Inputs] | None = None
) -> Members:
    """Quantiles of each member for the same samples; ``change`` alters each batch of inputs before it is used."""
    survival = survival_of(frame, model.series)
    identity = np.array([model.series[one.series_id].identity for one in frame.panel.series])
    columns = {kind: TreeColumns(frame, kind) for kind in sorted(set(model.trees) & set(frame.panel.kinds))}
    kinds = np.array(frame.panel.kinds)[samples.rows]
    nets = np.empty((len(samples.rows), samples.horizon, len(model.shape.levels_bps)))
    trees = np.empty(nets.shape)
    with torch.inference_mode():
        for a in range(0, len(samples.rows), CHUNK):
            part = slice(a, a + CHUNK)
            some = samples.of(part)
            inputs = assemble(frame, survival, some.rows, some.slots, some.known, samples.horizon, samples.first_lead)
            inputs = change(inputs) if change is not None else inputs
            span = inputs.range_w[:, None, None]
            raw = [run_net(net.eval(), inputs, identity[some.rows]) for net in (model.net, *model.more_nets)]
            nets[part] = np.mean([one.numpy().astype(np.float64) for one in raw], axis=0) * span
            trees[part] = nets[part]
            for kind, column in columns.items():
                mine = np.flatnonzero(kinds[part] == kind)
                if len(mine):
                    own = inputs.of(mine)
                    matrix = column.matrix(own, some.of(mine), identity[some.rows[mine]])
                    trees[a + mine] = tree_ranges(model.trees[kind], own, matrix) * span[mine]
    at = samples.rows, samples.targets
    return Members(physical(frame, *at, nets), physical(frame, *at, trees))


def tree_ranges(trees: TreeSet, inputs: Inputs, matrix: NDArray[np.float32]) -> Floats:
    """Quantiles of the trees: ``(n, H, Q)`` in ranges, 0 where nothing can come."""
    point, unit = inputs.reference[..., None].astype(np.float64), inputs.unit[..., None].astype(np.float64)
    return np.asarray((point + unit * trees.deviations(matrix)) * inputs.open[..., None])


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
