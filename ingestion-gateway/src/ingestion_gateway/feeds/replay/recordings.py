"""Which recorded answer belongs to a request. Pure but for reading the files once.

``manifest.json`` names for each file the request that it answered. A request is answered by the recording of the same
path whose parameters all stand in it, spans of time aside: those only have to touch. More may be asked for than was
recorded (a respondent, a page size), as feeds leave out what they did not ask for.
"""

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from gridseal.errors import ConfigError

_SECRET: Final = {"api_key", "securityToken", "apikey"}
_SPANS: Final = (("start", "end"), ("periodStart", "periodEnd"), ("start_date", "end_date"))
_FREE: Final = {"timezone", "current", "daily", "hourly", "minutely_15", "length", "callback", "wind_speed_unit"}
"""What says how an answer looks, not what it is about; the feed reads whatever columns come."""
_TYPES: Final = {".json": "application/json", ".xml": "application/xml", ".html": "text/html"}
_ESIOS: Final = re.compile(r"esios/indicator_(\d+)_.*?(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded answer."""

    file: str
    host: str
    path: str
    params: Mapping[str, str]
    span: tuple[datetime, datetime] | None
    status: int
    content_type: str
    date: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the replay server sees it."""

    host: str
    path: str
    params: Mapping[str, str]
    span: tuple[datetime, datetime] | None


def asked_from(host: str, path: str, pairs: Iterable[tuple[str, str]]) -> Asked:
    """A request in the words in which recordings are compared."""
    params = _plain(pairs)
    return Asked(host, path.rstrip("/"), params, _span_of(params))


def load(folder: Path) -> list[Recording]:
    """Every recording of a folder that some request leads to.

    Raises:
        ConfigError: The folder has no manifest.
    """
    try:
        entries: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder} has no manifest.json of recordings") from error
    found = [each for entry in entries if (each := _recording(folder, entry)) is not None]
    if not found:
        raise ConfigError(f"{folder}: the manifest names no answer of a provider")
    return found


def best(recordings: Iterable[Recording], asked: Asked) -> Recording | None:
    """The answer that says most of what is asked for; None where nothing was recorded."""
    fitting = [r for r in recordings if _fits(r, asked)]
    return max(fitting, key=lambda r: (len(r.params), _shared_s(r.span, asked.span)), default=None)


def _shared_s(one: tuple[datetime, datetime] | None, other: tuple[datetime, datetime] | None) -> float:
    """Seconds that two spans have in common."""
    if one is None or other is None:
        return 0.0
    return (min(one[1], other[1]) - max(one[0], other[0])).total_seconds()


def _fits(recording: Recording, asked: Asked) -> bool:
    if (recording.host, recording.path) != (asked.host, asked.path):
        return False
    for name, value in recording.params.items():
        if asked.params.get(name, "") != value and not _about(name, value, asked.params.get(name, "")):
            return False
    if recording.span is None or asked.span is None:
        return True
    return recording.span[0] < asked.span[1] and asked.span[0] < recording.span[1]


def _about(name: str, recorded: str, wanted: str) -> bool:
    """Coordinates name a cell of the grid, some kilometers wide."""
    if name not in ("latitude", "longitude"):
        return name == "offset" and (recorded, wanted) == ("0", "")
    try:
        return abs(float(recorded) - float(wanted)) < 0.05
    except ValueError:
        return False


def _recording(folder: Path, entry: Mapping[str, Any]) -> Recording | None:
    file = str(entry["file"])
    where = str(entry.get("request", "")).removeprefix("GET ") or _known_address(file)
    if not where:
        return None
    path = folder / file
    if not path.exists():
        return None
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    parts = urlsplit(where)
    params = _plain(parse_qsl(parts.query, keep_blank_values=True))
    span = _span_of(params) or _span_of_file(file)
    kept = {n: v for n, v in params.items() if n not in {x for pair in _SPANS for x in pair} and n != "fecha"}
    suffix = Path(file.removesuffix(".gz")).suffix
    return Recording(
        file=file,
        host=parts.netloc,
        path=parts.path.rstrip("/"),
        params=kept,
        span=span,
        status=int(entry.get("http_status") or 200),
        content_type=_TYPES.get(suffix, "application/octet-stream"),
        date=str(entry.get("server_date") or ""),
        body=body,
    )


def _known_address(file: str) -> str:
    """Recordings without a request: their names say what they answered."""
    esios = _ESIOS.match(file)
    if esios is not None:
        return f"https://api.esios.ree.es/indicators/{esios[1]}"
    if file == "ree/demandaGeneracionPeninsula_5min.json":
        service = "WSvisionaMovilesPeninsulaRest/resources/demandaGeneracionPeninsula"
        return f"https://demanda.ree.es/{service}?curva=DEMANDA&fecha=2024-10-26"
    if file == "entsoe/A44_prices_ES_2025-09-29_2025-10-02_PT60M_to_PT15M.xml":
        zone = "10YES-REE------0"
        span = "periodStart=202509282200&periodEnd=202510022200"
        return f"https://web-api.tp.entsoe.eu/api?documentType=A44&in_Domain={zone}&out_Domain={zone}&{span}"
    return ""


def _plain(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names as every client writes them: ``facets[type][0]`` and ``facets[type][]`` are one, keys are left out."""
    found: dict[str, str] = {}
    for name, value in pairs:
        plain = re.sub(r"\[\d*\]$", "[]", unquote(name))
        plain = {"in_domain": "in_Domain", "out_domain": "out_Domain"}.get(plain, plain)
        if plain in _SECRET or plain in _FREE or plain.startswith(("data[", "sort[", "geo_ids[")):
            continue
        found[plain] = value
    return found


def _span_of(params: Mapping[str, str]) -> tuple[datetime, datetime] | None:
    for first, last in _SPANS:
        if first in params and last in params:
            begin, end = _moment(params[first]), _moment(params[last])
            if begin is None or end is None:
                return None
            # Days and hours are inclusive there; an instant is not.
            wide = timedelta(days=1) if len(params[last]) == 10 else timedelta(hours=1)
            return begin, end + (wide if first != "periodStart" else timedelta(0))
    day = _moment(params["fecha"]) if "fecha" in params else None
    return None if day is None else (day, day + timedelta(days=1))


def _span_of_file(file: str) -> tuple[datetime, datetime] | None:
    esios = _ESIOS.match(file)
    if esios is None:
        return None
    noon = datetime.fromisoformat(esios[2]).replace(tzinfo=UTC) + timedelta(hours=11)
    return noon - timedelta(hours=13), noon + timedelta(hours=12)


def _moment(text: str) -> datetime | None:
    for form in ("%Y%m%d%H%M", "%Y-%m-%dT%H"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
