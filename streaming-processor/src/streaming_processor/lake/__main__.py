"""``python -m streaming_processor.lake run|backfill|gold|tidy|verify``."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from datetime import UTC, datetime

from gridseal.errors import ConfigError, GridsealError
from gridseal.runtime.clock import clock_from
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.settings import CoreSettings, load_settings
from streaming_processor.features.settings import FeatureGroupSettings
from streaming_processor.lake.flow import Flow
from streaming_processor.lake.gold import Gold
from streaming_processor.lake.settings import LakeSettings


def main(arguments: list[str]) -> int:
    """Run one command; 2 for a setting that is wrong, 1 for anything else that fails."""
    chosen = _parser().parse_args(arguments)
    try:
        core, settings = load_settings(CoreSettings), load_settings(LakeSettings)
        configure_logs("streaming-processor-lake", core.log_level)
        lake = _Lake(core, settings)
        match chosen.command:
            case "run":
                asyncio.run(lake.run())
            case "backfill":
                asyncio.run(lake.backfill(chosen.start, chosen.end))
            case "gold":
                lake.build(chosen.start, chosen.end)
            case "tidy":
                lake.tidy()
            case _:
                print(lake.gold.verify(chosen.table, chosen.version))
    except GridsealError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    return 0


class _Lake:
    """The commands, over one set of settings."""

    def __init__(self, core: CoreSettings, settings: LakeSettings) -> None:
        self._settings = settings
        self._clock = clock_from(core)
        self._flow = Flow(core.kafka_bootstrap, settings, self._clock)
        self.gold = Gold(settings.url, load_settings(FeatureGroupSettings).groups())

    async def run(self) -> None:
        task = asyncio.ensure_future(self._flow.run())
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def backfill(self, start: datetime | None, end: datetime | None) -> None:
        began = time.monotonic()
        records, moved = await self._flow.catch_up()
        print(f"Bronze  {records:>12,} new records")
        print(
            f"Silver  {moved.stored:>12,} new readings from {moved.messages:,} messages; {moved.duplicates:,} repeated,"
        )
        print(f"        {moved.refused:>12,} refused, {moved.undecodable:,} messages that are no telemetry")
        self.build(start, end)
        print(f"{time.monotonic() - began:.1f} s, in {self._settings.url}")

    def build(self, start: datetime | None, end: datetime | None) -> None:
        reference = self._flow.silver.reference()
        span = self._flow.silver.span()
        if span is None:
            print("Gold    nothing yet: Silver is empty")
            return
        begin_s = int(start.timestamp()) if start else span[0]
        end_s = int(end.timestamp()) if end else span[1]
        for one in self.gold.build(self._flow.silver, reference, begin_s, end_s, self._clock.now()):
            state = "written" if one.fresh else "unchanged"
            print(f"Gold    {one.rows:>12,} rows of {one.name}, version {one.version} {state}, sha256 {one.sha256}")

    def tidy(self) -> None:
        counts = self._flow.tidy(self._clock.now())
        counts |= {f"gold/{n}": t.tidy(self._settings.gold_hours) for n, t in self.gold.tables.items()}
        for name, done in counts.items():
            print(f"{name:<24} {done['removed']:,} files into {done['added']:,}; {done['deleted']:,} deleted")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m streaming_processor.lake", description="LAKE_URL is the place")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="follow Kafka into Bronze and Silver until stopped")
    for name, text in (
        ("backfill", "bring what Kafka holds through Bronze and Silver into Gold"),
        ("gold", "build the training sets from Silver"),
    ):
        one = commands.add_parser(name, help=text)
        one.add_argument("--from", dest="start", type=_moment, default=None, metavar="YYYY-MM-DD")
        one.add_argument("--to", dest="end", type=_moment, default=None, metavar="YYYY-MM-DD")
    commands.add_parser("tidy", help="compact, checkpoint and vacuum every table")
    verify = commands.add_parser("verify", help="compare a version of a training set with its manifest")
    verify.add_argument("table")
    verify.add_argument("version", type=int)
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
