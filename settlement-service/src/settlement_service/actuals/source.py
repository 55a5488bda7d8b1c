"""Measured values from ``telemetry.own_windows``, capacities from asset-service."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import httpx

from gridseal.errors import UnavailableError
from settlement_service.actuals.choose import LOOK_BACK, Target
from settlement_service.outbox import database
from settlement_service.runs import Pool

_WINDOWS = """
SELECT w.series_id, extract(epoch FROM w.window_start)::bigint AS start, w.mean_milli
FROM unnest(%(series)s::text[], %(widths)s::int[], %(starts)s::timestamptz[]) AS t(series_id, width_s, start)
JOIN telemetry.own_windows w ON w.series_id = t.series_id AND w.width_s = t.width_s AND w.window_start = t.start
WHERE w.covered_s >= w.expected_s
"""
_LARGEST = """
SELECT t.series_id, max(abs(w.mean_milli)) AS largest
FROM unnest(%(series)s::text[], %(widths)s::int[]) AS t(series_id, width_s)
JOIN telemetry.own_windows w ON w.series_id = t.series_id AND w.width_s = t.width_s
WHERE w.window_start >= %(since)s AND w.window_start < %(until)s AND w.covered_s >= w.expected_s
GROUP BY t.series_id
"""


class Measurements:
    """Reads PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def windows(self, targets: Sequence[Target]) -> dict[tuple[str, int], int]:
        """Mean of each window that is complete, by series and start."""
        asked = {
            "series": [t.series_id for t in targets],
            "widths": [t.resolution_s for t in targets],
            "starts": [datetime.fromtimestamp(t.target_start, UTC) for t in targets],
        }
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(_WINDOWS, asked)
            return {(r["series_id"], int(r["start"])): int(r["mean_milli"]) for r in await cursor.fetchall()}

    async def largest(self, targets: Iterable[Target], slot: datetime) -> dict[str, int]:
        """Largest absolute mean of a complete window in the year before the slot, by series."""
        widths = {t.series_id: t.resolution_s for t in targets}
        asked = {
            "series": list(widths), "widths": list(widths.values()), "since": slot - LOOK_BACK, "until": slot,
        }  # fmt: skip
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(_LARGEST, asked)
            return {r["series_id"]: int(r["largest"]) for r in await cursor.fetchall()}


class CatalogSource:
    """Asks asset-service; every page of it."""

    def __init__(self, url: str, timeout_s: float = 10.0, headers: Mapping[str, str] | None = None) -> None:
        """``headers`` say who asks, where there is a login."""
        self._url = url
        self._headers = dict(headers or {})
        self._timeout_s = timeout_s

    async def capacities(self) -> Mapping[str, int]:
        """Watts, by series, of those that have a capacity.

        Raises:
            UnavailableError: asset-service does not answer.
        """
        found: dict[str, int] = {}
        cursor: str | None = None
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=self._timeout_s, headers=self._headers) as http:
                while True:
                    asked = {"limit": "500", **({"cursor": cursor} if cursor else {})}
                    page = (await http.get("/api/v1/series", params=asked)).raise_for_status().json()
                    found |= {s["series_id"]: s["capacity_w"] for s in page["items"] if s.get("capacity_w")}
                    cursor = page.get("next_cursor")
                    if not cursor:
                        return found
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise UnavailableError("asset-service does not answer: check GRIDSEAL_ASSET_URL") from error
