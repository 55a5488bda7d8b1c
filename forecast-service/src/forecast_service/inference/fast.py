"""Opens models so that their networks run on the runtime and device of the settings."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from forecast_service.inference.champion import Opener, open_model
from forecast_service.inference.registry import Registered
from forecast_service.inference.runtime import FastNet
from forecast_service.inference.serving import ServingForecaster
from forecast_service.model.frame import ENCODER_STEPS
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.model.sealed import Keys
from forecast_service.ports import Forecaster
from forecast_service.settings import Device, Runtime


def fast_opener(runtime: Runtime, device: Device) -> Opener:
    """Like ``open_model``; networks of the site model run as asked."""

    def open_fast(folder: Path, registered: Registered, keys: Keys | None, name: str) -> Forecaster:
        made = open_model(folder, registered, keys, name)
        if not isinstance(made, ServingForecaster):
            return made

        def fast(net: QuantileLstm, shape: NetShape) -> QuantileLstm:
            # It is called like one and never saved or trained.
            return cast(QuantileLstm, FastNet(net, examples(shape), runtime=runtime, device=device))

        return made.running(fast)

    return open_fast


def examples(shape: NetShape) -> list[tuple[Tensor, ...]]:
    """Inputs of several batch sizes and horizons."""
    random = torch.Generator().manual_seed(0)

    def some(batch: int, horizon: int) -> tuple[Tensor, ...]:
        given = [
            torch.randn(size, generator=random)
            for size in (
                (batch, ENCODER_STEPS, shape.encoder_features), (batch, horizon, shape.decoder_features),
                (batch, horizon), (batch, horizon),
            )
        ]  # fmt: skip
        identity = torch.arange(batch) % (shape.identities + 1)
        return given[0], given[1], identity, given[2], given[3].abs(), torch.ones(batch, horizon)

    return [some(2, 24), some(1, 6), some(9, 6)]
