"""What wallets are told to send is what the contracts have."""

from datetime import UTC, datetime

import pytest

from gridseal.errors import WireError
from settlement_service.contracts import Book
from settlement_service.wallet.actions import CALLS, inputs_of
from settlement_service.wallet.routes import _cursor, _place
from settlement_service.wallet.views import SlotView

SLOT = datetime(2026, 6, 8, 12, tzinfo=UTC)


def test_every_call_that_is_offered_is_in_the_abi_of_its_contract(book: Book) -> None:
    told = {call.name: inputs_of(book.abi(call.contract), call.method) for call in CALLS}

    assert told["withdraw-stake"] == [("requestId", "uint256")]
    assert [kind for _, kind in told["dispute"]] == ["bytes32", "uint64", "uint32", "bytes32"]
    assert len(told) == len(CALLS)


def test_a_call_that_the_contract_lacks_is_no_call(book: Book) -> None:
    with pytest.raises(KeyError):
        inputs_of(book.abi("StakePool"), "withdrawAll")


def test_a_page_of_slots_goes_on_after_its_last_one() -> None:
    last = SlotView(
        product_id="site-6h", slot=SLOT, run_id="1", version=1, gate_closure=SLOT, seal="final", tx_hash=None,
        sealed_at=None, round=None, round_detail=None, due_at=None,
    )  # fmt: skip

    assert _place(_cursor(last)) == (SLOT, "site-6h")
    for wrong in ("x", "AAAA", "eA"):
        with pytest.raises(WireError):
            _place(wrong)


@pytest.fixture
def book() -> Book:
    return Book(None, None)  # type: ignore[arg-type]
