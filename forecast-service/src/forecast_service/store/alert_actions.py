"""Table ``forecast.alert_actions``."""

from collections.abc import Callable, Sequence
from datetime import datetime

from forecast_service.insight.alert_life import AlertAction
from forecast_service.store.database import AsyncPool, answering

_COLUMNS = "action_id, recorded_at, at, action, by, note, until"
_NAMES = tuple(_COLUMNS.split(", "))
_INSERT = f"""
INSERT INTO forecast.alert_actions (alert_id, at, action, by, note, until, request_key)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}
"""
Check = Callable[[Sequence[AlertAction]], None]
"""Raises where the new action does not fit the ones before it."""


class AlertActions:
    """Every call may raise ``UnavailableError``."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def of(self, alert_ids: Sequence[str]) -> dict[str, list[AlertAction]]:
        """Actions of alerts, oldest first; alerts without any are left out."""
        query = f"SELECT alert_id, {_COLUMNS} FROM forecast.alert_actions WHERE alert_id = ANY(%s) ORDER BY action_id"
        found: dict[str, list[AlertAction]] = {}
        with answering():
            async with self._pool.connection() as connection:
                for row in await (await connection.execute(query.encode(), (list(alert_ids),))).fetchall():
                    found.setdefault(row[0], []).append(_action(row[1:]))
        return found

    async def add(
        self, alert_id: str, at: datetime, action: str, by: str, note: str, until: datetime | None, key: str | None,
        check: Check,
    ) -> AlertAction:  # fmt: skip
        """Keep an action, one at a time per alert; the same key again is the same action."""
        known = f"SELECT {_COLUMNS}, request_key FROM forecast.alert_actions WHERE alert_id = %s ORDER BY action_id"
        with answering():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext('alert/' || %s))", (alert_id,))
                rows = await (await connection.execute(known.encode(), (alert_id,))).fetchall()
                for row in rows:
                    if key is not None and row[-1] == key:
                        return _action(row[:-1])
                check([_action(row[:-1]) for row in rows])
                values = (alert_id, at, action, by, note, until, key)
                kept = await (await connection.execute(_INSERT.encode(), values)).fetchone()
        assert kept is not None
        return _action(kept)


def _action(row: Sequence[object]) -> AlertAction:
    return AlertAction.model_validate(dict(zip(_NAMES, row, strict=True)))
