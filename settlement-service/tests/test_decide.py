"""The next step of a run depends on what stands on the chain, first of all."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gridseal.notary.batch import ZERO_HASH, batch_of
from settlement_service.decide import Action, Failed, Late, Mined, Send, Sign, Wait, decide
from settlement_service.sealing import ChainView, Position, Sealing, Signing, Transaction

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
    refused=False,
    known=False,
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
    transaction = Transaction("0x" + "aa" * 32, "0x" + "cc" * 32, 0, 1, b"raw")
    return replace(signed, state="sent", transactions=(transaction,))


def test_what_stands_on_the_chain_is_mined_whatever_else_is_true(built: Sealing, sent: Sealing) -> None:
    late_and_refused = replace(EMPTY, position=POSITION, block_time=AFTER + 99, refused=True, slot_version=9)

    assert decide(built, late_and_refused, AFTER + 99) == Mined(POSITION)
    assert decide(sent, late_and_refused, AFTER + 99) == Mined(POSITION)


def test_a_fresh_run_is_signed_at_the_end_of_the_authoritys_chain(built: Sealing) -> None:
    view = replace(EMPTY, next_nonce=4, last_batch="0x" + "04" * 32)

    assert decide(built, view, BEFORE) == Sign(4, "0x" + "04" * 32)


@pytest.mark.parametrize("changes", [{"next_nonce": 1}, {"last_batch": "0x" + "01" * 32}])
def test_a_run_whose_place_was_taken_is_signed_again(sent: Sealing, changes: dict[str, object]) -> None:
    assert isinstance(decide(sent, replace(EMPTY, **changes), BEFORE), Sign)  # type: ignore[arg-type]


def test_a_signed_run_is_sent(signed: Sealing) -> None:
    assert decide(signed, EMPTY, BEFORE) == Send()


def test_a_sent_run_waits_while_the_node_knows_it_and_is_sent_again_when_not(sent: Sealing) -> None:
    assert decide(sent, replace(EMPTY, known=True), BEFORE) == Wait()
    assert decide(sent, EMPTY, BEFORE) == Send()


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


def test_a_transaction_that_the_registry_refused_fails(sent: Sealing) -> None:
    assert decide(sent, replace(EMPTY, refused=True, known=True), BEFORE) == Failed(
        "the registry refused the transaction"
    )
