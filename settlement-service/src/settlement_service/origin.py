"""What a run was computed from, asked of forecast-service when a proof is to show it."""

from collections.abc import Mapping
from typing import Protocol

import httpx

from gridseal.errors import UnavailableError, WireError
from gridseal.notary.proof_file import Origin
from gridseal.wire.codec import decode
from gridseal.wire.origin import MOST_INPUTS, RunOrigin


class Origins(Protocol):
    """Where origins come from."""

    async def of(self, run_id: str) -> RunOrigin | None:
        """What was kept of a run; none where nothing was.

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

    async def of(self, run_id: str) -> RunOrigin | None:
        """What was kept of a run; none where nothing was.

        Raises:
            UnavailableError: forecast-service does not answer, or not with an origin.
        """
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=self._timeout_s, headers=self._headers) as http:
                answer = await http.get(f"/api/v1/forecasts/{run_id}/origin", params={"content": "true"})
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
