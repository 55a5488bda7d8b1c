"""The replay server: ``/<host>/<path>?…`` is answered as the provider answered, errors included.

What was never recorded is answered as each provider says that it has nothing, or as its documents say it refuses.
With long series beside the recordings, what these hold is answered from them, in the provider's words.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from ingestion_gateway.feeds.replay.long_series import LongSeries
from ingestion_gateway.feeds.replay.recordings import Recording, asked_from, best
from ingestion_gateway.feeds.replay.spoken import speak

_KEYED: Final = {"api.eia.gov": "api_key", "web-api.tp.entsoe.eu": "securityToken"}

_EMPTY_EIA: Final = b'{"response": {"total": 0, "data": []}}'
"""Where the recording of an empty answer is not in the folder: the members of it that are read."""


def create_app(recordings: Sequence[Recording], folder: Path, series: LongSeries | None = None) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="Gridseal replay of providers", docs_url=None, redoc_url=None, openapi_url=None)
    spoken = _Spoken(folder)

    @app.get("/{host}/{path:path}")
    async def answer(host: str, path: str, request: Request) -> Response:
        pairs = request.query_params.multi_items()
        if not _has_key(host, dict(pairs), request.headers):
            return spoken.without_key(host)
        said = speak(series, host, path, pairs) if series is not None else None
        if said is not None:
            return Response(said.body, media_type=said.media_type)
        found = best(recordings, asked_from(host, f"/{path}", pairs))
        if found is None:
            return spoken.nothing(host)
        headers = {"date": found.date} if found.date else {}
        return Response(found.body, found.status, headers, media_type=found.content_type)

    return app


def _has_key(host: str, params: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    if host == "api.esios.ree.es":
        return bool(headers.get("x-api-key"))
    return host not in _KEYED or bool(params.get(_KEYED[host]))


class _Spoken:
    """Refusals and empty answers, from the recordings where there are any."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def nothing(self, host: str) -> Response:
        """As the provider says that it has nothing."""
        if host == "api.eia.gov":
            return self._file("eia/fuel-type-data_empty_data_total0.json", 200, "application/json", _EMPTY_EIA)
        if host == "web-api.tp.entsoe.eu":
            return self._file("entsoe/acknowledgement_no_matching_data_A65_FR_2050.xml", 200, "application/xml")
        if host.endswith("open-meteo.com"):
            return self._told("open-meteo/error_bodies_from_text.json", 400, "out of allowed range")
        return Response(status_code=404)

    def without_key(self, host: str) -> Response:
        """As the provider refuses a request without a key."""
        if host == "api.eia.gov":
            return self._told("eia/error_bodies_from_text.json", 403, "API_KEY_MISSING")
        if host == "web-api.tp.entsoe.eu":
            return self._file("entsoe/http401_unauthorized_body.html", 401, "text/html")
        return Response(status_code=403)

    def _file(self, name: str, status: int, media_type: str, otherwise: bytes = b"") -> Response:
        path = self._folder / name
        return Response(path.read_bytes() if path.exists() else otherwise, status, media_type=media_type)

    def _told(self, name: str, status: int, words: str) -> Response:
        path = self._folder / name
        entries: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
        body: Any = next((e["body"] for e in entries if e["status"] == status and words in json.dumps(e["body"])), {})
        return Response(json.dumps(body).encode(), status, media_type="application/json")
