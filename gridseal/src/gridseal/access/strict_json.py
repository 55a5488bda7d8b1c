"""JSON from outside, read so that two readers cannot read it differently. Pure."""

import json
import re
from typing import Any, Final

from gridseal.errors import WireError

DEEPEST: Final = 64
_OUTSIDE: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def read_strictly(content: bytes, deepest: int = DEEPEST) -> Any:
    """One JSON document.

    Raises:
        WireError: It is none, or nests too deeply, names a member twice, or holds NaN or an infinity.
    """
    if deeper_than(content, deepest):
        raise WireError(f"the JSON nests deeper than {deepest} levels", reason="too_deep")
    try:
        return json.loads(content, object_pairs_hook=_members, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, _RefusedError):
            raise WireError(str(error), reason=error.reason) from None
        raise WireError("the body is not JSON", reason="not_json") from None


def deeper_than(content: bytes, deepest: int) -> bool:
    """Whether objects and arrays nest deeper; text does not count. Linear in the length."""
    depth = 0
    for match in _OUTSIDE.finditer(content):
        first = match[0][:1]
        if first in b"[{":
            depth += 1
            if depth > deepest:
                return True
        elif first in b"]}":
            depth -= 1
    return False


class _RefusedError(ValueError):
    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("duplicate_member", "a JSON object names a member twice")
    return found


def _constant(name: str) -> Any:
    raise _RefusedError("not_a_number", "NaN and infinities are no JSON")
