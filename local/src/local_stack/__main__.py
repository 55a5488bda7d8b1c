"""``python -m local_stack up|down|status|doctor|demo|run|wipe``."""

import argparse
import asyncio
import os
import shutil
import sys
import time

from local_stack.control import start_detached, stop
from local_stack.doctor import examine
from local_stack.domain_time import DomainTime
from local_stack.environment import child_environment
from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.presets.preset import plan_for
from local_stack.servers import postgres
from local_stack.stack import Options, run_stack, scale_from_environment
from local_stack.status import AlreadyRunningError, holder, read_status
from local_stack.table import render_status

CHECK_ENVIRONMENT = {"GRIDSEAL_STATE_DIR": ".local/check", "GRIDSEAL_TIME_SCALE": "120", "DEMO_DAYS": "60"}
"""A check begins with empty stores of its own, a short history and a faster clock."""


def _up(arguments: argparse.Namespace) -> int:
    layout, ports, options = Layout.here(), Ports.from_environment(), Options(servers_only=arguments.servers)
    if arguments.detach:
        if (pid := holder(layout)) is not None:
            raise AlreadyRunningError(f"the stack is already running (pid {pid})")
        start_detached(layout, ["--servers"] if arguments.servers else [])
        print("running in the background; gridseal status shows it, gridseal down stops it")
        return 0
    if arguments.product:
        from local_stack.presets.demo import preset_options

        options = preset_options(plan_for(arguments.product, arguments.sets, layout))
    asyncio.run(run_stack(layout, ports, options))
    return 0


def _down(_: argparse.Namespace) -> int:
    print("stopped" if stop(Layout.here()) else "the stack was not running")
    return 0


def _status(_: argparse.Namespace) -> int:
    status = read_status(Layout.here())
    print(render_status(status) if status else "the stack is not running: gridseal up starts it")
    return 0 if status else 3


def _doctor(_: argparse.Namespace) -> int:
    return examine(Layout.here(), Ports.from_environment())


def _demo(arguments: argparse.Namespace) -> int:
    if arguments.product:
        return _preset_demo(arguments)
    from local_stack.demo import RUNS_TO_CHECK, run_demo  # only this command needs the clients of all services

    if arguments.check:
        for name, value in CHECK_ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        _wipe(arguments)
    runs = arguments.runs or (RUNS_TO_CHECK if arguments.check else 1)
    return run_demo(check=arguments.check, keep=arguments.keep, runs_per_site=runs, began=arguments.began)


def _preset_demo(arguments: argparse.Namespace) -> int:
    from local_stack.presets.demo import run_preset_demo  # only this command needs the clients of all services

    plan = plan_for(arguments.product, arguments.sets, Layout.here())
    os.environ.setdefault("GRIDSEAL_STATE_DIR", f".local/demo-{plan.name}")
    if arguments.check:
        _wipe(arguments)
    within_s = arguments.within if arguments.check else None
    return run_preset_demo(plan, check_within_s=within_s, keep=arguments.keep, began=arguments.began)


def _run(arguments: argparse.Namespace) -> int:
    """Become a program of ours, with the addresses and the clock of this stack, whether it runs or not."""
    layout = Layout.here()
    domain = DomainTime.resume(layout.run / "clock.json", scale_from_environment())
    environment = child_environment(layout, Ports.from_environment(), domain)
    environment.setdefault("LAKE_URL", str(layout.data / "lake"))
    os.execve(layout.python, [str(layout.python), "-m", *arguments.program], environment)


def _wipe(_: argparse.Namespace) -> int:
    layout = Layout.here()
    if holder(layout) is not None:
        raise StackError("the stack is running: gridseal down first")
    postgres.remove_data(layout)
    for folder in layout.kept:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_stack", description="The whole of Gridseal on this machine.")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start everything and keep it running until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return when all answers; go on in the background")
    up.add_argument("--servers", action="store_true", help="only the servers, none of Gridseal's own parts")
    up.add_argument("--product", default="", help=argparse.SUPPRESS)
    up.add_argument("--sets", default="", help=argparse.SUPPRESS)
    up.set_defaults(run=_up)
    commands.add_parser("down", help="stop everything").set_defaults(run=_down)
    commands.add_parser("status", help="processes, memory, addresses").set_defaults(run=_status)
    commands.add_parser("doctor", help="what is missing here, and what to do").set_defaults(run=_doctor)
    demo = commands.add_parser("demo", help="start, replay, forecast, seal, report; until Ctrl-C")
    demo.add_argument("--product", default="", help="a product of the source designs instead: us-demand-24h, es-t6 …")
    demo.add_argument("--sets", default="", help="folder with long public series for it")
    demo.add_argument("--check", action="store_true", help="end by itself; fail if part of the path did not happen")
    demo.add_argument("--within", type=float, default=1_800.0, help="seconds that a check of --product may take")
    demo.add_argument("--keep", action="store_true", help="leave the stack running at the end")
    demo.add_argument("--runs", type=int, default=None, help="sealed and verified runs per site before the report")
    demo.add_argument("--began", type=float, default=time.time(), help=argparse.SUPPRESS)
    demo.set_defaults(run=_demo)
    run = commands.add_parser("run", help="one program of ours, with the addresses and the clock of this stack")
    run.add_argument("program", nargs=argparse.REMAINDER, metavar="MODULE …")
    run.set_defaults(run=_run)
    commands.add_parser("wipe", help="remove data, keys, certificates and logs").set_defaults(run=_wipe)
    return parser


def main() -> int:
    """Run one command; a failure is one sentence and a non-zero exit."""
    arguments = _parser().parse_args()
    try:
        return int(arguments.run(arguments))
    except AlreadyRunningError as error:
        print(error)
        return 0
    except StackError as error:
        print(f"gridseal: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
