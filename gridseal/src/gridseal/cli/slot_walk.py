"""``gridseal try-slot``: one slot of the running local stack from its seal to a withdrawal, by a wallet."""

import asyncio

import httpx
from rich.console import Console

from gridseal.access.install import own_headers
from gridseal.client.slot_walk import SlotWalk
from gridseal.errors import ChainError, GridsealError
from gridseal.runtime.settings import CoreSettings

DONE, REFUSED, NOT_THERE = 0, 1, 2


def try_slot(core: CoreSettings, console: Console, patience_s: float) -> int:
    """Print every step; 0 to the end, 1 the chain refused one, 2 something did not answer or not come about."""
    try:
        settled = asyncio.run(_walk(core, console, patience_s))
    except (GridsealError, httpx.HTTPError) as error:
        console.print(f"not to its end: {error}", highlight=False)
        return REFUSED if isinstance(error, ChainError) else NOT_THERE
    console.print(f"[bold green]THE WHOLE WAY[/]: {settled['product_id']} {settled['slot']}", highlight=False)
    return DONE


async def _walk(core: CoreSettings, console: Console, patience_s: float) -> dict[str, object]:
    base, headers = f"{core.settlement_url}/api/v1", own_headers(core)
    async with (
        httpx.AsyncClient(base_url=base, headers=headers, timeout=30) as service,
        httpx.AsyncClient(base_url=core.chain_rpc_url, timeout=30) as node,
    ):
        walk = SlotWalk(service, node, lambda line: console.print(line, highlight=False, soft_wrap=True), patience_s)
        return dict(await walk.run())
