"""``gridseal audit-log``: whether the log of who did what is whole."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from gridseal.access.audit import AuditLine
from gridseal.access.audit_chain import Broken, Whole, check
from gridseal.access.store import AccessDatabase, PostgresAudit
from gridseal.errors import GridsealError
from gridseal.runtime.settings import CoreSettings, load_settings

app = typer.Typer(help="The log of who did what.", no_args_is_help=True)
WHOLE, NOT_WHOLE, NOT_CHECKED = 0, 1, 2
_PAGE: Final = 5_000


@app.callback()
def log() -> None:
    """The log of who did what."""


@app.command()
def verify(
    export: Annotated[Path | None, typer.Option(help="Lines as NDJSON, as the route exports them.")] = None,
    holds: Annotated[str | None, typer.Option(help="A hash that was noted earlier: it must still be there.")] = None,
) -> None:
    """Compute every hash again; 0 the log is whole, 1 it was changed, 2 it could not be read."""
    try:
        if export is None:
            core = load_settings(CoreSettings)
            lines, head = asyncio.run(_stored(core.postgres_dsn, core.tenant))
        else:
            lines, head = list(_exported(export)), None
    except (GridsealError, OSError, ValidationError) as error:
        typer.echo(f"not checked: {str(error).splitlines()[0]}", err=True)
        raise typer.Exit(NOT_CHECKED) from error
    raise typer.Exit(_say(lines, head, holds))


def _say(lines: list[AuditLine], head: tuple[int, str] | None, holds: str | None) -> int:
    found = check(lines)
    if isinstance(found, Whole) and head is not None and head != (found.lines, found.last):
        found = Broken(found.lines + 1, f"the log ends before its head, which is line {head[0]}")
    if isinstance(found, Whole) and holds is not None and holds not in {line.hash for line in lines}:
        found = Broken(found.begins_at, "no line has the hash that was noted")
    if isinstance(found, Broken):
        typer.echo(f"NOT WHOLE at line {found.place}: {found.why}")
        return NOT_WHOLE
    since = "" if found.begins_at == 1 else f" from line {found.begins_at} on, with nothing said about those before"
    typer.echo(f"WHOLE: {found.lines} lines{since}\nlast hash {found.last}: note it elsewhere, and give it to --holds")
    return WHOLE


async def _stored(dsn: str, tenant: str) -> tuple[list[AuditLine], tuple[int, str]]:
    database = AccessDatabase(dsn)
    log, lines = PostgresAudit(database), list[AuditLine]()
    try:
        head = await log.head(tenant)
        while page := await log.following(tenant, lines[-1].place if lines else 0, _PAGE):
            lines += page
    finally:
        await database.close()
    return [line for line in lines if line.place <= head[0]], head


def _exported(path: Path) -> Iterator[AuditLine]:
    for text in path.read_text().splitlines():
        if text.strip():
            yield AuditLine.model_validate_json(text)
