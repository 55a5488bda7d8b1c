"""What the network of the site model pays heed to: by permutation, as ``feature_importance.csv``.

The first network of the ensemble stands for the others, which learned the same from other seeds.

Breiman, Random Forests (2001), section 10: shuffle one input among samples of a kind and see how much
the range-normalized CRPS rises. Inputs that say nearly the same each look dispensable.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from forecast_service.model.assemble import DECODER_NAMES, Inputs
from forecast_service.model.levels import crps
from forecast_service.model.predict import SiteModel, member_quantiles
from forecast_service.model.samples import Samples
from forecast_service.training.corpus import Corpus
from forecast_service.training.evaluate import EVERY_S

HISTORY = "history"
"""The 48 periods before the slot, shuffled as one."""
CSV_FILE = "feature_importance.csv"
MOST = 64
"""Samples a kind: seconds of a training, and enough to tell the first from the last."""


def importance_csv(
    model: SiteModel, corpora: Sequence[Corpus], since_s: int, until_s: int, most: int = MOST, seed: int = 0
) -> str:
    """``feature,importance,std``: mean rise over the kinds and its standard deviation, the greatest first."""
    rng, model = np.random.default_rng(seed), replace(model, trees={}, more_nets=())
    rises: dict[str, list[float]] = {name: [] for name in (*DECODER_NAMES, HISTORY)}
    for corpus in corpora:
        everything = corpus.samples(since_s, until_s, EVERY_S)
        kinds = np.array(corpus.panel.kinds)[everything.rows]
        for kind in sorted(set(kinds.tolist())):
            mine = rng.permutation(np.flatnonzero(kinds == kind))[:most]
            _kind(model, corpus, everything.of(mine), rng, rises)
    rows = [(name, float(np.mean(found)), float(np.std(found))) for name, found in rises.items() if found]
    rows.sort(key=lambda row: -row[1])
    return "".join(["feature,importance,std\n", *(f"{name},{mean:.6g},{std:.6g}\n" for name, mean, std in rows)])


def _kind(
    model: SiteModel, corpus: Corpus, samples: Samples, rng: np.random.Generator, rises: dict[str, list[float]]
) -> None:
    base = _loss(model, corpus, samples, None)
    if np.isfinite(base):
        for name, found in rises.items():
            found.append(_loss(model, corpus, samples, _shuffled(name, rng)) - base)


def _shuffled(name: str, rng: np.random.Generator) -> Callable[[Inputs], Inputs]:
    """Gives every sample of a batch the input of another one. Samples come in random order, so batches are mixed."""

    def change(inputs: Inputs) -> Inputs:
        order = rng.permutation(len(inputs.encoder))
        if name == HISTORY:
            return replace(inputs, encoder=inputs.encoder[order])
        decoder, column = inputs.decoder.copy(), DECODER_NAMES.index(name)
        decoder[..., column] = decoder[order, :, column]
        return replace(inputs, decoder=decoder)

    return change


def _loss(model: SiteModel, corpus: Corpus, samples: Samples, change: Callable[[Inputs], Inputs] | None) -> float:
    """Mean CRPS in ranges; NaN where nothing has come yet."""
    quantiles = member_quantiles(model, corpus.frame, samples, change).nets
    loss = crps(corpus.actual(samples), quantiles, model.shape.levels_bps)
    there = np.isfinite(loss)
    return float((loss / corpus.panel.ranges[samples.rows][:, None])[there].mean()) if there.any() else float("nan")
