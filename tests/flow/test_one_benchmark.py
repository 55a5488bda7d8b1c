"""The benchmark that settlement-service seals is the baseline that forecast-service computes."""

from forecast_service.model.analogue import AnalogueForecaster
from settlement_service.benchmark.compose import MODEL, MODEL_HASH, VERSION


def test_both_name_the_same_rule() -> None:
    baseline = AnalogueForecaster()

    assert (baseline.name, baseline.version, baseline.model_hash) == (MODEL, VERSION, MODEL_HASH)
