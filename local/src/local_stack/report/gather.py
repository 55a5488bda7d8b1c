"""Ask every part for its figures. A part that is silent is named, never guessed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar

import httpx
import psycopg

from gridseal.runtime.settings import CoreSettings
from local_stack.report.figures import Accuracy, Flow, Rounds

T = TypeVar("T")

LEDGER: LiteralString = """
SELECT coalesce(sum(inserted), 0), (SELECT count(*) FROM telemetry.refused), coalesce(sum(duplicates), 0), 0
FROM telemetry.ledger
"""
AUDIT: LiteralString = """
SELECT (SELECT count(*) FROM telemetry.readings), (SELECT count(*) FROM telemetry.refused),
  (SELECT coalesce(sum(duplicates), 0) FROM telemetry.ledger),
  (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM telemetry.readings
    GROUP BY device_id, quantity, period_start HAVING count(*) > 1) AS twice)
"""


@dataclass
class Gatherer:
    """Reads the running system through its public addresses and the operator's database role."""

    core: CoreSettings
    agent_url: str
    stream_url: str
    silent: list[str] = field(default_factory=list)
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=5.0))

    def ask(self, part: str, read: Callable[[], T]) -> T | None:
        """The answer of one part, or none with the reason noted."""
        try:
            return read()
        except (httpx.HTTPError, psycopg.Error, KeyError, ValueError) as error:
            self.silent.append(f"{part}: no answer ({type(error).__name__})")
            return None

    def get(self, url: str) -> Any:
        """JSON of one address."""
        return self._http.get(url).raise_for_status().json()

    def flow(self, *, audit: bool) -> Flow | None:
        """Counters from the agent to the store; the agent first, so that a lag never hides a loss.

        Args:
            audit: Count the rows themselves and look for doubles, which takes seconds of a core;
                else take the ledger's word.
        """
        agent = self.ask("edge-agent", lambda: self.get(f"{self.agent_url}/status"))
        gateway = self.ask("gateway", lambda: self.get(f"{self.core.gateway_url}/api/v1/gateway/status"))
        stream = self.ask("stream", lambda: self.get(f"{self.stream_url}/status"))
        stored = self.ask("store", self._audited if audit else self._ledger)
        if agent is None or gateway is None or stream is None or stored is None:
            return None
        totals, latency = agent["totals"], stream["latency_since_catch_up"] or {}
        return Flow(
            messages_sent=totals["messages_enqueued"],
            messages_received=gateway["messages_received"],
            messages_refused=sum(gateway["refused"].values()),
            readings_sent=totals["readings_enqueued"],
            readings_stored=stored[0],
            readings_refused=stored[1],
            duplicates_removed=stored[2],
            stored_twice=stored[3],
            queued=totals["queue_depth"],
            caught_up=bool(agent["caught_up"]),
            p50_ms=latency.get("p50_ms"),
            p95_ms=latency.get("p95_ms"),
            p99_ms=latency.get("p99_ms"),
        )

    def _ledger(self) -> tuple[int, int, int, int]:
        return self._counts(LEDGER)

    def _audited(self) -> tuple[int, int, int, int]:
        return self._counts(AUDIT)

    def _counts(self, query: LiteralString) -> tuple[int, int, int, int]:
        with psycopg.connect(self.core.postgres_dsn, connect_timeout=5) as db:
            row = db.execute(query).fetchone()
        if row is None:
            raise ValueError("counts")
        return int(row[0]), int(row[1]), int(row[2]), int(row[3])

    def summary(self) -> dict[str, Any] | None:
        """Answer of ``GET /api/v1/forecasts/summary``."""
        found: dict[str, Any] | None = self.ask(
            "forecast-service", lambda: self.get(f"{self.core.forecast_url}/api/v1/forecasts/summary")
        )
        return found

    def sites(self) -> tuple[str, ...]:
        """Every site of the catalog."""
        found = self.ask("asset-service", lambda: self.get(f"{self.core.asset_url}/api/v1/sites"))
        return tuple(sorted(site["site_id"] for site in found["items"])) if found else ()

    def alerts(self) -> int | None:
        """Number of recent alerts."""
        found = self.ask("alerts", lambda: self.get(f"{self.core.forecast_url}/api/v1/alerts/recent"))
        return len(found["items"]) if found else None

    def rounds(self) -> Rounds | None:
        """Scores on the chain, ours beside the benchmark's."""
        stakes = self.ask("stakes", lambda: self.get(f"{self.core.settlement_url}/api/v1/settlements/stakes"))
        scores = self.ask("scores", lambda: self.get(f"{self.core.settlement_url}/api/v1/settlements/scores"))
        return rounds_of(stakes["items"], scores["items"]) if stakes and scores else None

    def training(self) -> str | None:
        """How the last training job ended."""

        def read() -> str | None:
            with psycopg.connect(self.core.postgres_dsn, connect_timeout=5) as db:
                row = db.execute(
                    "SELECT state || ': ' || detail FROM forecast.job_runs"
                    " WHERE kind = 'train' AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1"
                ).fetchone()
            return str(row[0]) if row else None

        return self.ask("training", read)


def rounds_of(stakes: list[dict[str, Any]], scores: list[dict[str, Any]]) -> Rounds:
    """Rounds that both of our authorities were scored in."""
    names = {stake["authority"]: stake["name"] for stake in stakes}
    found: dict[tuple[str, str], dict[str, float]] = {}
    for score in scores:
        of_slot = found.setdefault((score["product_id"], score["slot"]), {})
        of_slot[names.get(score["authority"], score["authority"])] = score["score_ratio"]
    both = [of_slot for of_slot in found.values() if {"forecast", "benchmark"} <= of_slot.keys()]
    return Rounds(len(both), sum(of_slot["forecast"] < of_slot["benchmark"] for of_slot in both))


def accuracy_of(summary: dict[str, Any] | None) -> tuple[Accuracy, ...]:
    """The accuracy rows of a forecast summary."""
    rows = summary["accuracy"] if summary else []
    names = ("kind", "model", "forecasts", "pinball_ratio", "coverage_90_ratio")
    return tuple(Accuracy(**{name: row[name] for name in names}) for row in rows)
