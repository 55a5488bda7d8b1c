"""What a run was computed from, asked of forecast-service and of the gateway when a proof is to show it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import httpx
from pydantic import ValidationError

from gridseal.errors import UnavailableError, WireError
from gridseal.notary.proof_file import Origin
from gridseal.wire.codec import decode
from gridseal.wire.fields import format_utc
from gridseal.wire.origin import MOST_INPUTS, RunOrigin
from gridseal.wire.receipts import Receipt

MOST_RECEIPTS: Final = 600
"""Beside the inputs: with more of them a proof file could grow beyond its 4 MiB."""
_DEVICES_AT_ONCE: Final = 100


class Origins(Protocol):
    """Where origins come from."""

    async def of(self, run_id: str, *, content: bool = True) -> RunOrigin | None:
        """What was kept of a run, with the bytes themselves if they are wanted; none where nothing was.

        Raises:
            UnavailableError: Nobody answers.
        """
        ...


class Receipts(Protocol):
    """Where the gateway's receipts come from."""

    async def before(self, devices: Sequence[str], moment: datetime) -> Origin:
        """The newest kept receipt of each device from before a moment of the wall clock, and the keys that signed them.

        Raises:
            UnavailableError: Nobody answers.
        """
        ...


class ForecastOrigins:
    """forecast-service over HTTP."""

    def __init__(self, url: str, timeout_s: float = 30.0, headers: Mapping[str, str] | None = None) -> None:
        """Make the client.

        Args:
            url: The API of forecast-service.
            timeout_s: For an answer; the inputs of a run late in its lineage take some seconds to put together.
            headers: Who asks, where there is a login.
        """
        self._headers = dict(headers or {})
        self._url = url
        self._timeout_s = timeout_s

    async def of(self, run_id: str, *, content: bool = True) -> RunOrigin | None:
        """What was kept of a run, with the bytes themselves if they are wanted; none where nothing was.

        Raises:
            UnavailableError: forecast-service does not answer, or not with an origin.
        """
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=self._timeout_s, headers=self._headers) as http:
                answer = await http.get(f"/api/v1/forecasts/{run_id}/origin", params={"content": content})
        except httpx.HTTPError as error:
            raise UnavailableError("forecast-service does not answer: check GRIDSEAL_FORECAST_URL") from error
        if answer.status_code in (404, 422):  # no run of its: the benchmark's, or one from elsewhere
            return None
        if answer.is_error:
            raise UnavailableError(f"forecast-service answered {answer.status_code}")
        try:
            return decode(RunOrigin, answer.content)
        except WireError as error:
            raise UnavailableError("forecast-service gave an answer that is no origin") from error


@dataclass(frozen=True, slots=True)
class GatewayReceipts:
    """ingestion-gateway over HTTP."""

    url: str
    timeout_s: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Who asks, where there is a login."""
    transport: httpx.AsyncBaseTransport | None = None
    """Instead of the network."""

    async def before(self, devices: Sequence[str], moment: datetime) -> Origin:
        """The newest kept receipt of each device from before a moment of the wall clock, and the keys that signed them.

        Raises:
            UnavailableError: The gateway does not answer, or not with receipts.
        """
        found: list[dict[str, Any]] = []
        try:
            async with httpx.AsyncClient(
                base_url=self.url, timeout=self.timeout_s, headers=self.headers, transport=self.transport
            ) as http:
                for at in range(0, len(devices), _DEVICES_AT_ONCE):
                    asked = {"device_id": devices[at : at + _DEVICES_AT_ONCE], "before": format_utc(moment)}
                    found += (
                        (await http.get("/api/v1/gateway/receipts", params=asked)).raise_for_status().json()["items"]
                    )
                keys = (await http.get("/api/v1/gateway/receipt-keys")).raise_for_status().json()["items"]
            used = {Receipt.model_validate(receipt).key_id for receipt in found}
            raw = [base64.urlsafe_b64decode(key["public_key"] + "=") for key in keys if key["key_id"] in used]
            return Origin(receipts=tuple(found), receipt_keys=tuple(base64.b64encode(key).decode() for key in raw))
        except (httpx.HTTPError, ValidationError, KeyError, TypeError, ValueError) as error:
            raise UnavailableError("the gateway told no receipts: check GRIDSEAL_GATEWAY_URL") from error


async def origin_of(
    run_id: str, received_at: datetime, origins: Origins | None, receipts: Receipts | None, *, inputs: bool
) -> Origin:
    """What a proof file is to show.

    Args:
        run_id: The run.
        received_at: Wall clock; receipts are shown from before it.
        origins: Who has what it was computed from; none where nobody is asked.
        receipts: Who has receipts; none where none are wanted.
        inputs: Whether the bytes are to be shown.

    Raises:
        ValueError: There is nothing that could stand there. The text says why, and where to look instead.
        UnavailableError: Who has it does not answer.
    """
    told = await origins.of(run_id, content=inputs) if origins else None
    shown = shown_origin(told) if inputs else Origin()
    if receipts is None:
        return shown
    if told is None:
        raise ValueError("what this run was computed from was not kept")
    devices = sorted({device for series in told.series for device in series.devices})
    if len(devices) > MOST_RECEIPTS:
        raise ValueError(f"the run was computed from {len(devices)} devices, and a proof file takes {MOST_RECEIPTS}")
    found = await receipts.before(devices, received_at)
    if not found.receipts:
        raise ValueError(f"no receipt of its devices from before {format_utc(received_at)} was kept")
    return shown.model_copy(update={"receipts": found.receipts, "receipt_keys": found.receipt_keys})


def shown_origin(told: RunOrigin | None) -> Origin:
    """As it stands in a proof file. Pure.

    Raises:
        ValueError: There is nothing that could stand there. The text says why, and where to look instead.
    """
    if told is None:
        raise ValueError("what this run was computed from was not kept")
    if not told.complete:
        raise ValueError("the run was computed from more than what was kept: a series fell back to an earlier forecast")
    if told.inputs is None:
        raise ValueError(
            f"the inputs are {told.input_bytes} bytes, and a proof file takes {MOST_INPUTS}: fetch"
            f" /api/v1/forecasts/{told.run_id}/inputs and check it beside the file (gridseal verify --inputs)"
        )
    return Origin(inputs=told.inputs, receipts=told.receipts, receipt_keys=told.receipt_keys)
