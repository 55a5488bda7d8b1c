"""What stands in for servers that the REST interfaces are tried without: a catalog, a registry, a broker. Test data."""

import importlib.util
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from gridseal.wire.alerts import Alert

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 6, 1, 12, 5, tzinfo=UTC)


def module_of(path: str) -> ModuleType:
    """A module of tests that stands beside a service."""
    spec = importlib.util.spec_from_file_location("pieces_" + path.replace("/", "_").removesuffix(".py"), ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class Alerts:
    """Three alerts, newest first."""

    def __init__(self) -> None:
        self.known = [an_alert(n) for n in (3, 2, 1)]

    async def recent(
        self, limit: int, site_id: str | None = None, severity: str | None = None,
        before: tuple[datetime, str] | None = None,
    ) -> list[Alert]:  # fmt: skip
        found = [a for a in self.known if site_id in (None, a.site_id) and severity in (None, a.severity)]
        return [a for a in found if before is None or (a.raised_at, a.alert_id) < before][:limit]

    async def one(self, alert_id: str) -> Alert | None:
        return next((a for a in self.known if a.alert_id == alert_id), None)


def an_alert(n: int) -> Alert:
    return Alert(
        alert_id=f"a{n}", tenant_id="demo", severity="info", rule="range", site_id="home-01", subject="home-01/net",
        title="t", detail="d", period_start=NOW, period_end=NOW, raised_at=NOW + timedelta(minutes=n),
    )  # fmt: skip


class NoLines:
    """An audit log that keeps nothing."""

    async def write(self, entry: object) -> None:
        pass

    async def read(self, *asked: object) -> list[Any]:
        return []


class Trainings:
    """None so far."""

    def read(self, model: str, limit: int) -> list[Any]:
        return []


class Importance:
    """The file of one version."""

    async def read(self, model: str) -> tuple[str, str] | None:
        return ("1", "feature,importance,std\nlag_24h,0.5,0.1\n") if model == "gridseal-site-6h" else None


class Source:
    """A session at a broker."""

    connected, since, session_present, connections, unconfirmed, shed = True, 0.0, True, 1, 0, 0


class Relay:
    """Judges every message unfit."""

    unacknowledged = 0

    async def judge_again(self, received: object) -> tuple[str, str]:
        return "refused", "malformed"


class History:
    """Five refused messages."""

    async def dead_letters(self, limit: int, before: int | None = None) -> list[Any]:
        from ingestion_gateway.kafka_history import DeadLetter

        end = min(before if before is not None else 5, 5)
        return [
            DeadLetter(
                offset=n, at=NOW, reason="malformed", detail="", source="", payload_bytes=1, payload="{",
            )
            for n in range(end - 1, max(-1, end - 1 - limit), -1)
        ]  # fmt: skip

    quarantined = dead_letters

    async def originals(self, offsets: Iterable[int]) -> Sequence[Any]:
        from ingestion_gateway.kafka_history import Original

        return [Original(n, None, "gone") for n in sorted(set(offsets))]
