"""Assembles the feeds: ``python -m ingestion_gateway.feeds`` follows, ``… backfill --from --to`` fills history."""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gridseal.errors import ConfigError, UnavailableError
from gridseal.http.install import conventions_of
from gridseal.registry.announce import announce
from gridseal.runtime.clock import Clock, clock_from
from gridseal.runtime.health import Probe
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces
from ingestion_gateway.database import GatewayDatabase
from ingestion_gateway.feeds.app import create_app
from ingestion_gateway.feeds.archive import RawArchive
from ingestion_gateway.feeds.backfill import Filled, fill, history_window
from ingestion_gateway.feeds.book import FeedBook
from ingestion_gateway.feeds.http_room import HttpRoom, Patience
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.outlet import WRITTEN_TOPICS, KafkaOutlet
from ingestion_gateway.feeds.ports import Feed, Outside, Window
from ingestion_gateway.feeds.pull import Puller
from ingestion_gateway.feeds.registry import feeds_for
from ingestion_gateway.feeds.service import FeedService
from ingestion_gateway.feeds.settings import FeedSettings
from ingestion_gateway.feeds.sources import CATALOG, Source, load_sources
from ingestion_gateway.kafka_log import kafka_answers

_BEGIN: Final = datetime(2023, 1, 1, tzinfo=UTC)
_END: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""S3's back-fill: 2023-01-01T00 to 2025-12-31T23."""


@dataclass(frozen=True, slots=True)
class _Built:
    core: CoreSettings
    settings: FeedSettings
    sources: tuple[Source, ...]
    feeds: dict[str, Feed]
    database: GatewayDatabase
    book: FeedBook
    puller: Puller
    clock: Clock
    registry: CollectorRegistry
    metrics: FeedMetrics


@asynccontextmanager
async def _built(only: str) -> AsyncIterator[_Built]:
    core, settings = load_settings(CoreSettings), load_settings(FeedSettings)
    require_loopback(core)
    configure_logs("feeds", core.log_level)
    configure_traces("feeds", core.otlp_endpoint)
    folders = [CATALOG] if settings.sources_dir is None else [CATALOG, settings.sources_dir]
    wanted = tuple(n.strip() for n in only.split(",") if n.strip()) if only else settings.wanted
    sources = load_sources(folders, wanted)
    feeds = feeds_for(sources, Outside(settings.keys, settings.urls, settings.replay_url))
    registry, clock = new_registry(), clock_from(core)
    metrics, database = FeedMetrics(registry), GatewayDatabase(core.postgres_dsn)
    archive = RawArchive(settings.raw_dir or core.state_dir / "feeds" / "raw", database)
    patience = Patience(settings.retries, settings.retry_pause_s, settings.max_body_bytes)
    schema_ids = await announce(core.schema_registry_url, WRITTEN_TOPICS)
    # Keys stand in addresses, so redirects to elsewhere are not followed.
    async with (
        httpx.AsyncClient(follow_redirects=False) as client,
        KafkaOutlet(core.kafka_bootstrap, schema_ids) as outlet,
    ):
        book = FeedBook(database)
        room = HttpRoom(client, archive, clock, metrics, patience)
        puller = Puller(room, outlet, book, metrics)
        try:
            yield _Built(core, settings, sources, feeds, database, book, puller, clock, registry, metrics)
        finally:
            await database.close()


async def follow(only: str = "") -> None:
    """Follow all sources until stopped; in historical mode fill the history and end."""
    async with _built(only) as built:
        if built.settings.mode == "historical":
            await _fill(built, built.settings.begin or _BEGIN, built.settings.end or _END)
            return
        service = FeedService(built.sources, built.feeds, built.puller, built.book, built.clock, built.metrics)

        async def postgres() -> None:
            await built.database.run(lambda connection: connection.execute("SELECT 1"))

        kafka = partial(kafka_answers, built.core.kafka_bootstrap, timeout_s=2)
        probes: dict[str, Probe] = {"kafka": kafka, "postgres": postgres}
        app = create_app(service, probes, built.registry, conventions_of(built.core, "feeds"))
        port = built.settings.port if built.settings.port is not None else built.core.port_base + 8_031
        await run_parts([service.run, http_part(app, built.core.host, port)])


async def backfill(begin: datetime, end: datetime, only: str) -> None:
    """Fill a span of history.

    Raises:
        UnavailableError: A source did not come to its end; the same command goes on there.
    """
    async with _built(only) as built:
        await _fill(built, begin, end)


async def _fill(built: _Built, begin: datetime, end: datetime) -> None:
    window = history_window(begin, end, built.clock.now())
    if window.end <= window.start:
        raise ConfigError("the span is empty: --from lies behind --to, or in the future")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        filled = await fill(built.sources, built.feeds, window, built.puller, built.book, _RichBar(progress))
    _report(console, filled)
    if filled.failed:
        raise UnavailableError(f"not filled: {', '.join(sorted(filled.failed))}; the same command goes on there")


class _RichBar:
    """A bar for each source."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def begin(self, source: Source, pieces: int, done: int) -> None:
        """A source begins."""
        name = source.source_id
        self._tasks[name] = self._progress.add_task(name, total=pieces, completed=done)

    def advance(self, source: Source, piece: Window) -> None:
        """A piece is done."""
        self._progress.advance(self._tasks[source.source_id])


def _report(console: Console, filled: Filled) -> None:
    for name, pulled in filled.pulled.items():
        said = ", ".join(f"{count} {reason}" for reason, count in sorted(pulled.left_out.items()))
        console.print(
            f"{name}: {pulled.seen} values, {pulled.new} new, {pulled.revised} revised{'; ' * bool(said)}{said}"
        )
    for name, why in filled.failed.items():
        console.print(f"{name}: {why}", style="yellow")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a day or a time in UTC, such as 2023-01-01 or 2023-01-01T12:00Z") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingestion_gateway.feeds", description=__doc__)
    parser.add_argument("--only", default="", help="sources or files of them, separated by commas")
    commands = parser.add_subparsers(dest="command")
    history = commands.add_parser("backfill", help="fill a span of history, then end")
    history.add_argument("--from", dest="begin", type=_moment, default=_BEGIN)
    history.add_argument("--to", dest="end", type=_moment, default=_END)
    history.add_argument("--only", default=argparse.SUPPRESS, help="as above")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    asked = _arguments()
    main(partial(backfill, asked.begin, asked.end, asked.only) if asked.command else partial(follow, asked.only))
