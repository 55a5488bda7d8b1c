"""The proof file: everything a stranger needs to check one series' forecast of one run.

``gridseal verify FILE --rpc URL`` reads it; no server of ours is asked.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.notary.batch import Batch, SigningDomain, tree_of
from gridseal.notary.leaf import leaves_of, salt_of
from gridseal.wire.fields import Address, Hex32, LevelBps, Message, SeriesId, Slug, UtcTime
from gridseal.wire.forecasts import ForecastRun

HexBytes = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2})*$")]


class ProofPoint(Message):
    """One target period, opened: its values, its salt and its way to the root."""

    target_start: UtcTime
    values_milli: tuple[int, ...]
    leaf_index: int
    salt: Hex32
    proof: tuple[Hex32, ...]


class ProvenForecast(Message):
    """One series of one run in readable form."""

    run_id: str
    product_id: Slug
    region_id: Slug
    series_id: SeriesId
    unit: str
    resolution_s: int
    slot: UtcTime
    issued_at: UtcTime
    levels_bps: tuple[LevelBps, ...]
    points: Annotated[tuple[ProofPoint, ...], Field(min_length=1)]


class ChainPosition(Message):
    """The transaction that carried the batch."""

    chain_id: int
    registry: Address
    tx_hash: Hex32
    block_number: int
    block_hash: Hex32


class ProofFile(Message):
    """Version 1 of the file."""

    format: Literal["gridseal-proof/1"] = "gridseal-proof/1"
    forecast: ProvenForecast
    batch: Batch
    authority: Address
    signature: HexBytes
    chain: ChainPosition

    @property
    def domain(self) -> SigningDomain:
        """The registry that the signature was made for."""
        return SigningDomain(chain_id=self.chain.chain_id, registry=self.chain.registry)


def open_points(run: ForecastRun, series_id: str, secret: bytes) -> tuple[ProofPoint, ...]:
    """The opened leaves of one series.

    Raises:
        KeyError: The run has no such series.
    """
    tree = tree_of(run, secret)
    starts = {
        int(p.target_start.timestamp()): p.target_start
        for s in run.series
        if s.series_id == series_id
        for p in s.points
    }
    if not starts:
        raise KeyError(series_id)
    return tuple(
        ProofPoint(
            target_start=starts[leaf.target_start],
            values_milli=leaf.values_milli,
            leaf_index=index,
            salt="0x" + salt_of(secret, index).hex(),
            proof=tuple("0x" + node.hex() for node in tree.proof(index)),
        )
        for index, leaf in enumerate(leaves_of(run))
        if leaf.series_id == series_id
    )
