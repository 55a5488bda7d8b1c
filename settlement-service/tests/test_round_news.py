"""What is told of a round is what stands on the chain about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridseal.wire.codec import decode, encode
from gridseal.wire.rounds import RoundChange
from settlement_service.contracts import Place
from settlement_service.events import ChainEvent
from settlement_service.rounds.news import change_of

SLOT = datetime(2026, 6, 8, 12, tzinfo=UTC)
END_S = int(SLOT.timestamp()) + 7_200
PLACE = Place(31337, "one", 1, {"Settlement": "0x" + "5e" * 20})
OURS, THEIRS = "0x" + "aa" * 20, "0x" + "bb" * 20
ROOT = "0x" + "11" * 32


def an_event(number: int, name: str, account: str | None = None, **arguments: Any) -> ChainEvent:
    return ChainEvent(
        block_number=number, log_index=0, block_hash=f"0x{number:064x}", block_time=SLOT + timedelta(seconds=number),
        tx_hash=f"0x{number + 100:064x}", contract="Settlement", event=name, product_hash="0x" + "22" * 32, slot=SLOT,
        account=account, arguments=arguments,
    )  # fmt: skip


WAY = [
    an_event(1, "ActualsProposed", version=1, root=ROOT, leafCount=6, finalAt=END_S),
    an_event(2, "ActualsDisputed", THEIRS, version=1, disputeId=1),
    an_event(3, "ActualsVoid", version=1, ruling=2),
    an_event(4, "ActualsProposed", version=2, root=ROOT, leafCount=6, finalAt=END_S + 9),
    an_event(5, "ActualsFinal", version=2, root=ROOT),
    an_event(6, "RoundOpened", actualsVersion=2, deadline=END_S + 60),
    an_event(7, "Revealed", OURS, revealed=4),
    an_event(8, "Revealed", OURS, revealed=6),
    an_event(9, "Scored", OURS, score="12345678901234567890"),
    an_event(9, "Settled", taken="7", given=0),
]


def told(up_to: int) -> RoundChange:
    events = WAY[:up_to]
    change = change_of("site-6h", SLOT, events, {e.log_id for e in events[-1:]}, PLACE)
    assert decode(RoundChange, encode(change)) == change
    return change


@pytest.mark.parametrize(
    ("up_to", "state"),
    [(0, "waiting"), (1, "proposed"), (2, "disputed"), (3, "void"), (4, "proposed"), (5, "final"), (6, "revealing"),
     (8, "revealing"), (10, "settled")],
)  # fmt: skip
def test_the_state_follows_the_events(up_to: int, state: str) -> None:
    assert told(up_to).state == state


def test_a_version_says_who_doubted_it_and_what_was_ruled() -> None:
    void, second = told(3).actuals, told(4).actuals

    assert void is not None
    assert second is not None
    assert (void.version, void.challenger, void.ruling) == (1, THEIRS, 2)
    assert (second.version, second.challenger, second.ruling) == (2, None, None)


def test_scores_and_amounts_keep_every_digit_and_only_new_steps_are_told() -> None:
    change = change_of("site-6h", SLOT, WAY, {e.log_id for e in WAY[8:]}, PLACE)

    assert change.revealed == {OURS: 6}
    assert change.scores == {OURS: "12345678901234567890"}
    assert (change.taken, change.given) == ("7", "0")
    assert [(s.event, s.account) for s in change.steps] == [("Scored", OURS), ("Settled", None)]
    assert change.deadline == SLOT + timedelta(seconds=7_260)


def test_a_round_without_a_benchmark_is_neutral() -> None:
    change = change_of("site-6h", SLOT, [*WAY[:6], an_event(9, "RoundNeutral")], set(), PLACE)

    assert (change.state, change.steps) == ("neutral", ())
