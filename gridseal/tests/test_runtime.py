"""The same in every process: settings that refuse strangers, a clock that runs faster."""

from datetime import UTC, datetime, timedelta

import pytest

from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import SystemClock, TimeLapseClock, clock_from, floor_to
from gridseal.runtime.serve import main
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback

ORIGIN = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_misspelt_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_KAFKA_BOTSTRAP", "x")

    with pytest.raises(ConfigError, match="GRIDSEAL_KAFKA_BOTSTRAP"):
        load_settings(CoreSettings)


def test_a_wrong_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_MQTT_PORT", "many")

    with pytest.raises(ConfigError, match="GRIDSEAL_MQTT_PORT"):
        load_settings(CoreSettings)


def test_development_mode_stays_on_loopback() -> None:
    require_loopback(CoreSettings(host="127.0.0.1"))

    with pytest.raises(ConfigError, match="GRIDSEAL_HOST"):
        require_loopback(CoreSettings(host="0.0.0.0"))


def test_time_lapse_runs_from_its_origin_at_its_scale() -> None:
    clock = TimeLapseClock(origin=ORIGIN, anchor=datetime.now(UTC) - timedelta(seconds=10), scale=60)

    assert timedelta(minutes=10) <= clock.now() - ORIGIN < timedelta(minutes=11)
    assert clock.wall_seconds(timedelta(minutes=15)) == 15


def test_a_scale_without_an_origin_is_refused() -> None:
    with pytest.raises(ConfigError, match="GRIDSEAL_TIME_ORIGIN"):
        clock_from(CoreSettings(time_scale=60))

    assert isinstance(clock_from(CoreSettings()), SystemClock)


def test_slots_are_multiples_of_their_step() -> None:
    assert floor_to(ORIGIN + timedelta(minutes=44, seconds=59), 900) == ORIGIN + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("failure", "code", "told"),
    [
        (ConfigError("set THIS"), 2, "gridseal: set THIS\n"),
        (UnavailableError("Kafka is away"), 1, "gridseal: Kafka is away\n"),
        (ExceptionGroup("", [ExceptionGroup("", [ConfigError("set THIS")])]), 2, "gridseal: set THIS\n"),
        (ExceptionGroup("", [UnavailableError("a"), ConfigError("b")]), 2, "gridseal: a\ngridseal: b\n"),
    ],
)
def test_a_process_ends_with_a_sentence_and_a_code_however_deep_the_failure_lies(
    failure: Exception, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        raise failure

    with pytest.raises(SystemExit) as end:
        main(run)

    assert end.value.code == code
    assert capsys.readouterr().err == told


def test_an_unforeseen_failure_is_shown_as_it_is() -> None:
    async def run() -> None:
        raise ExceptionGroup("", [UnavailableError("a"), ZeroDivisionError("b")])

    with pytest.raises(ExceptionGroup) as end:
        main(run)

    assert isinstance(end.value.exceptions[0], ZeroDivisionError)
