"""Against a real OpenID provider: what it issues for us is let in by its roles, and nothing else is."""

import base64
import hashlib
import html
import re
import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlparse

import httpx
import jwt
import pytest

from gridseal.access.guard import Access
from gridseal.access.install import access_of
from gridseal.runtime.settings import CoreSettings
from local_stack.layout import Layout
from local_stack.scratch import free_port
from tests.api.apps import LET_IN, NOBODY, asset
from tests.api.pieces import NoLines

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
HERE = Path(__file__).parent
BACK = "http://127.0.0.1/signed-in"


class Provider:
    """The provider, and people who sign in there."""

    def __init__(self, process: "subprocess.Popen[str]", issuer: str) -> None:
        self._process = process
        self.issuer = issuer

    def machine_token(self, resource: str = "urn:gridseal") -> str:
        """By client credentials."""
        asked = {"grant_type": "client_credentials", "scope": "read", "resource": resource}
        answer = httpx.post(f"{self.issuer}/token", auth=("operations", "secret-of-operations"), data=asked)
        return str(answer.raise_for_status().json()["access_token"])

    def person_tokens(self, name: str) -> dict[str, Any]:
        """By code with PKCE, through the provider's own pages."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": "dashboard", "response_type": "code", "redirect_uri": BACK, "scope": "openid read",
            "code_challenge": challenge, "code_challenge_method": "S256", "state": "s", "nonce": "n",
            "resource": "urn:gridseal",
        }  # fmt: skip
        with httpx.Client() as browser:
            answer = browser.get(f"{self.issuer}/auth", params=asked)
            for _ in range(12):
                place = answer.headers.get("location", "")
                if place.startswith(BACK):
                    break
                answer = browser.get(urljoin(self.issuer, place)) if place else self._filled_in(browser, answer, name)
        code = parse_qs(urlparse(place).query)["code"][0]
        back = {
            "grant_type": "authorization_code", "client_id": "dashboard", "code": code, "redirect_uri": BACK,
            "code_verifier": verifier, "resource": "urn:gridseal",
        }  # fmt: skip
        tokens: dict[str, Any] = httpx.post(f"{self.issuer}/token", data=back).raise_for_status().json()
        return tokens

    def _filled_in(self, browser: httpx.Client, page: httpx.Response, name: str) -> httpx.Response:
        action = html.unescape(re.findall(r'action="([^"]+)"', page.text)[0])
        hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
        return browser.post(urljoin(self.issuer, action), data={**hidden, "login": name, "password": "x"})

    def rotate(self) -> None:
        """Another signing key; the one before is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("rotate\n")
        self._process.stdin.flush()
        assert "rotated" in (line.strip() for line in self._process.stdout)  # after what the provider says of itself

    @property
    def asked(self) -> int:
        """How often it was asked for its keys."""
        return int(httpx.get(f"{self.issuer}/asked").text)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    process = subprocess.Popen(
        [str(Layout.here().node), "server.mjs", str(free_port())], cwd=HERE, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield Provider(process, process.stdout.readline().strip())
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def access_by(issuer: str) -> Access:
    """As the settings of a service put it together; nobody keeps the audit log here."""
    core = CoreSettings(auth="login", oidc_issuer=issuer, postgres_dsn=NOBODY, redis_url="redis://127.0.0.1:1/0")
    return replace(access_of(core, "asset-service"), audit=NoLines())


@asynccontextmanager
async def a_service(access: Access, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """asset-service behind this login."""
    before = LET_IN.set(access)
    try:
        async with (
            asset(NOBODY, folder) as app,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            yield client
    finally:
        LET_IN.reset(before)


async def looks_and_changes(client: httpx.AsyncClient, token: str) -> tuple[int, int, str]:
    """What comes of reading and of changing, and why the reading was refused."""
    headers = {"Authorization": f"Bearer {token}"}
    read = await client.get("/api/v1/assets", headers=headers)
    change = await client.patch("/api/v1/assets/home-01-pv", json={"name": "x"}, headers=headers)
    return read.status_code, change.status_code, read.json().get("reason", "")


async def test_roles_decide_what_people_and_machines_may(provider: Provider, tmp_path: Path) -> None:
    async with a_service(access_by(provider.issuer), tmp_path) as client:
        found = {
            n: await looks_and_changes(client, provider.person_tokens(n)["access_token"]) for n in ("alice", "bob")
        }
        nobody = await looks_and_changes(client, provider.person_tokens("carol")["access_token"])
        machine = await looks_and_changes(client, provider.machine_token())

    assert found["bob"] == (200, 403, "")
    assert nobody == (403, 403, "role")
    assert found["alice"] == machine
    assert machine[0] == 200
    assert machine[1] in (404, 428)


async def test_what_the_provider_issues_for_others_is_not_for_us(provider: Provider, tmp_path: Path) -> None:
    tokens = provider.person_tokens("alice")
    head, _, signature = tokens["access_token"].split(".")
    claims = base64.urlsafe_b64encode(b'{"iss":"' + provider.issuer.encode() + b'","sub":"root"}').rstrip(b"=").decode()
    async with a_service(access_by(provider.issuer), tmp_path) as client:
        reasons = {
            name: (await looks_and_changes(client, token))[2]
            for name, token in {
                "id token": tokens["id_token"],
                "other audience": provider.machine_token("urn:other"),
                "changed": f"{head}.{claims}.{signature}",
                "cut": tokens["access_token"][:-6] + "AAAAAA",
            }.items()
        }
        elsewhere = access_by("http://127.0.0.1:1")
    async with a_service(elsewhere, tmp_path) as client:
        reasons["other issuer"] = (await looks_and_changes(client, tokens["access_token"]))[2]

    assert reasons["changed"] in ("signature", "claims")
    assert {k: v for k, v in reasons.items() if k != "changed"} == {
        "id token": "type", "other audience": "audience", "cut": "signature", "other issuer": "issuer",
    }  # fmt: skip


async def test_the_provider_is_asked_for_its_keys_once(provider: Provider, tmp_path: Path) -> None:
    before, token = provider.asked, provider.machine_token()
    stranger = jwt.encode({"iss": provider.issuer}, "x" * 40, headers={"kid": "k", "typ": "at+jwt"})
    async with a_service(access_by(provider.issuer), tmp_path) as client:
        for _ in range(20):
            assert (await looks_and_changes(client, token))[0] == 200
            assert (await looks_and_changes(client, stranger))[0] == 401

    assert provider.asked == before + 1


async def test_a_key_that_is_gone_lets_nobody_in_and_its_successor_does(provider: Provider, tmp_path: Path) -> None:
    access, old = access_by(provider.issuer), provider.machine_token()
    keys = access.authenticator.issuers[provider.issuer].keys  # type: ignore[attr-defined]
    async with a_service(access, tmp_path) as client:
        assert (await looks_and_changes(client, old))[0] == 200
        provider.rotate()
        keys._pause_s = 0
        assert (await looks_and_changes(client, provider.machine_token()))[0] == 200
        assert (await looks_and_changes(client, old))[2] == "key"
