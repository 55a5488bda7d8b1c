"""The network cannot cross its quantiles, and untrained it is its reference."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast_service.model.assemble import DECODER_FEATURES, ENCODER_FEATURES
from forecast_service.model.lstm import NetShape, QuantileLstm, pinball


def some_inputs(seed: int, steps: int = 5) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(seed)
    encoder = torch.randn(3, 48, ENCODER_FEATURES, generator=random)
    decoder = torch.randn(3, steps, DECODER_FEATURES, generator=random)
    one = torch.rand(3, 3, steps, generator=random)
    return encoder, decoder, torch.tensor([0, 1, 2]), one[0], one[1], torch.ones(3, steps)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 9_999), min_size=1, max_size=9, unique=True))
def test_quantiles_never_cross_with_any_weights(seed: int, levels: list[int]) -> None:
    torch.manual_seed(seed)
    net = QuantileLstm(NetShape(levels_bps=tuple(sorted(levels)), identities=2)).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn_like(weight))

    quantiles = net(*some_inputs(seed))

    assert quantiles.shape == (3, 5, len(levels))
    assert (quantiles.diff(dim=-1) >= 0).all()


def test_an_untrained_network_is_its_reference() -> None:
    net = QuantileLstm(NetShape(levels_bps=(1_000, 5_000, 9_000), identities=2)).eval()
    inputs = some_inputs(1)

    assert torch.allclose(net(*inputs)[..., 1], inputs[3])


def test_a_closed_period_is_zero() -> None:
    net = QuantileLstm(NetShape(levels_bps=(1_000, 5_000, 9_000), identities=2)).eval()
    *inputs, is_open = some_inputs(1)

    assert (net(*inputs, torch.zeros_like(is_open)) == 0).all()


def test_what_did_not_happen_does_not_count_in_the_loss() -> None:
    quantiles = torch.zeros(1, 2, 1)
    actual = torch.tensor([[1.0, float("nan")]])

    loss = pinball(quantiles, actual, torch.tensor([0.5]), torch.tensor([1.0]))

    assert loss.item() == pytest.approx(1.0)
