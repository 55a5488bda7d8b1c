"""What may be done about an alert, what it then is, and that all of it is kept."""

from datetime import timedelta

import psycopg
import pytest

from forecast_service.store.database import Pool, open_async_pool

from .builders import SLOT
from .insight_world import HOUR, KeptAlerts, Still, an_alert, asking, insight_app

pytestmark = pytest.mark.servers


async def test_an_alert_goes_from_open_to_resolved_and_every_step_is_kept(dsn: str) -> None:
    pool, clock = await open_async_pool(dsn, 2), Still(SLOT + HOUR)
    alerts = KeptAlerts([an_alert(1), an_alert(2, severity="critical")])
    async with asking(insight_app(pool, alerts, clock)) as client:
        path = "/api/v1/alerts/a1"
        first = await client.post(f"{path}/actions", json={"action": "acknowledge", "note": "crew is on its way"})
        twice = await client.post(f"{path}/actions", json={"action": "acknowledge"})
        await client.post(f"{path}/actions", json={"action": "snooze", "snooze": "PT2H"})
        asleep = (await client.get(path)).json()
        clock.at += 3 * HOUR
        awake = (await client.get(path)).json()
        await client.post(f"{path}/actions", json={"action": "resolve"})
        resolved = (await client.get("/api/v1/alerts?state=resolved")).json()
        alerts.alerts[0] = an_alert(1, period_end=clock.at + HOUR, count=2)
        back = (await client.get(path)).json()
    await pool.close()

    assert (first.status_code, first.json()["by"], first.json()["note"]) == (201, "local", "crew is on its way")
    assert twice.status_code == 409
    assert "acknowledged" in twice.json()["detail"]
    assert (asleep["item"]["state"], asleep["item"]["until"]) == ("snoozed", "2026-06-01T15:00:00Z")
    assert (awake["item"]["state"], awake["item"]["until"]) == ("acknowledged", None)
    assert [i["alert"]["alert_id"] for i in resolved["items"]] == ["a1"]
    assert resolved["counts"] == {"open": 1, "resolved": 1}
    assert (back["item"]["state"], back["item"]["came_back"]) == ("open", True)
    assert [step["action"] for step in back["trail"]] == ["acknowledge", "snooze", "resolve"]


async def test_the_same_key_is_the_same_action(dsn: str) -> None:
    pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(pool, KeptAlerts([an_alert(1)]), Still(SLOT))) as client:
        sent = [
            await client.post("/api/v1/alerts/a1/actions", json={"action": "resolve"}, headers={"Idempotency-Key": "k"})
            for _ in range(2)
        ]
        trail = (await client.get("/api/v1/alerts/a1")).json()["trail"]
    await pool.close()

    assert [answer.status_code for answer in sent] == [201, 201]
    assert sent[0].json() == sent[1].json() == trail[0]
    assert len(trail) == 1


async def test_the_inbox_pages_through_all_of_a_filter(dsn: str) -> None:
    pool, seen, cursor = await open_async_pool(dsn, 2), [], ""
    async with asking(insight_app(pool, KeptAlerts([an_alert(n) for n in range(5)]), Still(SLOT))) as client:
        while True:
            page = (await client.get(f"/api/v1/alerts?limit=2&state=open{cursor}")).json()
            seen += [i["alert"]["alert_id"] for i in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
    await pool.close()

    assert seen == ["a4", "a3", "a2", "a1", "a0"]
    assert page["counts"] == {"open": 5}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "snooze"}, 422),
        ({"action": "resolve", "snooze": "PT1H"}, 422),
        ({"action": "snooze", "snooze": "P60D"}, 422),
        ({"action": "reopen"}, 409),
        ({"action": "delete"}, 422),
    ],
)
async def test_an_order_that_makes_no_sense_changes_nothing(dsn: str, body: dict[str, str], status: int) -> None:
    pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(pool, KeptAlerts([an_alert(1)]), Still(SLOT))) as client:
        refused = await client.post("/api/v1/alerts/a1/actions", json=body)
        trail = (await client.get("/api/v1/alerts/a1")).json()["trail"]
    await pool.close()

    assert (refused.status_code, trail) == (status, [])


async def test_strangers_may_look_and_not_act(dsn: str) -> None:
    pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(pool, KeptAlerts([an_alert(1)]), Still(SLOT)), host="10.0.0.9") as client:
        looked = await client.get("/api/v1/alerts/a1")
        acted = await client.post("/api/v1/alerts/a1/actions", json={"action": "resolve"})
        missing = await client.get("/api/v1/alerts/none")
    await pool.close()

    assert (looked.status_code, acted.status_code, missing.status_code) == (200, 403, 404)


async def test_what_was_done_cannot_be_undone_in_the_table(dsn: str, pool: Pool) -> None:
    async_pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(async_pool, KeptAlerts([an_alert(1)]), Still(SLOT + timedelta(hours=1)))) as client:
        await client.post("/api/v1/alerts/a1/actions", json={"action": "resolve"})
    await async_pool.close()

    for change in ("DELETE FROM forecast.alert_actions", "UPDATE forecast.alert_actions SET by = 'me'"):
        with pool.connection() as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(change.encode())
