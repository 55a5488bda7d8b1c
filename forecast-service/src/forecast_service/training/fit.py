"""The training loop: batches drawn from all series, pinball loss, weight average."""

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from forecast_service.model.assemble import ALWAYS_SEEN, Inputs, assemble
from forecast_service.model.grid import Floats
from forecast_service.model.kinds import COLUMN_DROP, DEFAULT_DROP, SHARE
from forecast_service.model.levels import interval_weights, probabilities
from forecast_service.model.lstm import NetShape, QuantileLstm, pinball
from forecast_service.model.predict import SeriesFit, run_net, survival_of
from forecast_service.model.samples import Samples
from forecast_service.training.corpus import Corpus
from forecast_service.training.options import TrainingOptions

ENCODER_NOISE = 0.05
ENCODER_BLANK = 0.1
"""Share of every fourth batch that sees no recent history at all."""
UNKNOWN_SERIES = 0.1
SHORT_STALE, LONG_STALE = 0.12, 0.06
"""Shares of samples whose telemetry ends up to three periods, or up to the limit, before the slot."""
AVERAGE = 0.995
WARM_UP = 0.15
PATIENCE = 2.5


class Sampler:
    """Draws samples of one resolution: kinds by their share, series and slots evenly within a kind."""

    def __init__(self, corpus: Corpus, fits: Mapping[str, SeriesFit], since_s: int, until_s: int) -> None:
        self._corpus = corpus
        self._samples = corpus.samples(since_s, until_s)
        kinds = corpus.panel.kinds
        weight = np.zeros(len(kinds))
        for row, kind in enumerate(kinds):
            count = int((self._samples.rows == row).sum())
            weight[row] = SHARE[kind] / kinds.count(kind) / count if count else 0.0
        chance = weight[self._samples.rows]
        self._cumulative = np.cumsum(chance / chance.sum()) if chance.sum() > 0 else np.zeros(0)
        self._survival = survival_of(corpus.frame, fits)
        self._identity = np.array([fits[one.series_id].identity for one in corpus.panel.series])
        self._drop = np.array([COLUMN_DROP.get(kind, DEFAULT_DROP) for kind in kinds])

    def __len__(self) -> int:
        return len(self._cumulative)

    def draw(self, random: np.random.Generator, size: int, unknown: int) -> tuple[Inputs, np.ndarray, Floats, Floats]:
        """Inputs, identities, actuals in ranges and the column drop chance of each sample."""
        pick = np.minimum(np.searchsorted(self._cumulative, random.random(size)), len(self) - 1)
        samples = pretended_late(self._corpus, random, self._samples.of(pick))
        rows, slots, known = samples.rows, samples.slots, samples.known
        horizon, first_lead = samples.horizon, samples.first_lead
        inputs = assemble(self._corpus.frame, self._survival, rows, slots, known, horizon, first_lead)
        actual = self._corpus.actual(samples) / inputs.range_w[:, None]
        identity = np.where(random.random(size) < UNKNOWN_SERIES, unknown, self._identity[rows])
        return inputs, identity, actual, self._drop[rows]


def pretended_late(corpus: Corpus, random: np.random.Generator, samples: Samples) -> Samples:
    """The same samples, for some of which the newest values have not arrived."""
    limit, chance = corpus.panel.max_stale, random.random(len(samples.rows))
    late = np.where(chance < SHORT_STALE, random.integers(1, 4, len(samples.rows)), 0)
    late = np.where(chance > 1 - LONG_STALE, random.integers(4, limit + 1, len(samples.rows)), late)
    then = corpus.known[samples.rows, samples.slots - late]
    known = np.where(samples.slots - then <= limit, then, samples.known)
    return replace(samples, known=known)


class Fit:
    """A network in training. ``average`` is the one to use."""

    def __init__(self, shape: NetShape, options: TrainingOptions) -> None:
        torch.manual_seed(options.seed)
        self._options, self.shape = options, shape
        self._random = np.random.default_rng(options.seed)
        self._net = QuantileLstm(shape)
        self.average = copy.deepcopy(self._net).eval()
        self._optimizer = torch.optim.AdamW(self._net.parameters(), lr=1e-3, weight_decay=0.01)
        self._levels = torch.tensor(probabilities(shape.levels_bps), dtype=torch.float32)
        self._weights = torch.tensor(interval_weights(shape.levels_bps), dtype=torch.float32)
        self._seen = torch.tensor(ALWAYS_SEEN)
        self.steps = 0
        self.loss = float("nan")

    def resume(self, net: QuantileLstm) -> None:
        """Go on from the weights of another network of the same shape."""
        self._net.load_state_dict(net.state_dict())
        self.average.load_state_dict(net.state_dict())

    def run(self, samplers: Sequence[Sampler], steps: int, seconds: float, peak: float) -> None:
        """Train for a number of steps, or as many as fit into the time; the rate follows whichever is further.

        ``seconds`` are of this thread's CPU time, so that a busy machine makes training slower, not
        worse; on the wall it may take ``PATIENCE`` times as long.
        """
        samplers = [sampler for sampler in samplers if len(sampler)]
        # Two batches of the coarse resolution to one of the fine: it has most of the series.
        order = [0, 1, 1] if len(samplers) > 1 else [0]
        began, cpu_began, losses = time.monotonic(), time.thread_time(), []
        self._net.train()
        for k in range(steps):
            spent = max(time.thread_time() - cpu_began, (time.monotonic() - began) / PATIENCE)
            done = max(k / steps, spent / seconds)
            if done >= 1 or not samplers:
                break
            self._set_rate(done, peak)
            losses.append(self._step(samplers[order[k % len(order)]]))
        self.loss = float(np.mean(losses[-200:])) if losses else float("nan")

    def _set_rate(self, done: float, peak: float) -> None:
        wave = 0.5 * (1 + np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP)))
        for group in self._optimizer.param_groups:
            group["lr"] = peak * (done / WARM_UP if done < WARM_UP else wave) + 1e-5

    def _step(self, sampler: Sampler) -> float:
        inputs, identity, actual, drop = sampler.draw(self._random, self._options.batch, self.shape.identities)
        noisy = self._noisy(inputs, drop)
        quantiles = run_net(self._net, noisy, identity)
        loss = pinball(quantiles, torch.from_numpy(actual).float(), self._levels, self._weights)
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

    def _noisy(self, inputs: Inputs, drop: Floats) -> Inputs:
        encoder, decoder = torch.from_numpy(inputs.encoder), torch.from_numpy(inputs.decoder)
        size = len(encoder)
        if self.steps % 4 == 3:
            encoder = encoder * (torch.rand(size, 1, 1) > ENCODER_BLANK)
        encoder = encoder + ENCODER_NOISE * torch.randn_like(encoder)
        chance = torch.from_numpy(drop).float()[:, None, None]
        kept = self._seen | (torch.rand(size, 1, decoder.shape[-1]) > chance)
        return Inputs(
            encoder=encoder.numpy(),
            decoder=(decoder * kept).numpy(),
            reference=inputs.reference,
            unit=inputs.unit,
            open=inputs.open,
            range_w=inputs.range_w,
        )
