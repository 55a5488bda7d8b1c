"""How fast the networks answer on one core, beside the same network run other ways.

Each figure is the median of ``RUNS`` rounds, so that one busy spell of the machine does not decide.
Inputs are random: what a network answers costs the same whatever it says.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from forecast_service.inference.fast import examples
from forecast_service.inference.runtime import FastNet, device_at_start
from forecast_service.model.frame import ENCODER_STEPS
from forecast_service.model.levels import SITE_LEVELS_BPS
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.settings import Runtime
from tests.bench.figures import Figure

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
CALLS, BATCH, HORIZON = 400, 64, 24
WAYS: tuple[Runtime, ...] = ("eager", "torchscript", "onnx")
SERVED = "torchscript"
"""What the setting ``auto`` means on a CPU."""


def measure() -> Iterator[Figure]:
    """Latency of one series, throughput of a batch, on the CPU and on CUDA where there is one."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shape = NetShape(SITE_LEVELS_BPS, identities=39)
    net = QuantileLstm(shape).eval()
    given = examples(shape)
    ways: dict[str, FastNet] = {way: FastNet(net, given, runtime=way, device="cpu") for way in WAYS}
    yield from _figures("forecast_inference", ways, SERVED, shape)
    if device_at_start("auto").type == "cuda":
        fast = {"cuda": FastNet(net, given, device="cuda"), "eager": ways["eager"]}
        yield from _figures("forecast_inference_cuda", fast, "cuda", shape)


def _figures(name: str, ways: dict[str, FastNet], served: str, shape: NetShape) -> Iterator[Figure]:
    single = {way: _times(ways, way, _inputs(shape, 1), CALLS) for way in ways}
    many = {way: _times(ways, way, _inputs(shape, BATCH), CALLS // 4) for way in ways}
    for other in (way for way in ways if way != served):
        for part, goal in ((50, 0.3), (99, 1.0)):
            own, peer = (_percentile(single[way], part) for way in (served, other))
            yield Figure(
                f"{name}_p{part}_vs_{other}_ms", own, "ms", "less", goal, f"the same network, {other}", peer, RUNS
            )
        own, peer = (BATCH / _percentile(many[way], 50) * 1e3 for way in (served, other))
        yield Figure(
            f"{name}_batch{BATCH}_vs_{other}_series_per_s", own, "series/s", "more", 15_000,
            f"the same network, {other}", peer, RUNS,
        )  # fmt: skip


def _times(ways: dict[str, FastNet], way: str, inputs: tuple[Tensor, ...], calls: int) -> list[list[float]]:
    """Milliseconds of each call, per round."""
    run: Callable[..., Tensor] = ways[way]
    rounds = []
    with torch.inference_mode():
        for _ in range(20):
            run(*inputs)
        for _ in range(RUNS):
            spent = []
            for _ in range(calls):
                began = time.perf_counter()
                run(*inputs)
                spent.append((time.perf_counter() - began) * 1e3)
            rounds.append(spent)
    return rounds


def _percentile(rounds: list[list[float]], part: int) -> float:
    return statistics.median(float(np.percentile(one, part)) for one in rounds)


def _inputs(shape: NetShape, batch: int) -> tuple[Tensor, ...]:
    identity = torch.arange(batch) % (shape.identities + 1)
    return (
        torch.randn(batch, ENCODER_STEPS, shape.encoder_features), torch.randn(batch, HORIZON, shape.decoder_features),
        identity, torch.randn(batch, HORIZON), torch.rand(batch, HORIZON), torch.ones(batch, HORIZON),
    )  # fmt: skip
