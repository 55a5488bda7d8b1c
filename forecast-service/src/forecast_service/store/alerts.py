"""Alerts as streaming-processor keeps them in MongoDB."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from gridseal.access.tenant_documents import OwnDocuments
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger
from gridseal.wire.alerts import Alert

log = get_logger(__name__)
REACH = 2_000
"""How far back the list pages."""
_FIELDS = frozenset(Alert.model_fields) - {"schema_"}


class AlertReader:
    """Collection ``alerts``, newest first."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: str, tenant: str) -> None:
        self._client = client
        self._alerts = OwnDocuments(client[database]["alerts"], tenant)

    async def probe(self) -> None:
        """Whether the server answers."""
        await self._client.admin.command("ping")

    async def recent(
        self, limit: int, site_id: str | None = None, severity: str | None = None,
        before: tuple[datetime, str] | None = None,
    ) -> list[Alert]:  # fmt: skip
        """Up to ``limit`` alerts, newest first, after a place in that order.

        Raises:
            UnavailableError: MongoDB does not answer.
        """
        wanted: dict[str, Any] = {}
        if site_id:
            wanted["site_id"] = site_id
        if severity:
            wanted["severity"] = severity
        try:
            newest = self._alerts.find(wanted).sort([("raised_at", -1), ("_id", -1)]).limit(REACH)
            found = [document async for document in newest]
        except PyMongoError as error:
            raise UnavailableError("MongoDB does not answer: alerts cannot be read") from error
        alerts = sorted((a for d in found if (a := _alert(d)) is not None), key=_order, reverse=True)
        return [a for a in alerts if before is None or _order(a) < before][:limit]

    async def one(self, alert_id: str) -> Alert | None:
        """An alert by its id.

        Raises:
            UnavailableError: MongoDB does not answer.
        """
        try:
            document = await self._alerts.find_one({"_id": alert_id})
        except PyMongoError as error:
            raise UnavailableError("MongoDB does not answer: alerts cannot be read") from error
        return None if document is None else _alert(document)


def _order(alert: Alert) -> tuple[datetime, str]:
    return alert.raised_at, alert.alert_id


def _alert(document: dict[str, Any]) -> Alert | None:
    try:
        return Alert.model_validate({k: v for k, v in document.items() if k in _FIELDS})
    except ValidationError:
        log.warning("alert_refused", alert_id=str(document.get("_id")))
        return None
