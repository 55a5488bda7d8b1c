"""Every runtime gives what eager PyTorch gives, at every batch size and length."""

import pytest
import torch
from torch import Tensor, nn

from forecast_service.inference.runtime import FastNet, device_at_start
from forecast_service.model.levels import SITE_LEVELS_BPS
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.settings import Runtime
from gridseal.errors import ConfigError

SHAPE = NetShape(SITE_LEVELS_BPS, identities=3)


def a_net() -> QuantileLstm:
    torch.manual_seed(0)
    net = QuantileLstm(SHAPE)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.1)
    return net.eval()


def some_inputs(batch: int, horizon: int) -> tuple[Tensor, ...]:
    torch.manual_seed(batch)
    return (
        torch.randn(batch, 48, SHAPE.encoder_features), torch.randn(batch, horizon, SHAPE.decoder_features),
        torch.arange(batch) % 4, torch.randn(batch, horizon), torch.rand(batch, horizon), torch.ones(batch, horizon),
    )  # fmt: skip


EXAMPLES = [some_inputs(2, 24), some_inputs(1, 6), some_inputs(9, 6)]


@pytest.mark.parametrize("runtime", ["auto", "eager", "torchscript", "onnx"])
def test_quantiles_equal_those_of_eager_pytorch_to_a_millionth(runtime: Runtime) -> None:
    net = a_net()
    fast = FastNet(net, EXAMPLES, runtime=runtime, device="cpu").eval()

    with torch.inference_mode():
        for batch in (1, 5, 64):
            for horizon in (6, 24):
                inputs = some_inputs(batch, horizon)
                assert (fast(*inputs) - net(*inputs)).abs().max() <= 1e-6


def test_what_serves_gives_the_bits_of_eager_pytorch() -> None:
    net = a_net()
    fast = FastNet(net, EXAMPLES, device="cpu")

    with torch.inference_mode():
        for batch in (1, 40):
            inputs = some_inputs(batch, 24)
            for _ in range(4):  # a trace is optimized further while it runs
                assert torch.equal(fast(*inputs), net(*inputs))


class _Forgetful(nn.Module):
    """Branches on its data, which a trace does not see."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1 if x.sum() > 0 else x - 1


def test_a_runtime_that_differs_is_not_used() -> None:
    examples = [(torch.ones(2, 3),), (-torch.ones(2, 3),), (-torch.ones(9, 3),)]
    fast = FastNet(_Forgetful(), examples, device="cpu")

    with torch.inference_mode():
        assert fast(-torch.ones(1, 3)).tolist() == [[-2.0] * 3]
        assert fast(-torch.ones(9, 3))[0].tolist() == [-2.0] * 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there_is_said_at_the_start() -> None:
    assert device_at_start("auto").type == "cpu"
    with pytest.raises(ConfigError, match="FORECAST_DEVICE"):
        device_at_start("cuda")
