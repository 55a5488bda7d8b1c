"""Frames of ``/ws/forecasts`` (sub-protocol ``gridseal.forecasts.v1+json``).

The server says ``hello``. The client subscribes to a channel and is answered by ``ack`` or
``error``, then ``snapshot``, then ``delta`` frames. ``seq`` rises by one per subscription; a client
that reconnects resumes with ``{epoch, last_seq}``, and gets what it missed from a bounded ring or a
new snapshot with ``reset``.

Channels and their data: ``forecasts`` (snapshot: list of SeriesForecastView; delta: one of them),
``seals`` (list / one Seal), ``alerts`` (list / one Alert), ``windows`` (empty list / one Window), ``rounds``
(list / one RoundChange; a round is about a product, so a filter lets none through).
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from gridseal.errors import WireError
from gridseal.wire.fields import Message, UtcTime

SUBPROTOCOL: Final = "gridseal.forecasts.v1+json"
TOKEN_PROTOCOL: Final = "gridseal.token."
"""Where there is a login: offered with the token behind it, beside the sub-protocol that is spoken."""
PING_INTERVAL_S: Final = 15
Channel = Literal["forecasts", "seals", "alerts", "windows", "rounds"]


class Resume(Message):
    """Where the client left off."""

    epoch: str
    last_seq: int


class Filter(Message):
    """Narrow a subscription; empty means everything."""

    site_id: str | None = None
    series_id: str | None = None


class Authenticate(Message):
    """Client: the first frame where no token came with the handshake; passed over where nobody asks for one."""

    type: Literal["authenticate"] = "authenticate"
    token: Annotated[str, Field(min_length=1, max_length=8_192, repr=False)]


class Subscribe(Message):
    """Client: start a subscription under an id of its own choice."""

    type: Literal["subscribe"] = "subscribe"
    id: Annotated[str, Field(min_length=1, max_length=64)]
    channel: Channel
    filter: Filter = Filter()
    resume: Resume | None = None


class Unsubscribe(Message):
    """Client: end a subscription; answered by ``complete``."""

    type: Literal["unsubscribe"] = "unsubscribe"
    id: str


class Ping(Message):
    """Client: are you there? Answered by ``pong``. The server sends them too."""

    type: Literal["ping", "pong"] = "ping"


class Hello(Message):
    """Server: first frame of a connection."""

    type: Literal["hello"] = "hello"
    protocol: str = SUBPROTOCOL
    epoch: str
    time_scale: float
    now: UtcTime
    """Domain time at the server."""


class Ack(Message):
    """Server: the subscription stands."""

    type: Literal["ack"] = "ack"
    id: str
    epoch: str


class Snapshot(Message):
    """Server: all there is now. ``reset`` says that earlier frames were lost."""

    type: Literal["snapshot"] = "snapshot"
    id: str
    seq: int
    as_at: UtcTime
    reset: bool = False
    data: list[Any]


class Delta(Message):
    """Server: one change."""

    type: Literal["delta"] = "delta"
    id: str
    seq: int
    prev_seq: int
    data: Any


class Complete(Message):
    """Server: the subscription has ended."""

    type: Literal["complete"] = "complete"
    id: str


class ErrorFrame(Message):
    """Server: the frame with this id was refused; the connection stays."""

    type: Literal["error"] = "error"
    id: str | None
    code: str
    message: str


ClientFrame = Annotated[Subscribe | Unsubscribe | Ping | Authenticate, Field(discriminator="type")]
_CLIENT: TypeAdapter[Subscribe | Unsubscribe | Ping | Authenticate] = TypeAdapter(ClientFrame)


def decode_client_frame(text: str | bytes) -> Subscribe | Unsubscribe | Ping | Authenticate:
    """Parse a frame of a client.

    Raises:
        WireError: Not a frame of this protocol; names the fields.
    """
    try:
        return _CLIENT.validate_json(text)
    except ValidationError as error:
        fields = sorted({".".join(map(str, e["loc"])) or "frame" for e in error.errors()})
        raise WireError(f"frame refused: check {', '.join(fields[:8])}", reason="bad_frame") from error
