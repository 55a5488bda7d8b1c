"""``/api/v1/contracts``, ``/api/v1/accounts/…``, and the slots and products of ``/api/v1/settlements``."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from gridseal.errors import WireError
from gridseal.http.moments import Moment
from gridseal.wire.fields import Address, format_utc
from settlement_service.contracts import Name
from settlement_service.rounds.reader import EVER
from settlement_service.wallet.reader import WalletReader
from settlement_service.wallet.views import AccountView, ContractsView, ProductList, SlotPage, SlotView


def wallet_routes(reader: WalletReader) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["wallet"])
    _add_contracts(router, reader)
    _add_slots(router, reader)
    return router


def _add_contracts(router: APIRouter, reader: WalletReader) -> None:
    @router.get("/contracts", operation_id="listContracts")
    async def contracts() -> ContractsView:
        """Chain, addresses, ABIs, deadlines and amounts, and every call that a person may send."""
        return await reader.contracts()

    @router.get("/contracts/{name}/abi", operation_id="getAbi")
    async def abi(name: Name, response: Response) -> list[dict[str, Any]]:
        """The ABI of one contract, as ethers, viem and web3 read it."""
        response.headers["Cache-Control"] = "public, max-age=3600"
        return reader.abi(name)

    @router.get("/accounts/{address}", operation_id="getAccount")
    async def account(address: Address) -> AccountView:
        """What an account has staked, what it can claim, and what it may do. All of it stands on the chain."""
        return await reader.account(address)


def _add_slots(router: APIRouter, reader: WalletReader) -> None:
    @router.get("/settlements/products", operation_id="listSettledProducts")
    async def products() -> ProductList:
        """Products that were ever sealed: who takes part, and how they are settled."""
        return ProductList(items=await reader.products())

    @router.get("/settlements/slots", operation_id="listSlots")
    async def slots(
        response: Response,
        product_id: Annotated[str | None, Query(max_length=63)] = None,
        since: Annotated[Moment | None, Query(description="Slots from then on, domain time.")] = None,
        until: Annotated[Moment | None, Query(description="Slots before then.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(description="Opaque: `next_cursor` of the page before.")] = None,
    ) -> SlotPage:
        """Slots with their seals and rounds, newest first."""
        before = _place(cursor) if cursor else (until or EVER[1], "")
        found = await reader.slots(product_id, since or EVER[0], before, limit + 1)
        items, more = tuple(found[:limit]), len(found) > limit
        return SlotPage(items=items, next_cursor=_cursor(items[-1]) if more else None)


def _cursor(last: SlotView) -> str:
    return base64.urlsafe_b64encode(f"{format_utc(last.slot)} {last.product_id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        slot, product_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        return datetime.fromisoformat(slot), product_id
    except (ValueError, binascii.Error) as error:
        raise WireError("cursor is not one of this list: start again without it", reason="bad_cursor") from error
