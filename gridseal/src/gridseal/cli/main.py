"""The ``gridseal`` command.

``verify`` needs nothing but this package. The commands that run the stack on one machine hand over
to ``python -m local_stack``, which belongs to a checkout; the package itself knows nothing about it.
"""

import importlib.util
import os
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gridseal.cli import audit_log, device, key, model
from gridseal.cli.audit import audit_device
from gridseal.cli.audit_window import Window, audit_window
from gridseal.cli.receipt_key import rotate_key
from gridseal.cli.receipts import verify_receipts
from gridseal.cli.replay import replay_run
from gridseal.cli.slot_walk import try_slot
from gridseal.cli.trace import trace_message
from gridseal.cli.verify import verify_file
from gridseal.notary.pins import Pins
from gridseal.runtime.settings import CoreSettings, load_settings

app = typer.Typer(
    name="gridseal",
    help="Forecasts of energy sites, sealed on a chain before their outcome is known.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(device.app, name="device")
app.add_typer(model.app, name="model")
app.add_typer(key.app, name="key")
app.add_typer(audit_log.app, name="audit-log")

NO_STACK = "this command runs the stack of a checkout: get the repository, then 'make setup' there"


def _hand_over(*arguments: str) -> None:
    """Become ``python -m local_stack …``: signals and the exit code are then its own."""
    if importlib.util.find_spec("local_stack") is None:
        typer.echo(f"gridseal: {NO_STACK}", err=True)
        raise typer.Exit(1)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "local_stack", *arguments])


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when all answers.")] = False,
    servers: Annotated[bool, typer.Option(help="Only the servers, none of Gridseal's own parts.")] = False,
) -> None:
    """Start everything on this machine, on loopback."""
    _hand_over("up", *(["--detach"] if detach else []), *(["--servers"] if servers else []))


@app.command()
def down() -> None:
    """Stop everything."""
    _hand_over("down")


@app.command()
def status() -> None:
    """Show processes, memory and addresses."""
    _hand_over("status")


@app.command()
def doctor() -> None:
    """Say what is missing on this machine, and what to do about it."""
    _hand_over("doctor")


@app.command()
def demo(
    check: Annotated[bool, typer.Option("--check", help="End by itself; fail if part of the path is missing.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running at the end.")] = False,
) -> None:
    """Replay real sites in time-lapse, forecast, seal and report."""
    _hand_over("demo", *(["--check"] if check else []), *(["--keep"] if keep else []))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def backtest(context: typer.Context) -> None:
    """Test forecasters on any Parquet or CSV file, as a YAML config says; --help names the options."""
    if importlib.util.find_spec("forecast_service") is None:
        typer.echo(f"gridseal: {NO_STACK}", err=True)
        raise typer.Exit(1)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "forecast_service.backtest", *context.args])


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="Proof file of one forecast.")],
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC address of any node of the chain.")] = None,
    chain_id: Annotated[int | None, typer.Option(help="The chain that it must be on.", min=1)] = None,
    registry: Annotated[str | None, typer.Option(help="Address of the registry that it must be in.")] = None,
    authority: Annotated[str | None, typer.Option(help="Address of the authority whose seal it must be.")] = None,
    inputs: Annotated[
        Path | None, typer.Option(help="What it was computed from, where that is a file of its own.")
    ] = None,
) -> None:
    """Check leaf, proof, signature and inclusion of a forecast; nothing of Gridseal needs to run."""
    pins = Pins(chain_id, _address("--registry", registry), _address("--authority", authority))
    raise typer.Exit(verify_file(file, rpc, Console(), pins, inputs))


def _address(option: str, text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise typer.BadParameter("not an address: 0x and 40 hexadecimal digits", param_hint=option)
    return text


@app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="A receipt, a list of them, or receipts with a message, as JSON.")],
    key: Annotated[Path | None, typer.Option(help="The gateway's public receipt keys, PEM.")] = None,
    gateway: Annotated[str | None, typer.Option(help="Address of a gateway that publishes them.")] = None,
) -> None:
    """Check the signature of receipts and say what they prove."""
    raise typer.Exit(verify_receipts(file, key, gateway, Console()))


@app.command("rotate-receipt-key")
def rotate_receipt_key() -> None:
    """Replace the key that signs receipts; the gateway takes the new one up by itself."""
    rotate_key()


@app.command("try-slot")
def try_one_slot(
    patience_s: Annotated[float, typer.Option(help="Wall seconds for each wait.", min=1)] = 900,
) -> None:
    """Take a slot of the running demo through doubt, ruling, settlement and withdrawal, by a wallet of its chain."""
    raise typer.Exit(try_slot(load_settings(CoreSettings), Console(), patience_s))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone: 2026-06-01T00:00:00Z")
    return moment


@app.command()
def audit(
    since: Annotated[datetime, typer.Option("--from", parser=_moment, help="First slot: 2026-06-01T00:00:00Z.")],
    until: Annotated[datetime, typer.Option("--to", parser=_moment, help="End; a slot then is not in the window.")],
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC address of any node. Unset: the stack's.")] = None,
    deployment: Annotated[Path | None, typer.Option(help="deployment.json. Unset: the stack's.")] = None,
    chain_only: Annotated[bool, typer.Option("--chain-only", help="Ask nobody but the node.")] = False,
) -> None:
    """Check every run of a window: sealed before its gate or not, each score computed again, differences listed."""
    core = load_settings(CoreSettings)
    window = Window(
        since=since,
        until=until,
        rpc=rpc or core.chain_rpc_url,
        deployment=deployment or core.state_dir / "chain" / "deployment.json",
        dsn=None if chain_only else core.postgres_dsn,
        settlement_url=None if chain_only else core.settlement_url,
    )
    raise typer.Exit(audit_window(window, Console()))


@app.command("audit-device")
def audit_one_device(
    device_id: Annotated[str, typer.Argument(metavar="DEVICE", help="A device enrolled with a payload key.")],
    keys: Annotated[Path | None, typer.Option(help="Its public keys, PEM, instead of those the gateway names.")] = None,
) -> None:
    """Check from Kafka and the store that a device signed every stored reading."""
    raise typer.Exit(audit_device(device_id, keys, Console()))


@app.command()
def trace(
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="device/boot/seq, as ce_id on Kafka has it.")],
    sent_at: Annotated[int | None, typer.Option(help="When the device sent it, Unix ms: finds old ones.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    otlp: Annotated[str | None, typer.Option(help="Also send the hops there as spans of the message's trace.")] = None,
) -> None:
    """Follow one message from its device to the receipt of the transaction that seals what came of it."""
    core = load_settings(CoreSettings)
    raise typer.Exit(trace_message(message_id, core, Console(), sent_at_ms=sent_at, as_json=as_json, otlp=otlp))


@app.command()
def replay(run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a stored run.")]) -> None:
    """Compute a stored run again from what it was computed from, and compare bit for bit."""
    replay_run(run_id)
