"""The jobs of forecast-service over HTTP."""

from collections.abc import Mapping
from datetime import datetime

import httpx

from gridseal.errors import UnavailableError, WireError
from settlement_service.overrides.values import Job, Override


class ForecastJobs:
    """Asks for jobs and how they fare."""

    def __init__(
        self, url: str, flow: str, parameters: dict[str, object], timeout_s: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Make the client.

        Args:
            url: The scheduler of forecast-service; its API only shows jobs.
            flow: The flow that calibrates a product anew; ``{product}`` in it stands for the product.
            parameters: Of the job.
            timeout_s: For an answer.
            headers: Who asks, where there is a login.
        """
        self._headers = dict(headers or {})
        self._url = url
        self._flow = flow
        self._parameters = parameters
        self._timeout_s = timeout_s

    async def ask(self, override: Override) -> Job:
        """Queue the job of a request; the same request again is the same job.

        Raises:
            UnavailableError: forecast-service does not answer.
            WireError: It does not take such a job.
        """
        flow = self._flow.format(product=override.product_id)
        key = f"recalibration-{override.deployment}-{override.request_id}"
        why = f": {override.reason}" if override.reason else ""
        reason = (
            f"recalibration {override.request_id} of {override.product_id}, asked on the chain by {override.operator}"
        )
        body = {"reason": (reason + why)[:500], "parameters": self._parameters}
        return await self._send("POST", f"/api/v1/jobs/{flow}/runs", body, {"Idempotency-Key": key})

    async def look(self, flow: str, job_id: str) -> Job:
        """How a job fares. Raises as ``ask``."""
        return await self._send("GET", f"/api/v1/jobs/{flow}/runs/{job_id}", None, {})

    async def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Job:
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=self._timeout_s, headers=self._headers) as http:
                answer = await http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise UnavailableError(
                "the scheduler of forecast-service does not answer: check SETTLEMENT_SERVICE_JOBS_URL"
            ) from error
        if answer.status_code in (404, 422):
            raise WireError(f"forecast-service does not take this job: {answer.status_code}", reason="job_refused")
        if answer.is_error:
            raise UnavailableError(f"forecast-service answered {answer.status_code}")
        try:
            told = answer.json()
            ended = told["finished_at"]
            return Job(
                told["job_id"], told["flow"], told["state"], told["detail"],
                datetime.fromisoformat(ended) if ended else None,
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            raise UnavailableError("forecast-service gave an answer that is no job") from error
