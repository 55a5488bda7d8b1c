"""``gridseal model``: which version of a model serves, approval, and roll-back in one command."""

import getpass
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from gridseal.access.install import own_headers
from gridseal.errors import ConfigError
from gridseal.runtime.settings import CoreSettings, load_settings

app = typer.Typer(help="Versions of the models that forecast.", no_args_is_help=True)
Model = Annotated[str, typer.Option(help="Name in the registry.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept for whoever asks later.", prompt=True)]
SITE_MODEL = "gridseal-site-6h"


@app.command()
def status(model: Model = SITE_MODEL) -> None:
    """Show which version stands where, and what happened to it."""
    found = _ask("GET", model, "")
    table = Table("alias", "version", "hash", "what the gate said")
    for alias, version in found["aliases"].items():
        table.add_row(alias, version["version"], version["model_hash"][:18], version["decision"])
    console = Console()
    console.print(table)
    for event in found["events"][:10]:
        console.print(
            f"{event['recorded_at']}  version {event['version']} {event['kind']} by {event['by']}: {event['reason']}"
        )


@app.command()
def rollback(reason: Reason, model: Model = SITE_MODEL) -> None:
    """Let the version before the champion serve again."""
    done = _ask("POST", model, "/rollback", reason)
    typer.echo(f"version {done['taken_back']['version']} is taken back, version {done['serves']['version']} serves")


@app.command()
def approve(reason: Reason, model: Model = SITE_MODEL) -> None:
    """Let the version serve that passed the gate and waits for a person."""
    typer.echo(f"version {_ask('POST', model, '/approve', reason)['version']} serves")


def _ask(method: str, model: str, order: str, reason: str | None = None) -> dict[str, Any]:
    try:
        core = load_settings(CoreSettings)
        address, headers = core.forecast_url, own_headers(core)
    except ConfigError as error:
        typer.echo(f"gridseal: {error}", err=True)
        raise typer.Exit(2) from error
    body = {"reason": reason, "by": getpass.getuser()} if reason is not None else None
    try:
        answer = httpx.request(
            method, f"{address}/api/v1/models/{model}{order}", json=body, headers=headers, timeout=30
        )
    except httpx.TransportError as error:
        typer.echo(f"gridseal: forecast-service does not answer at {address}", err=True)
        raise typer.Exit(1) from error
    found: dict[str, Any] = answer.json()
    if answer.is_error:
        typer.echo(f"gridseal: {found.get('detail', answer.status_code)}", err=True)
        raise typer.Exit(1)
    return found
