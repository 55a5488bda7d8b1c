"""Alerts in MongoDB, one document for each ``alert_id``."""

from collections.abc import Sequence
from typing import Any

from pymongo import MongoClient, ReplaceOne
from pymongo.errors import PyMongoError

from gridseal.errors import UnavailableError
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import encode_dict


class MongoAlerts:
    """Replaces by ``_id``, so the same alert twice is one document."""

    def __init__(self, client: "MongoClient[dict[str, Any]]") -> None:
        self._alerts = client["gridseal"]["alerts"]

    def put(self, alerts: Sequence[Alert]) -> None:
        """Insert or replace by ``alert_id``.

        Raises:
            UnavailableError: The server does not answer.
        """
        if not alerts:
            return
        writes = [ReplaceOne({"_id": a.alert_id}, {"_id": a.alert_id, **encode_dict(a)}, upsert=True) for a in alerts]
        try:
            self._alerts.bulk_write(writes, ordered=False)
        except PyMongoError as error:
            raise UnavailableError(f"MongoDB does not answer: {type(error).__name__}") from error
