"""The rules of an audit: what the chain holds of a window, against itself and against what a store holds. Pure.

A difference is something that should not be; its name says what, its text where. No difference at all means: every
batch of the window was signed, sealed before its gate and in its authority's chain; every stored run is sealed as
it stands; every score on the chain is what its revealed leaves give.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gridseal.notary.batch import ZERO_HASH, Batch, SigningDomain, batch_hash, first_link, signer_of
from gridseal.notary.calls import Reveal
from gridseal.notary.leaf import leaves_of, levels_hash, name_hash
from gridseal.notary.multiproof import root_from_multiproof
from gridseal.notary.score import ONE, period_score
from gridseal.wire.fields import format_utc
from gridseal.wire.forecasts import ForecastRun


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that should not be."""

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Notarized:
    """One event of the registry, and the batch that its transaction carried, if that could be read."""

    authority: str
    product_id: str
    slot: int
    version: int
    leaf_count: int
    gate_closure: int
    root: str
    batch_hash: str
    tx_hash: str
    block_time: int
    batch: Batch | None
    signature: bytes = b""

    @property
    def lead_s(self) -> int:
        """Seconds between the seal and its gate; not above zero is too late."""
        return self.gate_closure - self.block_time

    @property
    def name(self) -> str:
        """For people."""
        return f"batch {self.batch_hash[:10]} of {self.authority[:8]} for {_utc(self.slot)} version {self.version}"


def chain_differences(
    events: Sequence[Notarized], domain: SigningDomain, contract_signers: frozenset[str]
) -> Iterator[Difference]:
    """What is wrong with the batches themselves. ``events`` are all of the registry's, in their order."""
    for event in events:
        yield from _batch_differences(event, domain, event.authority in contract_signers)
    by_authority: dict[str, list[Notarized]] = defaultdict(list)
    for event in events:
        by_authority[event.authority].append(event)
    for chain in by_authority.values():
        yield from _chain_gaps(chain)


def _batch_differences(event: Notarized, domain: SigningDomain, by_contract: bool) -> Iterator[Difference]:
    if event.lead_s <= 0:
        yield Difference("sealed at its gate or later", event.name)
    batch = event.batch
    if batch is None:
        yield Difference("the transaction does not show its batch", event.name)
        return
    shown = (batch.root, batch.product_id, batch.slot, batch.version, batch.leaf_count, batch.gate_closure)
    logged = (event.root, event.product_id, event.slot, event.version, event.leaf_count, event.gate_closure)
    if shown != logged:
        yield Difference("event and batch differ", event.name)
    if batch.gate_closure > batch.delivery_start:
        yield Difference("the gate is after the start of delivery", event.name)
    if not by_contract and _signer(batch, domain, event.signature) != event.authority.lower():
        yield Difference("not signed by its authority", event.name)


def _signer(batch: Batch, domain: SigningDomain, signature: bytes) -> str:
    try:
        return signer_of(batch, domain, signature).lower()
    except Exception:  # eth_keys and eth_account raise many kinds for many malformed signatures
        return ""


def _chain_gaps(chain: Sequence[Notarized]) -> Iterator[Difference]:
    links = [first_link(chain[0].authority), *(event.batch_hash for event in chain)]
    for place, event in enumerate(chain):
        batch = event.batch
        begins = batch is not None and (batch.nonce, batch.prev_batch) == (0, ZERO_HASH)
        if batch is not None and not begins and (batch.nonce, batch.prev_batch) != (place, links[place]):
            yield Difference("the authority's chain has a gap", event.name)


def store_differences(
    runs: Iterable[ForecastRun], sealed: Mapping[tuple[str, int, int], Notarized], now: int
) -> Iterator[Difference]:
    """Runs of a store against the seals of one authority, by product hash, slot and version.

    ``now`` is the chain's time: a run whose gate is still open may be sealed yet.
    """
    left = dict(sealed)
    for run in runs:
        key = ("0x" + name_hash(run.product_id).hex(), int(run.slot.timestamp()), run.version)
        name = f"run {run.run_id[:12]} of {run.product_id} for {format_utc(run.slot)} version {run.version}"
        event = left.pop(key, None)
        if event is None:
            if run.gate_closure.timestamp() <= now:
                yield Difference("not sealed", name)
        elif event.batch is not None and (fields := _unlike(run, event.batch)):
            yield Difference(f"sealed with another {', '.join(fields)}", name)
    for event in left.values():
        yield Difference("sealed, but not in the store", event.name)


def _unlike(run: ForecastRun, batch: Batch) -> list[str]:
    stated = {
        "region": "0x" + name_hash(run.region_id).hex(),
        "levels": "0x" + levels_hash(run.levels_bps).hex(),
        "model": run.model_hash,
        "inputs": run.feature_hash,
        "issue time": int(run.issued_at.timestamp()),
        "gate": int(run.gate_closure.timestamp()),
        "delivery": int(run.delivery_start.timestamp()),
        "number of periods": len({(leaf.series_id, leaf.target_start) for leaf in leaves_of(run)}),
    }
    signed = (
        batch.region_id, batch.levels_hash, batch.model_hash, batch.feature_hash, batch.issued_at,
        batch.gate_closure, batch.delivery_start, batch.leaf_count,
    )  # fmt: skip
    return [name for (name, value), other in zip(stated.items(), signed, strict=True) if value != other]


@dataclass(frozen=True, slots=True)
class ShownReveal:
    """A reveal and who sent it: reveals of one authority by several callers do not add up, the best one counts."""

    caller: str
    reveal: Reveal


def revealed_gain(reveals: Iterable[ShownReveal], recorded: str, actuals_root: str) -> tuple[int, list[str]]:
    """How far an authority's reveals are from the worst score, and what is wrong with them.

    Args:
        reveals: In the order of the chain; all of one authority and slot.
        recorded: Hash of the batch that counts for the slot.
        actuals_root: Root of the round's measured values.

    Returns:
        The best caller's sum of ``ONE - score`` over the leaves that he revealed, and problems in words.
    """
    gains: dict[str, int] = defaultdict(int)
    wrong: list[str] = []
    for shown in reveals:
        reveal = shown.reveal
        roots = (
            root_from_multiproof([p.forecast_hash for p in reveal.pairs], reveal.forecast_proof),
            root_from_multiproof([p.actual_hash for p in reveal.pairs], reveal.actuals_proof),
        )
        if batch_hash(reveal.batch) != recorded:
            wrong.append("reveals a batch that does not count")
        if "0x" + roots[0].hex() != reveal.batch.root:
            wrong.append("reveals forecasts that were not sealed")
        if "0x" + roots[1].hex() != actuals_root:
            wrong.append("reveals measured values that are not final")
        if "0x" + levels_hash(reveal.levels_bps).hex() != reveal.batch.levels_hash:
            wrong.append("reveals with other levels than sealed")
        gains[shown.caller] += sum(
            ONE - period_score(reveal.levels_bps, p.values_milli, p.actual_milli, p.capacity_milli)
            for p in reveal.pairs
        )
    return max(gains.values(), default=0), wrong


def round_score(gain: int, actual_leaves: int, sealed_leaves: int) -> int:
    """Mean score of a round: each leaf that was not revealed counts as the worst, and so does each sealed too many."""
    count = max(actual_leaves, sealed_leaves)
    return (count * ONE - gain) // count if count else ONE


def _utc(seconds: int) -> str:
    return format_utc(datetime.fromtimestamp(seconds, UTC))
