"""Which slots are settled, by which values, and what is next in a round."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridseal.notary.batch import ZERO_HASH, batch_hash, batch_of
from gridseal.notary.batch import tree_of as forecast_tree
from gridseal.notary.leaf import name_hash
from gridseal.notary.multiproof import MultiProof, root_from_multiproof
from gridseal.notary.score import ActualLeaf, actual_leaf_hash
from gridseal.wire.forecasts import ForecastRun
from settlement_service.actuals.choose import Target, measured, over_at, targets_of
from settlement_service.actuals.leaves import committed
from settlement_service.rounds.decide import (
    Action,
    Claim,
    End,
    Expire,
    Finalize,
    Open,
    PayTreasury,
    Propose,
    Reveal,
    Settle,
    Wait,
    decide,
    state_of,
)
from settlement_service.rounds.policy import Policy, chosen
from settlement_service.rounds.reveal import reveal_calls
from settlement_service.rounds.values import ActualSet, Phase, Round, RoundView, Status
from settlement_service.sealing import Sealing, Signing

SLOT = datetime(2026, 6, 1, tzinfo=UTC)
DUE = SLOT + timedelta(hours=5)
DUE_S = int(DUE.timestamp())
ROUND = Round("site-6h", SLOT, DUE)
BENCHMARK, FORECASTER = "0x" + "be" * 20, "0x" + "fc" * 20
FRESH = ActualSet(0, "0x" + "11" * 32, b"\x07" * 32, (ActualLeaf("home-00/net", 1, 3600, 5, 100),))


def a_view(**changes: Any) -> RoundView:
    return RoundView(**({"now": DUE_S, "joined": (FORECASTER,), "benchmark": BENCHMARK} | changes))


def next_step(view: RoundView, *, round_: Round = ROUND, fresh: ActualSet | None = FRESH, pending: Any = (),
              now: int = DUE_S) -> Action:  # fmt: skip
    return decide(round_, view, fresh, pending, domain_now=now)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (a_view(), Propose(1)),
        (a_view(joined=()), End("skipped", "nobody takes part in this slot")),
        (a_view(terms=False), End("skipped", "nobody takes part in this slot")),
        (a_view(status=Status.PROPOSED, version=1, final_at=DUE_S + 1), Wait(DUE_S + 1)),
        (a_view(status=Status.PROPOSED, version=1, final_at=DUE_S), Finalize(1)),
        (a_view(status=Status.DISPUTED, version=1, ruling_deadline=DUE_S + 1), Wait(DUE_S + 1)),
        (a_view(status=Status.DISPUTED, version=1, ruling_deadline=DUE_S), Expire(1)),
        (a_view(status=Status.FINAL, version=1), Open()),
        (a_view(status=Status.FINAL, phase=Phase.REVEALING, deadline=DUE_S + 9), Wait(DUE_S + 9)),
        (a_view(status=Status.FINAL, phase=Phase.REVEALING, deadline=DUE_S), Settle()),
        (a_view(status=Status.FINAL, phase=Phase.SETTLED, owed=7), Claim(7)),
        (a_view(status=Status.FINAL, phase=Phase.SETTLED, owed=7, treasury_due=9), Claim(7)),
        (a_view(status=Status.FINAL, phase=Phase.NEUTRAL, treasury_due=9), PayTreasury()),
        (a_view(status=Status.FINAL, phase=Phase.SETTLED), End("settled")),
        (a_view(status=Status.FINAL, phase=Phase.NEUTRAL), End("neutral")),
    ],
)
def test_the_chain_says_what_is_next(view: RoundView, expected: Action) -> None:
    assert next_step(view) == expected


def test_nothing_is_proposed_before_it_is_due_or_without_a_measurement() -> None:
    assert next_step(a_view(), now=DUE_S - 1) == Wait(DUE_S)
    assert next_step(a_view(), fresh=None) == End("skipped", "nothing that counts was measured")


def test_the_benchmark_is_revealed_first_and_nobody_after_the_deadline() -> None:
    open_view = a_view(status=Status.FINAL, phase=Phase.REVEALING, deadline=DUE_S + 9)
    closed = replace(open_view, deadline=DUE_S)

    assert next_step(open_view, pending={FORECASTER, BENCHMARK}) == Reveal(BENCHMARK)
    assert next_step(open_view, pending={FORECASTER}) == Reveal(FORECASTER)
    assert next_step(closed, pending={FORECASTER}) == Settle()


def test_values_that_an_arbiter_refused_are_not_put_up_again_but_corrected_ones_are() -> None:
    refused = replace(ROUND, actuals=replace(FRESH, version=1))
    void = a_view(status=Status.VOID, version=1, ruling=2)
    corrected = replace(FRESH, items=(replace(FRESH.items[0], value_milli=6),))

    assert next_step(void, round_=refused) == Wait()
    assert next_step(void, round_=refused, fresh=corrected) == Propose(2)
    assert isinstance(next_step(void, round_=refused, now=DUE_S + 3 * 86_400), End)
    assert next_step(replace(void, ruling=0), round_=refused) == Propose(2)
    assert isinstance(next_step(replace(void, ruling=0, version=3), round_=refused), End)


def test_the_state_that_people_see_is_that_of_the_chain() -> None:
    assert state_of(a_view()) == "waiting"
    assert state_of(a_view(status=Status.DISPUTED)) == "disputed"
    assert state_of(a_view(status=Status.FINAL, phase=Phase.REVEALING)) == "revealing"


def test_of_each_span_the_first_slot_is_settled_and_none_twice() -> None:
    policy = Policy(every=timedelta(hours=3))
    slots = [SLOT + timedelta(minutes=15 * i) for i in range(40)]
    first = chosen(slots, [], policy)

    assert first == [SLOT + timedelta(hours=3 * i) for i in range(4)]
    assert chosen(slots, first, policy) == []
    assert chosen([SLOT + timedelta(hours=1)], [SLOT + timedelta(hours=2)], policy) == []
    assert chosen([SLOT + timedelta(hours=2, minutes=15)], [], policy) == [SLOT + timedelta(hours=2, minutes=15)]


def test_what_counts_is_what_the_benchmark_forecast_and_somebody_measured(make_run: Callable[..., ForecastRun]) -> None:
    targets = targets_of(make_run())
    windows = {(t.series_id, t.target_start): 1_000 * i for i, t in enumerate(targets) if i != 2}
    found = measured(targets, windows, {"home-00/net": 5}, {"home-01/net": 7_000})

    assert len(targets) == 6
    assert over_at(targets) == SLOT + timedelta(hours=4)
    assert [t.target_start for t in targets if t not in [_target(a) for a in found]] == [targets[2].target_start]
    assert {a.series_id: a.capacity_milli for a in found} == {"home-00/net": 5_000, "home-01/net": 7_000}
    assert measured(targets, windows, {}, {}) == []


def test_every_call_of_a_reveal_leads_to_both_roots(
    make_run: Callable[..., ForecastRun], make_sealing: Callable[..., Sealing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("settlement_service.rounds.reveal.PART", 4)
    run = make_run(series=5)
    sealing = make_sealing(run)
    batch = batch_of(run, forecast_tree(run, sealing.secret).root, prev_batch=ZERO_HASH, nonce=0)
    sealing = replace(sealing, signing=Signing(batch_hash(batch), batch, b""))
    targets = targets_of(run)
    windows = {(t.series_id, t.target_start): 500 for i, t in enumerate(targets) if i % 3}
    final = committed(1, measured(targets, windows, {t.series_id: 5 for t in targets}, {}), b"\x09" * 32)

    count, *parts = reveal_calls(FORECASTER, sealing, final)

    assert (count.method, len(count.arguments[2])) == ("countLeaves", 15)
    assert [len(p.arguments[5]) for p in parts] == [4, 4, 2]
    shown = [(a[0], a[1]) for p in parts for a in p.arguments[5]]
    assert shown == sorted(shown)
    for part in parts:
        _, _, levels, forecasts, forecast_proof, actuals, actuals_proof = part.arguments
        assert [f[:3] for f in forecasts] == [a[:3] for a in actuals]
        assert levels == [1000, 5000, 9000]
        hashes = [actual_leaf_hash(_named(a, targets), a[5]) for a in actuals]
        proof = MultiProof(tuple(actuals_proof[0]), tuple(actuals_proof[1]))
        assert "0x" + root_from_multiproof(hashes, proof).hex() == final.root
        assert len(forecasts) + len(forecast_proof[0]) == len(forecast_proof[1]) + 1


def test_a_run_that_answers_nothing_has_nothing_to_reveal(
    make_run: Callable[..., ForecastRun], make_sealing: Callable[..., Sealing]
) -> None:
    run = make_run()
    batch = batch_of(run, b"\1" * 32, prev_batch=ZERO_HASH, nonce=0)
    sealing = replace(make_sealing(run), signing=Signing(batch_hash(batch), batch, b""))
    stranger = committed(1, [ActualLeaf("other/net", 0, 3600, 1, 1)], b"\x09" * 32)

    assert reveal_calls(FORECASTER, sealing, stranger) == []


def _target(leaf: ActualLeaf) -> Target:
    return Target(leaf.series_id, leaf.target_start, leaf.resolution_s)


def _named(opened: tuple[Any, ...], targets: list[Target]) -> ActualLeaf:
    series = next(t.series_id for t in targets if name_hash(t.series_id) == opened[0])
    return ActualLeaf(series, *opened[1:5])
