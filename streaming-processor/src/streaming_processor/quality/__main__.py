"""``python -m streaming_processor.quality check --from … --to …``: the rules over stored readings."""

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from datetime import UTC, datetime

import psycopg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pymongo import MongoClient

from gridseal.errors import ConfigError, GridsealError, UnavailableError
from gridseal.runtime.clock import clock_from
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.wire.topics import ASSETS_CHANGED
from streaming_processor.catalog_feed import CatalogFeed
from streaming_processor.quality.rules import packaged_rules
from streaming_processor.quality.settled import check, check_span
from streaming_processor.reference import Reference
from streaming_processor.store.alerts import MongoAlerts


def main(arguments: list[str]) -> int:
    """Run one command; 2 for a setting that is wrong, 1 for a server that is gone."""
    parser = argparse.ArgumentParser(prog="python -m streaming_processor.quality")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("check", help="apply all rules to stored readings and keep the hits")
    one.add_argument("--from", dest="start", type=_moment, required=True, metavar="YYYY-MM-DD[THH:MM]Z")
    one.add_argument("--to", dest="end", type=_moment, required=True, metavar="YYYY-MM-DD[THH:MM]Z")
    one.add_argument("--dry-run", action="store_true", help="count, keep nothing")
    two = commands.add_parser("prune", help="drop hits, conflicts and findings of older readings")
    two.add_argument("--before", type=_moment, required=True, metavar="YYYY-MM-DD")
    chosen = parser.parse_args(arguments)
    try:
        core = load_settings(CoreSettings)
        require_loopback(core)
        configure_logs("streaming-processor-quality", core.log_level)
        if chosen.command == "prune":
            return _prune(core, chosen.before)
        return _check(core, chosen.start, chosen.end, dry=chosen.dry_run)
    except GridsealError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except psycopg.OperationalError as error:
        print(f"PostgreSQL does not answer: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _check(core: CoreSettings, start: datetime, end: datetime, *, dry: bool) -> int:
    reference = asyncio.run(_reference(core))
    span = int(start.timestamp()), int(end.timestamp())
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(core.postgres_dsn, autocommit=True, connect_timeout=5))
        connection.execute("SET TIME ZONE 'UTC'")
        if dry:
            found = check_span(connection, reference, *span, packaged_rules())
            counts = dict(Counter(f.rule for part in found for f in part))
        else:
            counts, alerts = check(connection, reference, *span, packaged_rules(), clock_from(core).now())
            MongoAlerts(stack.enter_context(MongoClient(core.mongo_url, serverSelectionTimeoutMS=3_000))).put(alerts)
    print(f"{'hits' if dry else 'new hits'} in [{start:%Y-%m-%d %H:%M}, {end:%Y-%m-%d %H:%M}) UTC")
    for rule in packaged_rules().rules:
        print(f"  {rule:<18} {counts.get(rule, 0):>10,}")
    return 0


def _prune(core: CoreSettings, before: datetime) -> int:
    with psycopg.connect(core.postgres_dsn, connect_timeout=5) as connection:
        row = connection.execute("SELECT telemetry.drop_quality_before(%s)", (before,)).fetchone()
    print(f"{row[0] if row else 0} months of hits dropped")
    return 0


async def _reference(core: CoreSettings) -> Reference:
    consumer = AIOKafkaConsumer(
        ASSETS_CHANGED, **client_options(core.kafka_bootstrap), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
    except KafkaError as error:
        await consumer.stop()
        raise UnavailableError(f"Kafka does not answer at {core.kafka_bootstrap}: {type(error).__name__}") from error
    try:
        feed = CatalogFeed(consumer, asyncio.get_running_loop(), new_registry())
        await feed.start()
        return feed.current()
    finally:
        await consumer.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
