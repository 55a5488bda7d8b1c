"""Which slot is due, and when telemetry is ready."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forecast_service.jobs.slots import due_slot, fresh_share, history_days, next_slot
from forecast_service.jobs.training_due import TrainingRule, training_due
from forecast_service.store.job_runs import TrainingState
from forecast_service.store.telemetry import Extent

from .builders import a_series

moments = st.integers(1_767_225_600, 1_798_761_600).map(lambda s: datetime.fromtimestamp(s, UTC))
NOW = datetime(2026, 6, 1, 12, 7, tzinfo=UTC)
RULE = TrainingRule(every=timedelta(hours=168), clock="domain", retry_s=60, min_days=42)


@given(moments, st.sampled_from([900, 3600]), st.integers(0, 30))
def test_after_a_pause_only_the_current_slot_is_due_and_the_others_are_counted(
    now: datetime, slot_s: int, pause: int
) -> None:
    current = due_slot(now, None, slot_s)
    assert current is not None
    assert current.slot <= now < current.slot + timedelta(seconds=slot_s)

    due = due_slot(now, current.slot - pause * timedelta(seconds=slot_s), slot_s)

    if pause == 0:
        assert due is None
    else:
        assert due is not None
        assert due.slot == current.slot
        assert due.missed == pause - 1
    assert next_slot(now, slot_s) == current.slot + timedelta(seconds=slot_s)


def test_a_series_counts_as_fresh_within_the_lag_and_one_period() -> None:
    def extent(hours: float) -> Extent:
        return Extent(a_series(), None, NOW - timedelta(hours=hours + 1))

    assert fresh_share([extent(2.9), extent(3.1)], NOW, 7_200) == 0.5
    assert fresh_share([Extent(a_series(), None, None)], NOW, 7_200) == 0.0
    assert fresh_share([], NOW, 7_200) == 0.0


def test_history_is_what_half_of_the_series_have() -> None:
    spans = [Extent(a_series(), NOW - timedelta(days=d), NOW) for d in (1, 50, 60)]

    assert history_days(spans) == 50


def test_the_first_training_waits_for_six_weeks_of_history() -> None:
    fresh = TrainingState(0, None, None, None)

    assert training_due(RULE, fresh, 41, NOW, NOW) is None
    assert training_due(RULE, fresh, 43, NOW, NOW) == "first training"


def test_a_failed_training_is_tried_again_after_a_pause_that_doubles() -> None:
    def due(failures: int, seconds: float) -> bool:
        state = TrainingState(failures, NOW - timedelta(seconds=seconds), None, None)
        return training_due(RULE, state, 99, NOW, NOW) is not None

    assert not due(1, 59)
    assert due(1, 61)
    assert not due(3, 239)
    assert due(3, 241)
    assert due(30, 3_601)


def test_the_next_training_follows_the_chosen_clock() -> None:
    state = TrainingState(0, NOW, NOW, NOW - timedelta(hours=169))
    wall = TrainingRule(RULE.every, "wall", RULE.retry_s, RULE.min_days)

    assert training_due(RULE, state, 99, NOW, NOW) == "schedule"
    assert training_due(wall, state, 99, NOW, NOW) is None
