"""One global encoder-decoder LSTM for all series and both resolutions."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from forecast_service.model.assemble import DECODER_FEATURES, ENCODER_FEATURES


@dataclass(frozen=True, slots=True)
class NetShape:
    """What must be known to build the same network again."""

    levels_bps: tuple[int, ...]
    """Ascending."""
    identities: int
    """Series with an embedding of their own; one more stands for all unknown ones."""
    hidden: int = 64
    embedding: int = 4
    dropout: float = 0.15
    encoder_features: int = ENCODER_FEATURES
    decoder_features: int = DECODER_FEATURES


class QuantileLstm(nn.Module):
    """Maps recent history and what is known about the targets to quantiles.

    Dimensions: B batch, L history steps, H target periods, F features, Q quantiles.
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        self._middle = min(range(len(shape.levels_bps)), key=lambda k: abs(shape.levels_bps[k] - 5_000))
        known = shape.decoder_features + shape.embedding
        self.embedding = nn.Embedding(shape.identities + 1, shape.embedding)
        self.encoder = nn.LSTM(shape.encoder_features, shape.hidden, batch_first=True)
        self.decoder = nn.LSTM(known, shape.hidden, batch_first=True)
        output = nn.Linear(64, len(shape.levels_bps))
        self.head = nn.Sequential(nn.Dropout(shape.dropout), nn.Linear(shape.hidden + known, 64), nn.GELU(), output)
        nn.init.normal_(self.embedding.weight, std=0.1)
        # An untrained network is the reference with a narrow band around it.
        nn.init.zeros_(output.weight)
        nn.init.constant_(output.bias, -3.0)
        with torch.no_grad():
            output.bias[self._middle] = 0.0

    def forward(
        self, encoder: Tensor, decoder: Tensor, identity: Tensor, reference: Tensor, unit: Tensor, is_open: Tensor
    ) -> Tensor:
        """Forecast the whole horizon at once.

        Args:
            encoder: ``(B, L, F_encoder)`` of ``Inputs``. No NaN.
            decoder: ``(B, H, F_decoder)``.
            identity: ``(B,)`` position of the series' embedding.
            reference: ``(B, H)`` in ranges.
            unit: ``(B, H)`` in ranges.
            is_open: ``(B, H)``, 0 makes all quantiles 0.

        Returns:
            ``(B, H, Q)`` in ranges, non-decreasing along Q: quantiles cannot cross.
        """
        own = self.embedding(identity)[:, None].expand(-1, decoder.shape[1], -1)
        known = torch.cat([decoder, own], dim=-1)
        _, state = self.encoder(encoder)
        hidden, _ = self.decoder(known, state)
        raw = self.head(torch.cat([hidden, known], dim=-1))
        middle = raw[..., self._middle : self._middle + 1]
        steps = nn.functional.softplus(raw)
        below = torch.flip(torch.cumsum(torch.flip(steps[..., : self._middle], [-1]), dim=-1), [-1])
        above = torch.cumsum(steps[..., self._middle + 1 :], dim=-1)
        deviation = torch.cat([middle - below, middle, middle + above], dim=-1)
        return (reference[..., None] + unit[..., None] * deviation) * is_open[..., None]


def pinball(quantiles: Tensor, actual: Tensor, levels: Tensor, weights: Tensor) -> Tensor:
    """Weighted pinball loss over what has an actual: scalar. ``actual`` is ``(B, H)`` with NaN for none."""
    known = torch.isfinite(actual)
    error = torch.nan_to_num(actual)[..., None] - quantiles
    loss = 2 * (torch.maximum(levels * error, (levels - 1) * error) * weights).sum(dim=-1)
    return (loss * known).sum() / known.sum().clamp(min=1)


def identities(series_ids: Sequence[str]) -> dict[str, int]:
    """Embedding of each series, in sorted order."""
    return {series_id: k for k, series_id in enumerate(sorted(series_ids))}
