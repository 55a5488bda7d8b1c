"""A schema registry over HTTP: Confluent's wire API, as Confluent, Karapace, Redpanda and Apicurio serve it."""

from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import httpx

from gridseal.errors import ConfigError, UnavailableError

CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"
JSON_SCHEMA: Final = "JSON"
_NO_SUBJECT: Final = {40401, 40402, 40403}
"""Subject, version or schema not found."""
_SETTING: Final = "GRIDSEAL_SCHEMA_REGISTRY_URL"


class Verdict(NamedTuple):
    """Whether readers of the new schema can read what was written by the one before."""

    compatible: bool
    messages: tuple[str, ...] = ()


class SchemaRegistry:
    """One registry. Close it, or use it in an ``async with`` statement. A password may stand in the URL."""

    def __init__(self, url: str, *, timeout_s: float = 10.0, transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"Accept": f"{CONTENT_TYPE}, application/json", "Content-Type": CONTENT_TYPE}
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"), timeout=timeout_s, headers=headers, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def register(self, subject: str, schema: str) -> int:
        """The id of a schema under a subject: a new one, or the one it has had since it was first registered.

        Raises:
            ConfigError: The registry refuses the schema, or this client.
            UnavailableError: It does not answer.
        """
        body = {"schemaType": JSON_SCHEMA, "schema": schema}
        answer = await self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", body)
        return int(_object(answer)["id"])

    async def by_id(self, schema_id: int) -> str | None:
        """The text of a schema; None when there is none of that id."""
        answer = await self._ask("GET", f"/schemas/ids/{schema_id}", missing=True)
        return None if answer is None else str(_object(answer)["schema"])

    async def latest(self, subject: str) -> str | None:
        """The newest schema of a subject; None before the first."""
        answer = await self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions/latest", missing=True)
        return None if answer is None else str(_object(answer)["schema"])

    async def subjects(self) -> list[str]:
        """Every subject."""
        answer = await self._ask("GET", "/subjects")
        return [str(name) for name in answer] if isinstance(answer, list) else []

    async def check(self, subject: str, schema: str) -> Verdict:
        """Ask whether a schema fits the newest of its subject, by the rule that the registry keeps for it.

        Raises:
            ConfigError: The registry refuses the question: the text is no schema to it.
            UnavailableError: It does not answer.
        """
        path = f"/compatibility/subjects/{quote(subject, safe='')}/versions/latest?verbose=true"
        answer = await self._ask("POST", path, {"schemaType": JSON_SCHEMA, "schema": schema}, missing=True)
        if answer is None:
            return Verdict(True)
        content = _object(answer)
        # Confluent names each difference in ``messages``; Apicurio all of them in ``reason``.
        said = content.get("messages") or [content.get("reason")]
        return Verdict(bool(content["is_compatible"]), tuple(str(line) for line in said if line))

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None, *, missing: bool = False) -> Any:
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the schema registry does not answer ({_SETTING}): {type(error).__name__}"
            ) from error
        if answer.is_success:
            return _json(answer)
        code, message = _fault(answer)
        if missing and (code in _NO_SUBJECT or (answer.status_code == httpx.codes.NOT_FOUND and code == 404)):
            return None
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise UnavailableError(f"the schema registry cannot answer now: {answer.status_code} {message}")
        raise ConfigError(f"the schema registry refuses {method} {path.split('?')[0]}: {answer.status_code} {message}")


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise ConfigError(f"{_SETTING} does not name a schema registry: its answer is not JSON") from error


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ConfigError(f"{_SETTING} does not name a schema registry: its answer is no object")
    return answer


def _fault(answer: httpx.Response) -> tuple[int, str]:
    try:
        content = answer.json()
    except ValueError:
        return answer.status_code, answer.reason_phrase
    if not isinstance(content, dict):
        return answer.status_code, answer.reason_phrase
    return int(content.get("error_code", answer.status_code)), str(content.get("message", answer.reason_phrase))
