"""JSON-RPC over HTTP, without the client library's notions of what a block must look like.

Consortium chains put signatures into a block's ``extraData``, free-gas chains have no base fee: what is read here is
read field by field, so that the same service runs on all of them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp

from gridseal.errors import ChainError
from settlement_service.ports import NodeAwayError


class RefusedCallError(ChainError):
    """The node understood the call and said no. ``data`` is what the contract returned, where it told."""

    def __init__(self, method: str, message: str, data: str = "") -> None:
        super().__init__(f"the node refused {method}: {message}")
        self.reason = message
        self.data = data


class JsonRpc:
    """One node."""

    def __init__(self, session: aiohttp.ClientSession, url: str, what: str) -> None:
        self._session = session
        self._url = url
        self._what = what
        self._ids = count(1)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, timeout_s: float, what: str = "the chain's node: check GRIDSEAL_CHAIN_RPC_URL"
    ) -> AsyncIterator["JsonRpc"]:
        """A client for ``url``; nothing is asked yet. ``what`` stands in its errors."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session:
            yield cls(session, url, what)

    async def ask(self, method: str, *params: Any) -> Any:
        """One call.

        Raises:
            NodeAwayError: No usable answer.
            RefusedCallError: The node says no.
        """
        [answer] = await self._post([_body(next(self._ids), method, params)])
        return _result(method, answer)

    async def ask_all(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Several calls in one request; answers in the order asked. Raises as ``ask``."""
        if not calls:
            return []
        bodies = [_body(next(self._ids), method, params) for method, params in calls]
        answers = {answer.get("id"): answer for answer in await self._post(bodies)}
        if any(body["id"] not in answers for body in bodies):
            raise NodeAwayError(f"no full answer from {self._what}")
        return [_result(body["method"], answers[body["id"]]) for body in bodies]

    async def _post(self, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            async with self._session.post(self._url, json=bodies if len(bodies) > 1 else bodies[0]) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NodeAwayError(f"no answer from {self._what}") from error
        answers = answer if isinstance(answer, list) else [answer]
        if not all(isinstance(part, dict) for part in answers):
            raise NodeAwayError(f"no usable answer from {self._what}")
        return answers


def number(text: str) -> int:
    """A JSON-RPC quantity."""
    return int(text, 16)


def octets(text: str) -> bytes:
    """JSON-RPC data."""
    return bytes.fromhex(text.removeprefix("0x"))


def _body(call_id: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": list(params)}


def _result(method: str, answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    data = error.get("data")
    if isinstance(data, dict):  # Hardhat wraps what the contract returned
        data = data.get("data")
    raise RefusedCallError(method, str(error.get("message", "no reason given")), data if isinstance(data, str) else "")
