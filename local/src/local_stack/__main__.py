"""``python -m local_stack up|down|status|doctor``."""

import argparse
import asyncio
import sys

from local_stack.control import start_detached, stop
from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.stack import Options, run_stack
from local_stack.status import AlreadyRunningError, holder, read_status
from local_stack.table import render_status


def _up(arguments: argparse.Namespace) -> int:
    layout, ports, options = Layout.here(), Ports.from_environment(), Options(servers_only=arguments.servers)
    if arguments.detach:
        if (pid := holder(layout)) is not None:
            raise AlreadyRunningError(f"the stack is already running (pid {pid})")
        start_detached(layout, ["--servers"] if arguments.servers else [])
        print("running in the background; gridseal status shows it, gridseal down stops it")
        return 0
    asyncio.run(run_stack(layout, ports, options))
    return 0


def _down(_: argparse.Namespace) -> int:
    print("stopped" if stop(Layout.here()) else "the stack was not running")
    return 0


def _status(_: argparse.Namespace) -> int:
    status = read_status(Layout.here())
    print(render_status(status) if status else "the stack is not running: gridseal up starts it")
    return 0 if status else 3


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_stack", description="The whole of Gridseal on this machine.")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start everything and keep it running until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return when all answers; go on in the background")
    up.add_argument("--servers", action="store_true", help="only the servers, none of Gridseal's own parts")
    up.set_defaults(run=_up)
    commands.add_parser("down", help="stop everything").set_defaults(run=_down)
    commands.add_parser("status", help="processes, memory, addresses").set_defaults(run=_status)
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
