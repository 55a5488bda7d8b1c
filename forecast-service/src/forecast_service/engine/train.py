"""Trains one network on a pool of windows."""

import copy
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from forecast_service.backtest.scores import level_weights
from forecast_service.engine.net import EngineNet, EngineShape
from forecast_service.engine.pool import Pool
from forecast_service.model.levels import probabilities

BATCH = 128
PEAK_RATE = 4e-3
WARM_UP = 0.15
AVERAGE = 0.99
ENCODER_NOISE = 0.05
ENCODER_BLANK = 0.05
WEATHER_BLANK = 0.05
COLUMN_DROP = 0.2
"""Two dozen lags identify a day: without blanking them the net learns days by heart."""
UNKNOWN = 0.1
PREDICT_BATCH = 64


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to train: so many steps, or as many as fit into the seconds of CPU time."""

    steps: int
    seconds: float


class Trainer:
    """A network in training. ``average`` is the one to use."""

    def __init__(self, shape: EngineShape, weather: NDArray[np.bool_], seed: int) -> None:
        torch.manual_seed(seed)
        self._shape, self._random = shape, np.random.default_rng(seed)
        self._torch = torch.Generator().manual_seed(seed)
        self._net = EngineNet(shape)
        self.average = copy.deepcopy(self._net).eval()
        self._optimizer = torch.optim.AdamW(self._net.parameters(), lr=1e-3, weight_decay=0.01)
        self._levels = torch.tensor(probabilities(shape.levels_bps), dtype=torch.float32)
        self._weights = torch.tensor(level_weights(shape.levels_bps), dtype=torch.float32)
        self._weather = torch.from_numpy(weather)
        # Where the processor multiplies tiles of bfloat16 a step takes half the time (67 and 32 to 38 ms).
        self._half = bool(torch.cpu.get_capabilities().get("amx_bf16"))
        self.steps = 0
        self.loss = float("nan")

    def run(self, pool: Pool, effort: Effort) -> None:
        """One cycle of the learning rate over the effort."""
        if len(pool) == 0:
            return
        began, losses = time.process_time(), []
        self._net.train()
        order = self._random.permutation(len(pool))
        for k in range(effort.steps):
            done = max(k / effort.steps, (time.process_time() - began) / effort.seconds)
            if done >= 1:
                break
            wave = 0.5 * (1 + np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP)))
            for group in self._optimizer.param_groups:
                group["lr"] = PEAK_RATE * (done / WARM_UP if done < WARM_UP else wave) + 1e-5
            start = k * BATCH % max(len(order) - BATCH + 1, 1)
            losses.append(self._step(pool, order[start : start + BATCH]))
        self.loss = float(np.mean(losses[-100:]))

    def _step(self, pool: Pool, rows: NDArray[np.int64]) -> float:
        encoder, decoder = torch.from_numpy(pool.encoder[rows]), torch.from_numpy(pool.decoder[rows])
        size = len(rows)
        encoder = encoder * (self._chance(size, 1, 1) > ENCODER_BLANK)
        encoder = encoder + ENCODER_NOISE * torch.randn(encoder.shape, generator=self._torch)
        kept = self._chance(size, 1, decoder.shape[-1]) > COLUMN_DROP
        kept &= ~(self._weather & (self._chance(size, 1, 1) < WEATHER_BLANK))
        identity = torch.from_numpy(pool.identity[rows])
        identity = torch.where(self._chance(size) < UNKNOWN, self._shape.identities, identity)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            quantiles = self._net(encoder, decoder * kept, identity)
        loss = self._loss(quantiles, torch.from_numpy(pool.goal[rows]), torch.from_numpy(pool.weight[rows]))
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._optimizer.step()
        self.steps += 1
        keep = min(AVERAGE, self.steps / (self.steps + 10))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self._net.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
        return loss.item()

    def _chance(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._torch)

    def _loss(self, quantiles: Tensor, goal: Tensor, weight: Tensor) -> Tensor:
        known = torch.isfinite(goal)
        error = torch.nan_to_num(goal)[..., None] - quantiles
        pinball = 2 * (torch.maximum(self._levels * error, (self._levels - 1) * error) * self._weights).sum(dim=-1)
        return (pinball * weight * known).sum() / known.sum().clamp(min=1)


def deviations(
    net: EngineNet, encoder: NDArray[np.float32], decoder: NDArray[np.float32], identity: int
) -> NDArray[np.float64]:
    """``(n, H, Q)`` in units, without gradients, 64 issues at a time."""
    out = []
    with torch.inference_mode():
        for at in range(0, len(encoder), PREDICT_BATCH):
            part = slice(at, at + PREDICT_BATCH)
            x, z = torch.from_numpy(encoder[part]), torch.from_numpy(decoder[part])
            out.append(net(x, z, torch.full((len(x),), identity)).numpy())
    return np.concatenate(out).astype(np.float64)
