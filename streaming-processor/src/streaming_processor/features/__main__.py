"""Commands over stored history: back-fill vectors, and fit the parameters that normalize them."""

import argparse
import asyncio
import sys
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from gridseal.errors import GridsealError, UnavailableError
from gridseal.runtime.clock import clock_from
from gridseal.runtime.kafka import client_options
from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.topics import ASSETS_CHANGED
from streaming_processor.catalog_feed import CatalogFeed
from streaming_processor.features.backfill import Backfill
from streaming_processor.features.normalization import fit
from streaming_processor.features.ports import VectorKey
from streaming_processor.features.settings import FeatureGroupSettings
from streaming_processor.features.step import Plans
from streaming_processor.features.store.energy_tables import EnergyTables
from streaming_processor.features.store.lake_vectors import LakeVectors
from streaming_processor.features.store.outlooks import PostgresOutlooks
from streaming_processor.features.store.session import Session
from streaming_processor.features.store.vector_table import PostgresVectors
from streaming_processor.features.store.windows import PostgresWindows
from streaming_processor.lake.settings import LakeSettings
from streaming_processor.reference import Reference


class Picture:
    """The catalog as it was read."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def current(self) -> Reference:
        """That."""
        return self._reference


def backfill(core: CoreSettings, reference: Reference, asked: argparse.Namespace) -> int:
    """Vectors of every window in the span, of one series or all."""
    groups = load_settings(FeatureGroupSettings).groups()
    began = time.monotonic()
    with ExitStack() as stack:
        session = stack.enter_context(closing(Session(core.postgres_dsn)))
        opened: LakeVectors | PostgresVectors = (
            LakeVectors(load_settings(LakeSettings).url)
            if asked.store == "lake"
            else PostgresVectors(core.postgres_dsn, groups)
        )
        store = stack.enter_context(closing(opened))
        plan = Plans(Picture(reference), groups).current()
        windows, outlooks = PostgresWindows(session), PostgresOutlooks(session)
        total = Backfill(plan, windows, store, EnergyTables(session), outlooks).run(
            asked.begin,
            asked.end,
            clock_from(core).now(),
            wanted=lambda entity: asked.series in (None, entity.series_id),
            told=lambda series_id, made: print(f"{series_id}: {made} vectors", flush=True),
        )
    print(f"{total} vectors in {time.monotonic() - began:.1f} s")
    return 0


def fit_parameters(core: CoreSettings, reference: Reference, asked: argparse.Namespace) -> int:
    """Center and scale of every feature of one group over the span, kept as its next version."""
    groups = load_settings(FeatureGroupSettings).groups()
    group = next((g for g in groups if g.name == asked.group), None)
    if group is None:
        print(f"there is no group {asked.group}: there are {', '.join(g.name for g in groups)}", file=sys.stderr)
        return 2
    with closing(PostgresVectors(core.postgres_dsn, groups)) as store:
        entities = [e for e in Plans(Picture(reference), groups).current().entities if e.group is group]
        wanted = [
            (VectorKey(e.region_id, e.series_id, horizon), datetime.fromtimestamp(moment, UTC))
            for e in entities
            for horizon in e.horizons_s
            for moment in range(asked.begin, asked.end, e.lane.width_s)
        ]
        found = {
            (v.series_id, v.horizon_s, v.issued_at): v
            for v in store.get_historical(group, wanted, "now")
            if v is not None
        }
        if not found:
            print("no vectors in this span: back-fill it first", file=sys.stderr)
            return 1
        before = store.normalization(group)
        parameters = fit(list(found.values()), group.names, before.version + 1 if before else 1)
        store.keep_normalization(parameters)
    print(f"{group.name}/{group.version}: parameters {parameters.version} of {len(parameters.scales)} features")
    return 0


async def read_catalog(core: CoreSettings) -> Reference:
    """The whole of ``assets.changed``.

    Raises:
        UnavailableError: Kafka does not answer.
    """
    consumer = AIOKafkaConsumer(
        ASSETS_CHANGED, **client_options(core.kafka_bootstrap), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        feed = CatalogFeed(consumer, asyncio.get_running_loop(), CollectorRegistry())
        await feed.start()
    except KafkaError as error:
        raise UnavailableError(f"Kafka does not answer at {core.kafka_bootstrap}: {type(error).__name__}") from error
    finally:
        await consumer.stop()
    return feed.current()


def moment_s(text: str) -> int:
    """Seconds of an RFC 3339 moment; a date alone is its UTC midnight."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None and len(text) > len("2026-01-01"):
        raise argparse.ArgumentTypeError(f"{text} has no time zone: end it with Z")
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())


def parser() -> argparse.ArgumentParser:
    """Arguments of both commands."""
    commands = argparse.ArgumentParser(prog="python -m streaming_processor.features", description=__doc__)
    kinds = commands.add_subparsers(required=True)
    for name, act, text in (
        ("backfill", backfill, "compute the vectors of stored windows"),
        ("fit", fit_parameters, "fit normalization parameters over stored vectors"),
    ):
        command = kinds.add_parser(name, help=text)
        command.set_defaults(act=act)
        command.add_argument("--from", dest="begin", type=moment_s, required=True, help="first window, RFC 3339")
        command.add_argument("--to", dest="end", type=moment_s, required=True, help="end, not included")
        if act is backfill:
            command.add_argument("--series", help="only this series, site/name")
            command.add_argument(
                "--store", choices=("postgres", "lake"), default="postgres", help="where they are kept"
            )
        else:
            command.add_argument("--group", required=True, help="name of the group")
    return commands


def main() -> int:
    """Run one command."""
    asked = parser().parse_args()
    try:
        core = load_settings(CoreSettings)
        return int(asked.act(core, asyncio.run(read_catalog(core)), asked))
    except GridsealError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
