"""The benchmark beside a run: the same question, the seasonal-naive answer."""

from collections.abc import Callable

from gridseal.wire.forecasts import ForecastRun
from settlement_service.benchmark.compose import MODEL_HASH, benchmark_of


def baseline_of(run: ForecastRun, *, without: str = "") -> dict[tuple[str, object], tuple[int, ...]]:
    return {
        (s.series_id, p.target_start): (-5, 0, 5) for s in run.series for p in s.points if s.series_id != without
    }  # fmt: skip


def test_the_benchmark_answers_the_same_question_under_an_id_of_its_own(make_run: Callable[..., ForecastRun]) -> None:
    run = make_run()
    found = benchmark_of(run, baseline_of(run))  # type: ignore[arg-type]

    assert found is not None
    assert found.run_id != run.run_id
    assert (found.slot, found.gate_closure, found.levels_bps) == (run.slot, run.gate_closure, run.levels_bps)
    assert (found.model_name, found.model_hash) == ("analogue", MODEL_HASH)
    assert [len(s.points) for s in found.series] == [len(s.points) for s in run.series]
    assert found.series[0].points[0].values_milli == (-5, 0, 5)


def test_a_series_without_history_is_left_out_and_without_any_there_is_no_benchmark(
    make_run: Callable[..., ForecastRun],
) -> None:
    run = make_run()
    found = benchmark_of(run, baseline_of(run, without="home-01/net"))  # type: ignore[arg-type]

    assert found is not None
    assert [s.series_id for s in found.series] == ["home-00/net"]
    assert benchmark_of(run, {}) is None
