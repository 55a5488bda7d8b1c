"""What transactions to the contracts carried: batches that were notarized, leaves that were revealed.

An auditor needs no server for these: they stand in the blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from gridseal.notary.batch import BATCH_FIELDS, Batch
from gridseal.notary.multiproof import MultiProof

_BATCH: Final = "(" + ",".join(kind for _, kind in BATCH_FIELDS) + ")"
_FORECAST: Final = "(bytes32,uint64,uint32,int64[],bytes32)"
_ACTUAL: Final = "(bytes32,uint64,uint32,int64,uint64,bytes32)"
_PROOF: Final = "(bytes32[],bool[])"


def _function(name: str, *kinds: str) -> tuple[bytes, list[str]]:
    return keccak(f"{name}({','.join(kinds)})".encode())[:4], list(kinds)


NOTARIZE = _function("notarize", _BATCH, "address", "bytes")
NOTARIZE_AGAIN = _function("notarizeAgain", _BATCH, _BATCH, "address", "bytes")
NOTARIZE_MANY = _function("notarizeMany", f"{_BATCH}[]", "address", "bytes[]")
REVEAL = _function("reveal", "address", _BATCH, "uint16[]", f"{_FORECAST}[]", _PROOF, f"{_ACTUAL}[]", _PROOF)


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A batch with the signature that it was sent under."""

    batch: Batch
    authority: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class OpenedPair:
    """A forecast and the measured value that it answers, with the hashes of both leaves."""

    forecast_hash: bytes
    actual_hash: bytes
    values_milli: tuple[int, ...]
    actual_milli: int
    capacity_milli: int


@dataclass(frozen=True, slots=True)
class Reveal:
    """Some of an authority's leaves, opened for a round."""

    authority: str
    batch: Batch
    levels_bps: tuple[int, ...]
    pairs: tuple[OpenedPair, ...]
    forecast_proof: MultiProof
    actuals_proof: MultiProof


def batches_in(data: bytes) -> Iterator[SignedBatch]:
    """The batches that a transaction's input carries; none if it is no call of the registry."""
    if (found := _arguments(data, NOTARIZE)) is not None:
        batch, authority, signature = found
        yield SignedBatch(_batch(batch), authority, signature)
    elif (found := _arguments(data, NOTARIZE_AGAIN)) is not None:
        batch, _, authority, signature = found
        yield SignedBatch(_batch(batch), authority, signature)
    elif (found := _arguments(data, NOTARIZE_MANY)) is not None:
        batches, authority, signatures = found
        for batch, signature in zip(batches, signatures, strict=True):
            yield SignedBatch(_batch(batch), authority, signature)


def reveal_in(data: bytes) -> Reveal | None:
    """The reveal that a transaction's input carries."""
    found = _arguments(data, REVEAL)
    if found is None:
        return None
    authority, batch, levels, forecasts, forecast_proof, actuals, actuals_proof = found
    pairs = tuple(_pair(f, a) for f, a in zip(forecasts, actuals, strict=True))
    return Reveal(authority, _batch(batch), levels, pairs, MultiProof(*forecast_proof), MultiProof(*actuals_proof))


def _arguments(data: bytes, function: tuple[bytes, list[str]]) -> tuple[Any, ...] | None:
    selector, kinds = function
    if data[:4] != selector:
        return None
    try:
        return tuple(abi_decode(kinds, data[4:]))
    except (DecodingError, OverflowError):
        return None


def _batch(values: tuple[Any, ...]) -> Batch:
    return Batch.from_tuple(values)


def _pair(forecast: tuple[Any, ...], actual: tuple[Any, ...]) -> OpenedPair:
    return OpenedPair(
        forecast_hash=_twice(_FORECAST, forecast),
        actual_hash=_twice(_ACTUAL, actual),
        values_milli=forecast[3],
        actual_milli=actual[3],
        capacity_milli=actual[4],
    )


def _twice(kinds: str, values: tuple[Any, ...]) -> bytes:
    return keccak(keccak(abi_encode(kinds[1:-1].split(","), values)))
