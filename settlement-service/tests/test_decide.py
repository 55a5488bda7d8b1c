"""The next step of a run depends on what stands on the chain, first of all."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gridseal.notary.batch import ZERO_HASH, batch_of
from settlement_service.decide import Action, Failed, Late, Mined, Send, SendAlone, Sign, Wait, decide
from settlement_service.sealing import ChainView, Position, Sealing, Signing
from settlement_service.transactions.orders import Attempt, Inclusion, Placed

GATE = 1_780_275_600
BEFORE, AFTER = GATE - 1, GATE
POSITION = Position("0x" + "aa" * 32, 7, "0x" + "bb" * 32, BEFORE, "0x" + "cc" * 32)
EMPTY = ChainView(
    height=6,
    block_time=BEFORE,
    next_nonce=0,
    last_batch=ZERO_HASH,
    slot_version=0,
    position=None,
)


ORDER = Placed(
    id=1,
    deployment_id="one",
    key="relayer",
    contract="ForecastRegistry",
    method="notarize",
    calldata=b"",
    idempotency_key="seal:0x:0",
    state="sent",
    nonce=0,
    attempts=(Attempt("0x" + "aa" * 32, 1, 0, 21_000, 1, 1, b"raw", sent=True),),
)


@pytest.fixture
def built(make_sealing: Callable[[], Sealing]) -> Sealing:
    return replace(make_sealing(), gate_closure=GATE)


@pytest.fixture
def signed(built: Sealing) -> Sealing:
    batch = batch_of(built.run, bytes.fromhex(built.root[2:]), prev_batch=ZERO_HASH, nonce=0)
    signing = Signing("0x" + "cc" * 32, batch, b"s" * 65)
    return replace(built, state="signed", signing=signing)


@pytest.fixture
def sent(signed: Sealing) -> Sealing:
    return replace(signed, state="sent", order=ORDER)


def test_a_run_leaves_a_group_whose_call_never_was_or_was_refused(signed: Sealing) -> None:
    grouped = replace(signed, group="many:0x01:0x02")
    refused = replace(ORDER, state="failed")

    assert decide(grouped, EMPTY, BEFORE) == SendAlone()
    assert decide(replace(grouped, order=refused), EMPTY, BEFORE) == SendAlone()
    assert decide(replace(grouped, order=ORDER), EMPTY, BEFORE) == Wait()


def test_what_stands_on_the_chain_is_mined_whatever_else_is_true(built: Sealing, sent: Sealing) -> None:
    late_and_refused = replace(EMPTY, position=POSITION, block_time=AFTER + 99, slot_version=9)

    assert decide(built, late_and_refused, AFTER + 99) == Mined(POSITION)
    assert decide(sent, late_and_refused, AFTER + 99) == Mined(POSITION)


def test_a_fresh_run_is_signed_at_the_end_of_the_authoritys_chain(built: Sealing) -> None:
    view = replace(EMPTY, next_nonce=4, last_batch="0x" + "04" * 32)

    assert decide(built, view, BEFORE) == Sign(4, "0x" + "04" * 32)


@pytest.mark.parametrize("changes", [{"next_nonce": 1}, {"last_batch": "0x" + "01" * 32}])
def test_a_run_whose_place_was_taken_is_signed_again(sent: Sealing, changes: dict[str, object]) -> None:
    assert isinstance(decide(sent, replace(EMPTY, **changes), BEFORE), Sign)  # type: ignore[arg-type]


def test_a_signed_run_is_ordered(signed: Sealing) -> None:
    assert decide(signed, EMPTY, BEFORE) == Send()


def test_an_ordered_run_waits(sent: Sealing, signed: Sealing) -> None:
    assert decide(sent, EMPTY, BEFORE) == Wait()
    assert decide(replace(signed, order=replace(ORDER, state="none", attempts=())), EMPTY, BEFORE) == Wait()


def test_a_run_that_was_never_sent_is_late_by_the_clock(signed: Sealing, built: Sealing) -> None:
    expected = Late("the gate closed before the seal was sent")

    assert decide(built, EMPTY, AFTER) == expected
    assert decide(signed, EMPTY, AFTER) == expected


def test_a_run_that_may_have_been_sent_is_late_by_the_chain_only(sent: Sealing) -> None:
    assert decide(sent, EMPTY, AFTER) == Wait()
    assert decide(sent, replace(EMPTY, block_time=AFTER), AFTER) == Late("the gate closed before a block took the seal")


def test_a_slot_that_holds_this_version_already_fails(built: Sealing) -> None:
    action: Action = decide(built, replace(EMPTY, slot_version=built.version), BEFORE)

    assert action == Failed(f"version {built.version} of this slot is on the chain already")


def test_an_order_that_the_registry_refused_fails(sent: Sealing) -> None:
    there = Inclusion("0x" + "aa" * 32, 7, "0x" + "bb" * 32, BEFORE, succeeded=False)
    reverted = replace(ORDER, state="failed", included=there, detail="BadSignature(0x1)")

    expected = Failed("the registry refused it: BadSignature(0x1)")
    assert decide(replace(sent, order=reverted), EMPTY, BEFORE) == expected


def test_an_order_that_is_not_sent_says_why(signed: Sealing) -> None:
    refused = replace(ORDER, state="failed", attempts=(), detail="the relayer key may not call this")

    assert decide(replace(signed, order=refused), EMPTY, BEFORE) == Failed("the relayer key may not call this")
