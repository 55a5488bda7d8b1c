"""The proof file: everything a stranger needs to check one series' forecast of one run.

``gridseal verify FILE --rpc URL`` reads it, and so does ``blockchain/verify``, which shares no code with this; no
server of ours is asked. Both read it strictly: a file that two readers could understand differently is refused.
"""

import json
import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError

from gridseal.errors import WireError
from gridseal.notary.batch import Batch, SigningDomain, tree_of
from gridseal.notary.envelope import Envelope
from gridseal.notary.leaf import leaves_of, salt_of
from gridseal.wire.fields import Address, Hex32, LevelBps, Message, SeriesId, Slug, UtcTime
from gridseal.wire.forecasts import ForecastRun

LARGEST: Final = 4 * 1024 * 1024
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


def _one_spelling(moment: object) -> object:
    if not isinstance(moment, str):
        return moment
    if not _MOMENT.fullmatch(moment):
        raise ValueError("not a moment such as 2026-06-01T00:00:00Z")
    return datetime.fromisoformat(moment)


Moment = Annotated[UtcTime, BeforeValidator(_one_spelling), Field(ge=datetime.fromisoformat("1970-01-01T00:00:00Z"))]
HexBytes = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2})*$")]
Base64 = Annotated[str, Field(pattern=r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")]
Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class ProofPoint(Message):
    """One target period, opened: its values, its salt and its way to the root."""

    target_start: Moment
    values_milli: Annotated[tuple[Int64, ...], Field(min_length=1)]
    leaf_index: Annotated[int, Field(ge=0, lt=2**32)]
    salt: Hex32
    proof: tuple[Hex32, ...]


class ProvenForecast(Message):
    """One series of one run in readable form."""

    run_id: str
    product_id: Slug
    region_id: Slug
    series_id: SeriesId
    unit: str
    resolution_s: Annotated[int, Field(gt=0, lt=2**32)]
    slot: Moment
    issued_at: Moment
    levels_bps: Annotated[tuple[LevelBps, ...], Field(min_length=1)]
    points: Annotated[tuple[ProofPoint, ...], Field(min_length=1)]


class Origin(Message):
    """What the forecast came from, as far as its maker shows it."""

    inputs: Base64 | None = Field(default=None, exclude_if=lambda value: value is None)
    """The bytes that the signed feature hash is taken over (SHA-256)."""
    receipts: tuple[dict[str, Any], ...] = ()
    """The gateway's receipts for readings among the inputs, as it sent them."""
    receipt_keys: tuple[Annotated[Base64, Field(min_length=44, max_length=44)], ...] = ()
    """Raw Ed25519 keys of the gateway."""


FORMAT: Final[Literal["gridseal-proof/2"]] = "gridseal-proof/2"


class ProofFile(Message):
    """Version 2 of the file. Position on the chain and signing domain stand in the envelope, once."""

    format: Literal["gridseal-proof/2"]
    forecast: ProvenForecast
    batch: Batch
    authority: Address
    signer: Literal["account", "contract"]
    """How the authority signs. A contract's signature (ERC-1271) is checked by the registry alone, at its time."""
    signature: HexBytes
    erc8281: Envelope
    origin: Origin | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def domain(self) -> SigningDomain:
        """The registry that the signature was made for."""
        return SigningDomain(chain_id=int(self.erc8281.chain_id), registry=self.erc8281.contract)


def read_proof(payload: bytes) -> ProofFile:
    """Parse a proof file.

    Raises:
        WireError: It is no JSON with whole numbers and unique keys, or not exactly a proof file. The text names
            fields, never values.
    """
    if len(payload) > LARGEST:
        raise WireError("proof file refused: larger than 4 MiB")
    try:
        proof = ProofFile.model_validate_json(payload, strict=True)
        # Only then: json.loads has no limit of depth that it survives.
        json.loads(payload, object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse)
    except ValidationError as error:
        fields = sorted({".".join(map(str, e["loc"])) or "the file" for e in error.errors()})
        raise WireError(f"proof file refused: check {', '.join(fields[:8])}") from error
    except ValueError as error:
        raise WireError(f"proof file refused: {error}") from error
    return proof


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(number: str) -> Any:
    raise ValueError("a number that is not whole")


def open_points(
    run: ForecastRun, series_id: str, secret: bytes, target_start: datetime | None = None
) -> tuple[ProofPoint, ...]:
    """The opened leaves of one series: all of its periods, or the one that starts at ``target_start``.

    Raises:
        KeyError: The run has no such series, or the series no such period.
    """
    starts = {
        int(p.target_start.timestamp()): p.target_start
        for s in run.series
        if s.series_id == series_id
        for p in s.points
        if target_start is None or p.target_start == target_start
    }
    if not starts:
        raise KeyError(series_id)
    tree = tree_of(run, secret)
    return tuple(
        ProofPoint(
            target_start=starts[leaf.target_start],
            values_milli=leaf.values_milli,
            leaf_index=index,
            salt="0x" + salt_of(secret, index).hex(),
            proof=tuple("0x" + node.hex() for node in tree.proof(index)),
        )
        for index, leaf in enumerate(leaves_of(run))
        if leaf.series_id == series_id and leaf.target_start in starts
    )


def open_forecast(
    run: ForecastRun, series_id: str, secret: bytes, target_start: datetime | None = None
) -> ProvenForecast:
    """One series of a run, opened.

    Raises:
        KeyError: As ``open_points``.
    """
    points = open_points(run, series_id, secret, target_start)
    series = next(s for s in run.series if s.series_id == series_id)
    return ProvenForecast(
        run_id=run.run_id,
        product_id=run.product_id,
        region_id=run.region_id,
        series_id=series_id,
        unit=series.unit,
        resolution_s=series.resolution_s,
        slot=run.slot,
        issued_at=run.issued_at,
        levels_bps=run.levels_bps,
        points=points,
    )
