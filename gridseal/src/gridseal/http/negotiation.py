"""Which format an answer should have: ``?format=`` first, then ``Accept``. Pure."""

from typing import Final, Literal, get_args

Format = Literal["json", "ndjson", "csv", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
MEDIA_TYPES: Final[dict[Format, str]] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
_NAMES: Final = {name: kind for kind, name in MEDIA_TYPES.items()}


def accepted(accept: str) -> Format:
    """The format that ``Accept`` likes best; of several, and where none of ours is named, JSON first.

    A caller that accepts nothing of ours gets JSON rather than nothing, which RFC 9110 leaves to the server.
    """
    wants: list[tuple[float, Format]] = []
    for part in accept.split(","):
        name, *terms = (piece.strip() for piece in part.lower().split(";"))
        weight = next((_weight(term[2:]) for term in terms if term.startswith("q=")), 1.0)
        if name in _NAMES and weight > 0:
            wants.append((weight, _NAMES[name]))
        elif name in ("*/*", "application/*") and weight > 0:
            wants.append((weight, "json"))
    return max(wants, key=lambda want: (want[0], want[1] == "json"))[1] if wants else "json"


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
