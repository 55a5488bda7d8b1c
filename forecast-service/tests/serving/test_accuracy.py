"""Figures of accuracy from a real PostgreSQL, and the rules for their intervals."""

from datetime import timedelta

import numpy as np
import pytest

from forecast_service.insight.intervals import block_length_s, crps, draws_of, ratio, share, skill, wilson
from forecast_service.store.database import Pool, open_async_pool

from .builders import SLOT
from .insight_world import HOUR, KeptAlerts, Still, asking, insight_app, put_scored

DAY = timedelta(days=1)


def test_more_blocks_make_a_narrower_interval_around_the_same_value() -> None:
    noise = np.random.default_rng(1).normal(1, 0.3, 400)
    few = ratio(list(noise[:8]), [1.0] * 8, draws_of(8))
    many = ratio(list(noise), [1.0] * 400, draws_of(400))

    assert few is not None
    assert many is not None
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 3
    assert many.low < 1 < many.high


def test_too_few_blocks_give_no_interval_to_a_loss_and_wilsons_to_a_share() -> None:
    loss, hits = ratio([1, 2], [10, 10], draws_of(2)), share([9, 9], [10, 10], draws_of(2))

    assert loss is not None
    assert (loss.value, loss.low, loss.method) == (0.15, None, "none")
    assert hits is not None
    assert (hits.value, hits.method) == (0.9, "wilson")
    assert (hits.low, hits.high) == pytest.approx(wilson(0.9, 2))
    assert ratio([0], [0], draws_of(1)) is None


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)


def test_skill_turns_the_interval_of_the_ratio_around() -> None:
    found = skill([1, 2, 1, 2, 1], [2, 2, 2, 2, 4], draws_of(5))

    assert found is not None
    assert found.value == 1 - 7 / 12
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_crps_of_a_point_forecast_is_its_absolute_error() -> None:
    # All quantiles at 0, outcome 1: the loss of a level is the level, its integral 1/2; levels up to 0.999.
    levels = list(range(10, 10_000, 10))
    assert crps(levels, [level / 10_000 for level in levels]) == pytest.approx(1, abs=2e-3)


def test_long_spans_have_blocks_of_a_day() -> None:
    assert block_length_s(timedelta(days=7).total_seconds()) == 6 * 3_600
    assert block_length_s(timedelta(days=14).total_seconds()) == 24 * 3_600


@pytest.mark.servers
async def test_the_report_counts_what_matured_and_compares_on_the_same_targets(dsn: str, pool: Pool) -> None:
    for n in range(24):
        # One outcome in four lies above every quantile.
        put_scored(pool, SLOT + n * HOUR, SLOT + n * HOUR + HOUR, 2_400 if n % 4 == 0 else 2_050)
    put_scored(pool, SLOT - 40 * DAY, SLOT - 40 * DAY + HOUR, 0)
    async_pool = await open_async_pool(dsn, 2)
    app = insight_app(async_pool, KeptAlerts([]), Still(SLOT + 2 * DAY))

    async with asking(app) as client:
        answer = (await client.get("/api/v1/accuracy")).json()
        early = (await client.get("/api/v1/accuracy", params={"as_at": (SLOT + 4 * HOUR).isoformat()})).json()
        other = (await client.get("/api/v1/accuracy", params={"kind": "wind"})).json()
    await async_pool.close()

    (row,) = answer["items"]
    assert (row["product_id"], row["kind"], row["model"]) == ("site-6h", "home_net", "lstm")
    assert (row["forecasts"], row["blocks"], answer["block_s"]) == (24, 5, 21_600)
    assert [c["coverage"]["value"] for c in row["coverage"]] == [0.75, 0.75, 0.75]
    assert [c["width_ratio"] for c in row["coverage"]] == pytest.approx([0.02, 0.04, 0.06])
    assert row["coverage"][2]["coverage"]["method"] == "block_bootstrap"
    assert row["coverage"][2]["coverage"]["low"] < 0.75 < row["coverage"][2]["coverage"]["high"]
    assert row["baseline_pinball"]["value"] == pytest.approx(0.2)
    assert row["skill"]["value"] == pytest.approx(1 - row["pinball"]["value"] / 0.2)
    observed = {p["level_bps"]: p["observed"]["value"] for p in row["reliability"]}
    assert observed == {500: 0, 1_000: 0, 2_500: 0, 5_000: 0, 7_500: 0.75, 9_000: 0.75, 9_500: 0.75}
    assert sum(b["share"] for b in row["pit"]) == pytest.approx(1)
    assert row["pit"][-1] == {"from_bps": 9_500, "to_bps": 10_000, "share": 0.25, "expected_ratio": 0.05}
    assert row["crps_ratio"] > 0
    assert early["items"][0]["forecasts"] == 3
    assert early["items"][0]["pinball"]["method"] == "none"
    assert other["items"] == []


@pytest.mark.servers
async def test_skill_is_told_by_lead_and_by_the_hour_of_the_site(dsn: str, pool: Pool) -> None:
    for day in range(5):
        slot = SLOT + day * DAY
        put_scored(pool, slot, slot + HOUR, 2_000)
        put_scored(pool, slot, slot + 2 * HOUR, 2_000, series_id="home-02/net", base_loss=0.001)
    put_scored(pool, SLOT + HOUR, SLOT + 2 * HOUR, 2_000, model="analogue")
    async_pool = await open_async_pool(dsn, 2)
    app = insight_app(async_pool, KeptAlerts([]), Still(SLOT + 6 * DAY))

    async with asking(app) as client:
        by_lead = (await client.get("/api/v1/accuracy/skill")).json()["items"]
        by_hour = (await client.get("/api/v1/accuracy/skill?rows=series&columns=hour")).json()["items"]
        line = (await client.get("/api/v1/accuracy/timeline?bucket=P1D")).json()["items"]
        same = await client.get("/api/v1/accuracy/skill?rows=lead&columns=lead")
        long = await client.get("/api/v1/accuracy", params={"since": (SLOT - 90 * DAY).isoformat()})
    await async_pool.close()

    assert [(c["row"], c["column"], c["forecasts"]) for c in by_lead] == [
        ("home-01/net", "1", 5),
        ("home-02/net", "2", 5),
    ]
    assert by_lead[0]["skill"]["value"] > 0 > by_lead[1]["skill"]["value"]
    # 13:00 and 14:00 UTC in Los Angeles, in June.
    assert [(c["row"], c["column"]) for c in by_hour] == [("home-01/net", "6"), ("home-02/net", "7")]
    assert sum(p["forecasts"] for p in line) == 11
    assert same.status_code == long.status_code == 422
