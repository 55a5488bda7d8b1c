"""``gridseal key``: keys of machines, where there is a login."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer
from rich.console import Console
from rich.table import Table

from gridseal.access.api_keys import NewKey, append_to_file, new_key
from gridseal.access.principal import Role
from gridseal.access.store import AccessDatabase, PostgresKeys
from gridseal.errors import ConfigError, GridsealError
from gridseal.runtime.settings import CoreSettings, load_settings

app = typer.Typer(help="Keys with which machines are let in.", no_args_is_help=True)
File = Annotated[Path | None, typer.Option(help="Keep the record in this file (GRIDSEAL_API_KEYS_FILE) instead.")]
T = TypeVar("T")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    role: Annotated[str, typer.Option(help="viewer, operator, authority or admin.")] = "viewer",
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0: never.")] = 365,
    file: File = None,
) -> None:
    """Make a key and print it: the one time that it can be seen."""
    if role not in get_args(Role):
        typer.echo(f"gridseal: there is no role {role}: take {', '.join(get_args(Role))}", err=True)
        raise typer.Exit(2)
    core = _core()
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    made: NewKey = new_key(name, role, core.tenant, until)  # type: ignore[arg-type]
    if file is not None:
        append_to_file(file, made.record)
    else:
        _do(PostgresKeys(AccessDatabase(core.postgres_dsn)).add(made.record))
    typer.echo(made.text)


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The part between gs_ and the secret.")]) -> None:
    """Take a key back; services know within seconds. Keys in a file: remove them from the file."""
    if not _do(PostgresKeys(AccessDatabase(_core().postgres_dsn)).revoke(key_id)):
        typer.echo(f"gridseal: there is no key {key_id} that counts", err=True)
        raise typer.Exit(1)


@app.command("list")
def listed() -> None:
    """Show the keys in PostgreSQL that count."""
    table = Table("id", "name", "role", "tenant", "until")
    for record in _do(PostgresKeys(AccessDatabase(_core().postgres_dsn)).all()):
        until = "" if record.expires_at is None else record.expires_at.date().isoformat()
        table.add_row(record.key_id, record.name, record.role, record.tenant, until)
    Console().print(table)


def _core() -> CoreSettings:
    try:
        return load_settings(CoreSettings)
    except ConfigError as error:
        typer.echo(f"gridseal: {error}", err=True)
        raise typer.Exit(2) from error


def _do(work: Awaitable[T]) -> T:
    async def run() -> T:
        return await work

    try:
        return asyncio.run(run())
    except GridsealError as error:
        typer.echo(f"gridseal: {error}", err=True)
        raise typer.Exit(1) from error
