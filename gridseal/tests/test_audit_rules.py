"""What an audit calls a difference."""

from dataclasses import replace

import pytest
from eth_account import Account

from gridseal.notary.audit import (
    Notarized,
    ShownReveal,
    chain_differences,
    revealed_gain,
    round_score,
    store_differences,
)
from gridseal.notary.batch import ZERO_HASH, SigningDomain, batch_hash, batch_of, sign_batch, tree_of
from gridseal.notary.calls import OpenedPair, Reveal, batches_in, reveal_in
from gridseal.notary.leaf import leaf_hash, leaves_of, salt_of
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.multiproof import multiproof
from gridseal.notary.score import ONE, ActualLeaf, actual_leaf_hash, period_score

from .builders import SLOT, a_run

KEY, SECRET = bytes.fromhex("01" * 32), b"\x05" * 32
AUTHORITY = str(Account.from_key(KEY).address).lower()
DOMAIN = SigningDomain(chain_id=31337, registry="0x" + "ab" * 20)
GATE = int(SLOT.timestamp()) + 3_600


def an_event(nonce: int = 0, previous: str = ZERO_HASH, version: int = 1) -> Notarized:
    run = a_run(version=version)
    batch = batch_of(run, tree_of(run, SECRET).root, prev_batch=previous, nonce=nonce)
    return Notarized(
        authority=AUTHORITY,
        product_id=batch.product_id,
        slot=batch.slot,
        version=batch.version,
        leaf_count=batch.leaf_count,
        gate_closure=batch.gate_closure,
        root=batch.root,
        batch_hash=batch_hash(batch),
        tx_hash="0x" + "33" * 32,
        block_time=GATE - 60,
        batch=batch,
        signature=sign_batch(batch, DOMAIN, KEY),
    )


def whats(*events: Notarized, contracts: frozenset[str] = frozenset()) -> list[str]:
    return [d.what for d in chain_differences(events, DOMAIN, contracts)]


def test_two_batches_in_a_row_are_in_order() -> None:
    first = an_event()

    assert whats(first, an_event(1, first.batch_hash, 2)) == []


def test_what_is_wrong_with_a_batch_is_named() -> None:
    good = an_event()
    assert good.batch is not None
    stranger = sign_batch(good.batch, DOMAIN, b"\2" * 32)

    assert whats(replace(good, block_time=GATE)) == ["sealed at its gate or later"]
    assert whats(replace(good, batch=None)) == ["the transaction does not show its batch"]
    assert whats(replace(good, leaf_count=1)) == ["event and batch differ"]
    assert whats(replace(good, signature=stranger)) == ["not signed by its authority"]
    assert whats(replace(good, signature=b"\1")) == ["not signed by its authority"]
    assert whats(replace(good, signature=b"\1"), contracts=frozenset({AUTHORITY})) == []


def test_a_batch_that_is_kept_back_leaves_a_gap() -> None:
    first = an_event()
    third = an_event(2, "0x" + "77" * 32, 3)

    assert whats(first, third) == ["the authority's chain has a gap"]


def test_a_run_is_sealed_as_it_is_stored_or_told() -> None:
    event = an_event()
    sealed = {(event.product_id, event.slot, event.version): event}
    other_gate = a_run(feature_hash="0x" + "99" * 32)

    assert list(store_differences([a_run()], sealed, GATE)) == []
    assert [d.what for d in store_differences([other_gate], sealed, GATE)] == ["sealed with another inputs"]
    assert [d.what for d in store_differences([a_run()], {}, GATE)] == ["not sealed"]
    assert [d.what for d in store_differences([a_run()], {}, GATE - 1)] == [], "its gate is open"
    assert [d.what for d in store_differences([], sealed, GATE)] == ["sealed, but not in the store"]


def a_reveal(count: int | None = None) -> tuple[Reveal, str]:
    """A reveal of the first ``count`` leaves of a run, and the root of its actuals."""
    run = a_run()
    leaves = leaves_of(run)
    actuals = [ActualLeaf(x.series_id, x.target_start, x.resolution_s, 5_000, 9_000) for x in leaves]
    hashes = [leaf_hash(leaf, salt_of(SECRET, i)) for i, leaf in enumerate(leaves)]
    actual_hashes = [actual_leaf_hash(leaf, salt_of(SECRET, i)) for i, leaf in enumerate(actuals)]
    tree, actual_tree = MerkleTree(hashes), MerkleTree(actual_hashes)
    some = list(range(count or len(leaves)))
    pairs = tuple(OpenedPair(hashes[i], actual_hashes[i], leaves[i].values_milli, 5_000, 9_000) for i in some)
    batch = batch_of(run, tree.root, prev_batch=ZERO_HASH, nonce=0)
    proofs = multiproof(tree, some), multiproof(actual_tree, some)
    return Reveal(AUTHORITY, batch, run.levels_bps, pairs, *proofs), "0x" + actual_tree.root.hex()


def test_a_score_follows_from_what_was_revealed() -> None:
    reveal, actuals_root = a_reveal()
    scores = [period_score(reveal.levels_bps, p.values_milli, 5_000, 9_000) for p in reveal.pairs]

    gain, wrong = revealed_gain([ShownReveal("0xa", reveal)], batch_hash(reveal.batch), actuals_root)

    assert wrong == []
    assert round_score(gain, len(scores), len(scores)) == sum(scores) // len(scores)
    assert round_score(gain, len(scores), 2 * len(scores)) > round_score(gain, len(scores), len(scores))
    assert round_score(0, 4, 4) == ONE


def test_reveals_of_several_callers_do_not_add_up() -> None:
    part, actuals_root = a_reveal(3)
    recorded = batch_hash(part.batch)
    alone, _ = revealed_gain([ShownReveal("0xa", part)], recorded, actuals_root)

    both, _ = revealed_gain([ShownReveal("0xa", part), ShownReveal("0xb", part)], recorded, actuals_root)

    assert both == alone


def test_what_is_wrong_with_a_reveal_is_named() -> None:
    reveal, actuals_root = a_reveal()
    strange = replace(reveal.pairs[0], forecast_hash=b"\1" * 32)
    levels = (100, *reveal.levels_bps[1:])
    bent = {
        "reveals forecasts that were not sealed": replace(reveal, pairs=(strange, *reveal.pairs[1:])),
        "reveals with other levels than sealed": replace(reveal, levels_bps=levels),
    }
    for what, one in bent.items():
        assert revealed_gain([ShownReveal("0xa", one)], batch_hash(one.batch), actuals_root)[1] == [what]
    assert revealed_gain([ShownReveal("0xa", reveal)], ZERO_HASH, "0x" + "00" * 32)[1] == [
        "reveals a batch that does not count",
        "reveals measured values that are not final",
    ]


@pytest.mark.parametrize("data", [b"", b"\0" * 4, b"\0" * 400])
def test_a_transaction_that_is_no_call_of_ours_shows_nothing(data: bytes) -> None:
    assert list(batches_in(data)) == []
    assert reveal_in(data) is None
