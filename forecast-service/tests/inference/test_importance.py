"""Shuffling an input that the model uses hurts; one it does not use changes nothing."""

from memory import FolderRegistry, trusted

from forecast_service.model.artifact import load_model
from forecast_service.model.assemble import DECODER_NAMES
from forecast_service.ports import SeriesHistory
from forecast_service.training.corpus import build
from forecast_service.training.importance import HISTORY, importance_csv

DAY = 86_400


def test_the_importance_of_every_input_is_written_and_the_reference_matters(
    trained: FolderRegistry, fleet: list[SeriesHistory]
) -> None:
    assert trained.serving is not None
    model = load_model(trained.folder / trained.serving.version, trained.serving.model_hash, trusted())
    end = min(history.end_s for history in fleet)
    known = [history for history in fleet if history.series.kind in ("home_net", "wind")]
    corpora = build(
        known, {h.series.series_id: model.series[h.series.series_id].scale for h in known}, end, model.horizon_s
    )

    text = importance_csv(model, corpora, end - 6 * DAY, end, most=16)

    lines = text.splitlines()
    rises = {name: float(rise) for name, rise, _ in (line.split(",") for line in lines[1:])}
    assert lines[0] == "feature,importance,std"
    assert rises.keys() == {*DECODER_NAMES, HISTORY}
    assert list(rises.values()) == sorted(rises.values(), reverse=True)
    assert max(rises.values()) > 0
    assert trained.records[-1].texts["feature_importance.csv"].startswith("feature,importance,std\n")
    assert text == importance_csv(model, corpora, end - 6 * DAY, end, most=16)
