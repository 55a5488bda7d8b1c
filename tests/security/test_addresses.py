"""Nobody outside tells a service where to connect: not a request, not the document of an issuer, not a redirect."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gridseal.access import fetch
from gridseal.access.fetch import DISCOVERY, check_address, discovered, fetched
from gridseal.errors import ConfigError, UnavailableError, WireError

ROOT = Path(__file__).resolve().parents[2]
INSIDE = (
    "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/",
    "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://10.0.0.1/",
    "http://192.168.0.1/", "http://metadata.google.internal/", "http://localhost.evil.example/", "http://0.0.0.0/",
    "http://127.0.0.1@evil.example/", "https://user:word@issuer.example/", "file:///etc/passwd", "gopher://127.0.0.1:6379/",
    "ftp://127.0.0.1/", "//169.254.169.254/", "http:///x", "", "unix:///run/x.sock", "http://127.0.0.1.nip.io/",
)  # fmt: skip
SUSPECT = ("url", "uri", "callback", "webhook", "redirect", "endpoint", "rpc", "host")


@pytest.fixture
def issuer() -> Iterator[tuple[str, dict[str, Any]]]:
    """An issuer on this machine whose document can be made to say anything, and what it was asked."""
    said: dict[str, Any] = {"asked": []}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said["asked"].append(self.path)
            redirect = said.get("redirect") if self.path == DISCOVERY else None
            content = json.dumps(said.get("document", {})).encode()
            self.send_response(302 if redirect else 200)
            if redirect:
                self.send_header("location", redirect)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", said
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("address", INSIDE)
async def test_the_issuer_s_document_cannot_send_us_into_the_network(
    issuer: tuple[str, dict[str, Any]], address: str
) -> None:
    url, said = issuer
    said["document"] = {"issuer": url, "jwks_uri": address}

    with pytest.raises(WireError):
        await discovered(url)()
    with pytest.raises(ConfigError):
        check_address(address, "GRIDSEAL_OIDC_ISSUER")
    assert said["asked"] == [DISCOVERY]


async def test_nor_can_a_redirect(issuer: tuple[str, dict[str, Any]]) -> None:
    url, said = issuer
    said["redirect"] = f"{url}/elsewhere"

    with pytest.raises(UnavailableError):
        await fetched(url + DISCOVERY)
    assert said["asked"] == [DISCOVERY]


async def test_the_document_must_be_the_issuer_s_own(issuer: tuple[str, dict[str, Any]]) -> None:
    url, said = issuer
    said["document"] = {"issuer": "https://another.example", "jwks_uri": f"{url}/keys"}
    with pytest.raises(WireError, match="another issuer's"):
        await discovered(url)()
    said["document"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
    await discovered(url)()

    assert said["asked"] == [DISCOVERY, DISCOVERY, "/keys"]


async def test_keys_of_an_issuer_behind_tls_are_behind_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where plain http would be allowed, on this machine."""
    asked = []

    async def answered(url: str, timeout_s: float = 1) -> bytes:
        asked.append(url)
        return json.dumps({"issuer": "https://id.example", "jwks_uri": "http://127.0.0.1:1/keys"}).encode()

    monkeypatch.setattr(fetch, "fetched", answered)
    with pytest.raises(WireError, match="not behind TLS"):
        await discovered("https://id.example")()
    assert asked == ["https://id.example" + DISCOVERY]


async def test_an_answer_without_end_is_not_read_to_its_end(issuer: tuple[str, dict[str, Any]]) -> None:
    url, said = issuer
    said["document"] = {"more": "x" * fetch.LARGEST}

    with pytest.raises(UnavailableError, match="too large"):
        await fetched(url + DISCOVERY)


async def test_a_proxy_of_the_machine_is_not_asked(
    issuer: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert await fetched(issuer[0] + DISCOVERY) == b"{}"


def test_no_request_names_an_address() -> None:
    """No field and no parameter of any interface is an address, so that none has to be judged."""
    found, seen = [], 0
    folder = ROOT / "docs" / "openapi"
    for path in (*sorted(folder.glob("*-service.json")), folder / "ingestion-gateway.json"):
        document = json.loads(path.read_text())
        for route, methods in document["paths"].items():
            for operation in methods.values():
                names = [p["name"] for p in operation.get("parameters", ()) if p["in"] != "cookie"]
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                schema = document["components"]["schemas"].get(str(body.get("$ref", "")).rpartition("/")[2], body)
                names += list(schema.get("properties", {}))
                seen += len(names)
                found += [
                    f"{route}: {name}" for name in names if any(word in name.lower().split("_") for word in SUSPECT)
                ]

    assert found == []
    assert seen > 100
