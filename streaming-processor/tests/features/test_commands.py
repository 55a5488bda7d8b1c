"""Names and arguments that people and other systems give."""

import argparse

import pytest

from gridseal.errors import ConfigError
from gridseal.runtime.settings import load_settings
from gridseal.wire.codec import decode, encode
from gridseal.wire.features import FeatureVector
from streaming_processor.features.__main__ import moment_s, parser
from streaming_processor.features.gold import gold_schema
from streaming_processor.features.groups import DEMAND, GROUPS, S3_FEATURES
from streaming_processor.features.kafka_vectors import event_id
from streaming_processor.features.settings import FeatureGroupSettings

from .builders import DAY, T0, a_vector


def test_the_variables_of_s1_name_the_demand_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_GROUP_NAME", "us-demand")
    monkeypatch.setenv("FEATURE_GROUP_VERSION", "3")
    monkeypatch.setenv("FEATURE_GROUP_PRIMARY_KEYS", "region, respondent, horizon")
    monkeypatch.setenv("FEATURE_GROUP_EVENT_TIME", "timestamp_ms")

    demand, *others = load_settings(FeatureGroupSettings).groups()

    assert (demand.name, demand.version, demand.event_time) == ("us-demand", 3, "timestamp_ms")
    assert gold_schema(demand).names[:4] == ["region", "respondent", "horizon", "timestamp_ms"]
    assert demand.features == DEMAND.features
    assert others == list(GROUPS[1:])


def test_without_them_it_keeps_its_names_and_two_keys_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(FeatureGroupSettings).groups() == GROUPS
    monkeypatch.setenv("FEATURE_GROUP_PRIMARY_KEYS", "region,series")

    with pytest.raises(ConfigError, match="FEATURE_GROUP_PRIMARY_KEYS"):
        load_settings(FeatureGroupSettings).groups()


def test_every_group_names_each_feature_once_and_the_demand_group_begins_with_s3() -> None:
    for group in GROUPS:
        assert len(set(group.names)) == len(group.names)
    assert DEMAND.features[:20] == S3_FEATURES
    assert len({(g.name, g.version) for g in GROUPS}) == len(GROUPS)


def test_a_span_is_given_with_its_time_zone_or_as_dates() -> None:
    asked = parser().parse_args(["backfill", "--from", "2026-01-01", "--to", "2026-01-02T02:00:00+02:00"])

    assert (asked.begin, asked.end, asked.series) == (T0, T0 + DAY, None)
    with pytest.raises(argparse.ArgumentTypeError, match="no time zone"):
        moment_s("2026-01-01T00:00")


def test_a_vector_survives_the_wire_with_its_types_and_each_version_has_one_name() -> None:
    vector = a_vector(0.1)

    assert decode(FeatureVector, encode(vector)) == vector
    assert event_id(vector) == f"demand/1/home/main/3600/{T0}/1"
    with pytest.raises(ValueError, match="finite"):
        a_vector(float("nan"))
