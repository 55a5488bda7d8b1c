"""``python -m tests.chaos --tier ci|full --seed N``: run a plan of faults on a stack of its own, then the checker.

The stack lives in a folder and on ports of its own and is gone afterwards. Exit code 0: nothing lost,
nothing doubled, nothing invented.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from local_stack.domain_time import FIRST_ORIGIN
from local_stack.environment import addresses
from local_stack.layout import Layout
from local_stack.servers import postgres
from local_stack.stack import Options, run_stack
from tests.chaos.conductor import Conductor
from tests.chaos.load import LoadOptions
from tests.chaos.plan import TIERS, Tier, draw
from tests.chaos.processes import ClosePorts, ingest_processes
from tests.chaos.report import as_markdown, build_report
from tests.chaos.run_files import RunFiles

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SEED = 20260607
DEFAULT_PORTS = 18_400
REPORTS = ROOT / ".local" / "chaos"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run."""

    tier: Tier
    seed: int
    state: Path
    port_base: int
    controls: frozenset[str] = frozenset()
    keep: bool = False
    resume: bool = False

    @property
    def command(self) -> str:
        """The one command that repeats it."""
        extra = f" --controls {','.join(sorted(self.controls))}" if self.controls else ""
        return f".venv/bin/python -m tests.chaos --tier {self.tier.name} --seed {self.seed}{extra}"


def run(options: RunOptions) -> dict[str, Any]:
    """Start the stack, carry out the plan, check, stop; the report."""
    layout = Layout(ROOT, options.state)
    files = RunFiles(options.state / "run")
    if not options.resume:
        _clear(layout)
    files.folder.mkdir(parents=True, exist_ok=True)
    for signal_file in (files.go, files.enough, files.calm, files.armed("gateway"), files.armed("stream")):
        signal_file.unlink(missing_ok=True)
    ports, plan = ClosePorts(options.port_base), draw(options.tier, options.seed)
    load = LoadOptions(
        seed=options.seed,
        devices=plan.tier.devices,
        messages=plan.tier.messages,
        messages_per_s=plan.tier.messages_per_s,
        base_ms=int(FIRST_ORIGIN.astimezone(UTC).timestamp() * 1_000),
    )
    load.save(files.options)
    where = addresses(ports)
    conductor = Conductor(
        plan, load, files, where["GRIDSEAL_POSTGRES_DSN"], where["GRIDSEAL_KAFKA_BOOTSTRAP"], _tell, options.controls
    )
    print(
        f"{plan.kills} kills planned, {load.messages:,} messages at {load.messages_per_s:.0f}/s, state {options.state}"
    )
    stack = Options(
        processes=ingest_processes(files, load, options.controls),
        # One period of each device lasts as long as its pause between two messages: data are live.
        scale=load.rate * 1.05,
    )
    os.environ["GRIDSEAL_STATE_DIR"] = str(options.state)
    log = options.state / "stack.log"
    with log.open("w") as out, contextlib.redirect_stdout(out):
        asyncio.run(run_stack(layout, ports, stack, conductor.run))
    report = build_report(files, command=options.command, stuck=conductor.stuck, kills=conductor.kills)
    if not options.keep and report["passed"]:
        _clear(layout)
    return report


def keep_report(report: dict[str, Any], folder: Path) -> None:
    """``report.json`` and ``report.md``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=1))
    (folder / "report.md").write_text(as_markdown(report))


def _tell(line: str) -> None:
    print(line, file=sys.__stdout__, flush=True)


def _clear(layout: Layout) -> None:
    postgres.remove_data(layout)
    shutil.rmtree(layout.state, ignore_errors=True)


def _tier(asked: argparse.Namespace) -> Tier:
    tier = TIERS[asked.tier]
    if asked.bound_s is not None:
        tier = replace(tier, bound_s=asked.bound_s)
    return tier if asked.messages is None else replace(tier, messages=asked.messages)


def main(arguments: Sequence[str]) -> int:
    """Parse, run, say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--tier", choices=sorted(TIERS), default="ci")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--messages", type=int, help="at least so many, instead of the tier's number")
    parser.add_argument("--bound-s", type=float, help="no new faults after so many seconds")
    parser.add_argument("--state", type=Path, default=ROOT / ".local" / "chaos-state")
    parser.add_argument("--port-base", type=int, default=int(os.environ.get("CHAOS_PORT_BASE", DEFAULT_PORTS)))
    parser.add_argument(
        "--controls", default="", help="gateway,stream: run their broken twins, to see the checker bark"
    )
    parser.add_argument("--keep", action="store_true", help="leave journal, logs and data where they are")
    parser.add_argument("--resume", action="store_true", help="go on with the run that was cut off in this folder")
    parser.add_argument("--plan", action="store_true", help="only print what would be done")
    asked = parser.parse_args(arguments)
    controls = frozenset(filter(None, asked.controls.split(",")))
    state = asked.state.resolve()
    options = RunOptions(_tier(asked), asked.seed, state, asked.port_base, controls, asked.keep, asked.resume)
    if asked.plan:
        print(json.dumps(draw(options.tier, options.seed).as_record(), indent=1))
        return 0
    report = run(options)
    keep_report(report, REPORTS if options.tier.name == "full" else REPORTS / options.tier.name)
    print(as_markdown(report))
    if not report["passed"]:
        print(f"{report['stuck'] or 'the checker found what should not be'}; once more: {options.command} --keep")
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
