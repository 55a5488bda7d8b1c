"""``gridseal verify``: check a proof file with no part of Gridseal but this command."""

from pathlib import Path

from rich.console import Console

from gridseal.client.json_rpc import JsonRpcChain
from gridseal.errors import UnavailableError, WireError
from gridseal.notary.check import check_chain, check_offline
from gridseal.notary.origin import check_inputs
from gridseal.notary.outcome import Check
from gridseal.notary.pins import Pins, check_pins, not_pinned
from gridseal.notary.proof_file import read_proof

VERIFIED, REFUTED, NOT_CHECKED = 0, 1, 2
NO_PINS = Pins()


def verify_file(
    path: Path, rpc_url: str | None, console: Console, pins: Pins = NO_PINS, inputs: Path | None = None
) -> int:
    """Print each check by name; 0 all passed, 1 a check failed, 2 the file or the node cannot be read.

    Args:
        path: The proof file.
        rpc_url: Any node of the chain; without one nothing is verified.
        console: Where to print.
        pins: What the file must name.
        inputs: What the run was computed from, where the file does not hold it.
    """
    try:
        proof = read_proof(path.read_bytes())
        beside = None if inputs is None else inputs.read_bytes()
    except OSError as error:
        console.print(f"cannot read {error.filename}: {error.strerror}")
        return NOT_CHECKED
    except WireError as error:
        console.print(f"{path.name}: {error}", highlight=False)
        return NOT_CHECKED
    checks = [
        *check_offline(proof),
        *([] if beside is None else [check_inputs(proof, beside)]),
        *check_pins(proof, pins),
    ]
    try:
        if rpc_url is not None:
            with JsonRpcChain(rpc_url) as chain:
                checks += check_chain(proof, chain)
    except UnavailableError as error:
        _print(checks, console)
        console.print(f"not verified: {error}")
        return NOT_CHECKED
    _print(checks, console)
    if not all(check.passed for check in checks):
        console.print("NOT VERIFIED: at least one check failed", style="bold red")
        return REFUTED
    if rpc_url is None:
        console.print("not verified: the chain was not asked; give --rpc URL of any node of this chain")
        return NOT_CHECKED
    for name in not_pinned(pins):
        console.print(f"[yellow]open[/] {name}: not given, compare it with what its owner publishes", highlight=False)
    forecast = proof.forecast
    console.print(
        f"VERIFIED: {forecast.series_id}, {len(forecast.points)} periods from run {forecast.run_id}", style="bold green"
    )
    return VERIFIED


def _print(checks: list[Check], console: Console) -> None:
    for check in checks:
        mark = "[green]ok  [/]" if check.passed else "[red]FAIL[/]"
        console.print(f"{mark} {check.name}: {check.detail}", highlight=False)
