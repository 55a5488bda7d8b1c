"""``/api/v1/forecasts/{run_id}/origin`` and ``…/inputs``: what a run was computed from, as it was kept for replay.

The bytes of ``…/inputs`` are what the run's ``feature_hash`` is taken over: whoever has them needs ``sha256sum`` and
nothing else to see that they are the ones that were sealed.
"""

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query, Response

from forecast_service.ports import SeriesHistory
from forecast_service.replay.inputs import InputsUnreadableError
from forecast_service.store.run_inputs import StoredRun
from forecast_service.worker.compose import hashed_parts
from gridseal.runtime.problems import not_found
from gridseal.wire.origin import MOST_INPUTS, InputSeries, RunOrigin

RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


class InputsReader(Protocol):
    """Reads runs with what they were computed from. Blocks."""

    def read(self, run_id: str) -> StoredRun | None:
        """One run, or none of that id.

        Raises:
            InputsUnreadableError: Its inputs were not kept, or are incomplete.
        """
        ...


def origin_of(stored: StoredRun, inputs: bytes, *, content: bool) -> RunOrigin:
    """What is told of a run's inputs. Pure.

    Args:
        stored: The run and what it was computed from.
        inputs: The bytes of that, ``hashed_parts``.
        content: Whether the bytes are wanted too.
    """
    complete = "0x" + hashlib.sha256(inputs).hexdigest() == stored.run.feature_hash
    shown = content and complete and len(inputs) <= MOST_INPUTS
    return RunOrigin(
        run_id=stored.run.run_id,
        feature_hash=stored.run.feature_hash,
        input_bytes=len(inputs),
        complete=complete,
        series=tuple(_series(history) for history in stored.inputs.histories),
        inputs=base64.b64encode(inputs).decode() if shown else None,
    )


def bytes_of(histories: Sequence[SeriesHistory]) -> bytes:
    """What the hash of a run is taken over."""
    return b"".join(hashed_parts(histories))


def origin_routes(reader: InputsReader) -> APIRouter:
    """The routes. Before those of a run, whose id takes any single name."""
    router = APIRouter(prefix="/api/v1/forecasts", tags=["forecasts"])

    def read(run_id: str) -> tuple[StoredRun, bytes]:
        try:
            stored = reader.read(run_id)
        except InputsUnreadableError as error:
            raise not_found("what this run was computed from") from error
        if stored is None:
            raise not_found(f"run {run_id}")
        return stored, bytes_of(stored.inputs.histories)

    @router.get("/{run_id}/origin", operation_id="forecastOrigin")
    async def origin(
        run_id: RunId, response: Response,
        content: Annotated[bool, Query(description="The bytes of the inputs too, as base64.")] = False,
    ) -> RunOrigin:  # fmt: skip
        """What a run was computed from: each series, the size, whether it has the sealed hash. It never changes."""
        stored, inputs = await asyncio.to_thread(read, run_id)
        response.headers.update(IMMUTABLE)
        return origin_of(stored, inputs, content=content)

    @router.get("/{run_id}/inputs", operation_id="forecastInputs", response_class=Response, responses=_OCTETS)
    async def content(run_id: RunId) -> Response:
        """The inputs of a run, byte for byte: their SHA-256 is its `feature_hash`."""
        stored, inputs = await asyncio.to_thread(read, run_id)
        if "0x" + hashlib.sha256(inputs).hexdigest() != stored.run.feature_hash:
            raise HTTPException(409, "what was kept of this run does not have its hash: an earlier forecast went in")
        return Response(inputs, media_type="application/octet-stream", headers=IMMUTABLE)

    return router


_OCTETS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes.", "content": {"application/octet-stream": {}}},
    409: {"description": "The run was computed from more than what was kept."},
}  # fmt: skip


def _series(history: SeriesHistory) -> InputSeries:
    return InputSeries(
        series_id=history.series.series_id,
        first=datetime.fromtimestamp(history.start_s, UTC),
        resolution_s=history.series.resolution_s,
        periods=len(history.values),
        measured=int(np.isfinite(history.values).sum()),
        devices=tuple(dict.fromkeys(one.device_id for one in history.series.inputs)),
    )
