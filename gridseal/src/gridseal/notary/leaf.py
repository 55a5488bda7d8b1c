"""One leaf per (series, target period), in the OpenZeppelin ``StandardMerkleTree`` form.

``keccak256(bytes.concat(keccak256(abi.encode(bytes32 seriesId, uint64 targetStart,
uint32 resolutionS, int64[] valuesMilli, bytes32 salt))))``. The double hash keeps an inner node
from being passed off as a leaf. The salt keeps values from being guessed from a neighbour's proof.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from gridseal.wire.forecasts import ForecastRun


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one leaf commits to. ``target_start`` is Unix seconds."""

    series_id: str
    target_start: int
    resolution_s: int
    values_milli: tuple[int, ...]


def name_hash(name: str) -> bytes:
    """bytes32 of a name (series, product, region): keccak of its UTF-8 form."""
    return keccak(name.encode())


def levels_hash(levels_bps: Sequence[int]) -> bytes:
    """bytes32 of the quantile levels: keccak of ``abi.encode(uint16[])``."""
    return keccak(abi_encode(["uint16[]"], [list(levels_bps)]))


def salt_of(secret: bytes, index: int) -> bytes:
    """Salt of leaf ``index``: HMAC-SHA256 under the batch's secret. Opening one leaf opens no other."""
    return hmac.new(secret, index.to_bytes(8, "big"), hashlib.sha256).digest()


def leaf_hash(leaf: Leaf, salt: bytes) -> bytes:
    """The 32 bytes that stand in the tree for ``leaf``."""
    types = ["bytes32", "uint64", "uint32", "int64[]", "bytes32"]
    values = [name_hash(leaf.series_id), leaf.target_start, leaf.resolution_s, list(leaf.values_milli), salt]
    return keccak(keccak(abi_encode(types, values)))


def leaves_of(run: ForecastRun) -> list[Leaf]:
    """The leaves of a run; a leaf's index is its place in this list, by series and then time."""
    return sorted(_leaves(run), key=lambda leaf: (leaf.series_id, leaf.target_start))


def _leaves(run: ForecastRun) -> Iterator[Leaf]:
    for series in run.series:
        for point in series.points:
            start = int(point.target_start.timestamp())
            yield Leaf(series.series_id, start, series.resolution_s, point.values_milli)
