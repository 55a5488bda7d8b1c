"""A whole answer at once, for layers that look at what the application said before anybody gets it."""

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(slots=True)
class Whole:
    """Start and body of an answer."""

    start: Message
    body: bytes

    @property
    def status(self) -> int:
        """Status code."""
        return int(self.start["status"])

    @property
    def headers(self) -> MutableHeaders:
        """Header fields; changes count."""
        return MutableHeaders(scope=self.start)

    @property
    def kind(self) -> str:
        """Media type without its parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip()

    async def send(self, send: Send) -> None:
        """Pass it on."""
        self.headers["content-length"] = str(len(self.body))
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


async def answered(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> Whole | None:
    """What the application answers; none if it answers in pieces: those went out as they came."""
    start: Message | None = None
    body: bytes | None = None
    streams = False

    async def watched(message: Message) -> None:
        nonlocal start, body, streams
        if message["type"] == "http.response.start":
            start = message
        elif streams or start is None or message["type"] != "http.response.body":
            await send(message)
        elif message.get("more_body") and body is None:
            streams = True
            await send(start)
            await send(message)
        else:
            body = (body or b"") + message.get("body", b"")

    await app(scope, receive, watched)
    return None if streams or start is None else Whole(start, body or b"")
