"""One global encoder-decoder LSTM for all series of a table: a step of the decoder is about an hour."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

HEAD = 64


@dataclass(frozen=True, slots=True)
class EngineShape:
    """What must be known to build the same network again."""

    levels_bps: tuple[int, ...]
    """Ascending."""
    identities: int
    """Series with an embedding of their own; one more stands for all unknown ones."""
    encoder_features: int
    decoder_features: int
    stride: int
    """Target periods that share a step of the decoder."""
    hidden: int = 64
    embedding: int = 4
    dropout: float = 0.2


class EngineNet(nn.Module):
    """Maps history and what is known about the targets to deviations from a reference.

    Dimensions: B batch, L blocks of history, H target periods, F features, Q quantiles.
    """

    def __init__(self, shape: EngineShape) -> None:
        super().__init__()
        self._middle = min(range(len(shape.levels_bps)), key=lambda k: abs(shape.levels_bps[k] - 5_000))
        self._stride = shape.stride
        known = shape.decoder_features + shape.embedding
        self.embedding = nn.Embedding(shape.identities + 1, shape.embedding)
        self.encoder = nn.LSTM(shape.encoder_features, shape.hidden, batch_first=True)
        self.decoder = nn.LSTM(known, shape.hidden, batch_first=True)
        output = nn.Linear(HEAD, len(shape.levels_bps))
        self.head = nn.Sequential(nn.Dropout(shape.dropout), nn.Linear(shape.hidden + known, HEAD), nn.GELU(), output)
        nn.init.normal_(self.embedding.weight, std=0.1)
        # An untrained network is the reference with a narrow band around it.
        nn.init.zeros_(output.weight)
        nn.init.constant_(output.bias, -1.5)
        with torch.no_grad():
            output.bias[self._middle] = 0.0

    def forward(self, encoder: Tensor, decoder: Tensor, identity: Tensor) -> Tensor:
        """Forecast the whole horizon at once.

        Args:
            encoder: ``(B, L, F_encoder)`` of ``columns.Inputs``. No NaN.
            decoder: ``(B, H, F_decoder)``.
            identity: ``(B,)`` position of the series' embedding.

        Returns:
            ``(B, H, Q)`` deviations in units, non-decreasing along Q: quantiles cannot cross.
        """
        own = self.embedding(identity)[:, None].expand(-1, decoder.shape[1], -1)
        known = torch.cat([decoder, own], dim=-1)
        _, state = self.encoder(encoder)
        hidden, _ = self.decoder(known[:, :: self._stride], state)
        shared = hidden.repeat_interleave(self._stride, dim=1)[:, : known.shape[1]]
        raw = self.head(torch.cat([shared, known], dim=-1)).float()
        middle = raw[..., self._middle : self._middle + 1]
        steps = nn.functional.softplus(raw)
        below = torch.flip(torch.cumsum(torch.flip(steps[..., : self._middle], [-1]), dim=-1), [-1])
        above = torch.cumsum(steps[..., self._middle + 1 :], dim=-1)
        return torch.cat([middle - below, middle, middle + above], dim=-1)
