"""The only place where bytes become messages and messages become bytes."""

from typing import Any, Final, TypeVar

from pydantic import ValidationError

from gridseal.errors import WireError
from gridseal.wire.fields import Message

M = TypeVar("M", bound=Message)
_REASONS: Final = {"json_invalid": "not_json", "finite_number": "not_finite"}


def decode(message_type: type[M], payload: bytes | str) -> M:
    """Parse and check one message.

    Raises:
        WireError: Not JSON, a field missing, one too many, or out of its range. The text names
            fields, never values.
    """
    try:
        return message_type.model_validate_json(payload)
    except ValidationError as error:
        fields = sorted({".".join(map(str, e["loc"])) or "payload" for e in error.errors()})
        kind = error.errors()[0]["type"]
        reason = _REASONS.get(kind, "malformed")
        name = message_type.__name__
        raise WireError(f"{name} refused: check {', '.join(fields[:8])}", reason=reason) from error


def encode(message: Message) -> bytes:
    """The JSON bytes of a message: UTF-8, no spaces, fields in their declared order."""
    return message.model_dump_json(by_alias=True).encode()


def encode_dict(message: Message) -> dict[str, Any]:
    """The same content as a plain dictionary, for REST and WebSocket frames."""
    return message.model_dump(mode="json", by_alias=True)
