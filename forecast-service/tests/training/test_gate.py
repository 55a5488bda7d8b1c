"""A model that is worse out of sample does not serve."""

from forecast_service.training.evaluate import Figures
from forecast_service.training.gate import Table, decide


def a_table(**rcrps: tuple[float, float, float]) -> Table:
    """Per kind: lstm, reference, analogue."""
    names = ("lstm", "reference", "analogue")
    table = {name: {kind: Figures(v[k], 0.8, 0.9, 100) for kind, v in rcrps.items()} for k, name in enumerate(names)}
    return table | {"persistence": {kind: Figures(0.2, 0.8, 0.9, 100) for kind in rcrps}}


def test_a_model_that_beats_every_rival_serves() -> None:
    decision = decide(a_table(wind=(0.05, 0.06, 0.09)))

    assert decision.choices == {"wind": "lstm"}
    assert decision.promoted


def test_a_kind_that_the_network_does_worse_is_served_by_the_reference() -> None:
    decision = decide(a_table(wind=(0.05, 0.06, 0.09), home_load=(0.11, 0.10, 0.12)))

    assert decision.choices == {"wind": "lstm", "home_load": "reference"}
    assert decision.promoted


def test_a_model_that_is_worse_everywhere_is_not_promoted() -> None:
    decision = decide(a_table(wind=(0.12, 0.11, 0.09), pv=(0.08, 0.07, 0.05)))

    assert decision.choices == {"wind": "analogue", "pv": "analogue"}
    assert not decision.promoted
    assert "does not beat" in decision.sentence


def test_the_same_is_not_better() -> None:
    assert decide(a_table(pv=(0.05, 0.05, 0.06))).choices == {"pv": "reference"}


def test_nothing_judged_is_nothing_promoted() -> None:
    assert not decide({"lstm": {}, "reference": {}, "persistence": {}, "analogue": {}}).promoted
