"""One leaf per (series, target period), in the OpenZeppelin ``StandardMerkleTree`` form.

``keccak256(bytes.concat(keccak256(abi.encode(bytes32 seriesId, uint64 targetStart,
uint32 resolutionS, int64[] valuesMilli, bytes32 salt))))``. The double hash keeps an inner node
from being passed off as a leaf. The salt keeps values from being guessed from a neighbour's proof.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode as abi_encode

from gridseal.notary.keccak import keccak
from gridseal.wire.forecasts import ForecastRun

WORD: Final = 32
VALUES_AT: Final = (5 * WORD).to_bytes(WORD, "big")
"""Where the list of values starts: behind the five words of the head."""
UINT64_END: Final = 2**64
UINT32_END: Final = 2**32
INT64_END: Final = 2**63
BLOCK: Final = 64
"""Bytes of one SHA-256 block."""


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
    return _salter(secret)(index)


def leaf_hash(leaf: Leaf, salt: bytes) -> bytes:
    """The 32 bytes that stand in the tree for ``leaf``.

    Raises:
        ValueError: A number does not fit its Solidity type.
    """
    return _hash(name_hash(leaf.series_id), leaf, salt)


def leaf_hashes(leaves: Sequence[Leaf], secret: bytes) -> list[bytes]:
    """The hashes of all leaves of a batch, each under its salt. Raises as ``leaf_hash``."""
    salt, names = _salter(secret), {name: name_hash(name) for name in {leaf.series_id for leaf in leaves}}
    return [_hash(names[leaf.series_id], leaf, salt(index)) for index, leaf in enumerate(leaves)]


def _salter(secret: bytes) -> Callable[[int], bytes]:
    """HMAC-SHA256 (RFC 2104) with the key's two blocks hashed once, not once per leaf."""
    key = (secret if len(secret) <= BLOCK else hashlib.sha256(secret).digest()).ljust(BLOCK, b"\0")
    inner, outer = hashlib.sha256(bytes(b ^ 0x36 for b in key)), hashlib.sha256(bytes(b ^ 0x5C for b in key))

    def salt(index: int) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(index.to_bytes(8, "big"))
        second.update(first.digest())
        return second.digest()

    return salt


def _hash(series: bytes, leaf: Leaf, salt: bytes) -> bytes:
    values = leaf.values_milli
    if not (0 <= leaf.target_start < UINT64_END and 0 <= leaf.resolution_s < UINT32_END):
        raise ValueError("a leaf's start is a uint64 and its resolution a uint32")
    if values and not (min(values) >= -INT64_END and max(values) < INT64_END):
        raise ValueError("a leaf's values are int64")
    words = [
        series,
        leaf.target_start.to_bytes(WORD, "big"),
        leaf.resolution_s.to_bytes(WORD, "big"),
        VALUES_AT,
        salt,
        len(values).to_bytes(WORD, "big"),
        *[value.to_bytes(WORD, "big", signed=True) for value in values],
    ]
    return keccak(keccak(b"".join(words)))


def leaves_of(run: ForecastRun) -> list[Leaf]:
    """The leaves of a run; a leaf's index is its place in this list, by hash of the series and then time."""
    place = {series.series_id: name_hash(series.series_id) for series in run.series}
    return sorted(_leaves(run), key=lambda leaf: (place[leaf.series_id], leaf.target_start))


def _leaves(run: ForecastRun) -> Iterator[Leaf]:
    for series in run.series:
        for point in series.points:
            start = int(point.target_start.timestamp())
            yield Leaf(series.series_id, start, series.resolution_s, point.values_milli)
