"""The built dashboard behind a login: people sign in with a real OpenID provider, and services get their tokens.

A browser's steps are taken by httpx: it keeps cookies and follows addresses; no step is left out.
"""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlparse

import httpx
import pytest

from gridseal.runtime.serve import http_part
from local_stack.layout import Layout
from local_stack.scratch import free_port
from tests.api.apps import LET_IN, NOBODY, asset
from tests.oidc import test_real_provider as real

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]
BUILT = ROOT / "frontend" / ".next" / "standalone" / "server.js"
HERE = Path(__file__).parent


@pytest.fixture(params=[300, 30])
def provider(request: pytest.FixtureRequest) -> Iterator[real.Provider]:
    """Tokens of five minutes, or of half a minute: those have to be renewed at every request."""
    process = subprocess.Popen(
        [str(Layout.here().node), "server.mjs", str(free_port()), str(request.param)], cwd=HERE,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield real.Provider(process, process.stdout.readline().strip())
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


@asynccontextmanager
async def a_dashboard(issuer: str, folder: Path) -> AsyncIterator[str]:
    """Its address; behind it asset-service with the same login."""
    assert BUILT.is_file(), "make setup builds the dashboard"
    service, port, secret = free_port(), free_port(), folder / "secret"
    secret.write_bytes(os.urandom(32))
    before = LET_IN.set(real.access_by(issuer))
    try:
        async with asset(NOBODY, folder) as app:
            serving = asyncio.create_task(http_part(app, "127.0.0.1", service)())
            dashboard = await asyncio.create_subprocess_exec(
                str(Layout.here().node), str(BUILT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={
                    "PATH": os.environ["PATH"], "PORT": str(port), "GRIDSEAL_AUTH": "login",
                    "GRIDSEAL_OIDC_ISSUER": issuer, "GRIDSEAL_OIDC_SCOPE": "openid read offline_access",
                    "GRIDSEAL_OIDC_RESOURCE": "urn:gridseal", "GRIDSEAL_SESSION_SECRET_FILE": str(secret),
                    "GRIDSEAL_ASSET_URL": f"http://127.0.0.1:{service}",
                },
            )  # fmt: skip
            address = f"http://127.0.0.1:{port}"
            try:
                await _until_it_answers(f"{address}/healthz")
                yield address
            finally:
                dashboard.kill()
                await dashboard.wait()
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
    finally:
        LET_IN.reset(before)


async def _until_it_answers(url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            return


async def signed_in(browser: httpx.AsyncClient, issuer: str, start: str, name: str) -> httpx.Response:
    """From the dashboard's link over the provider's pages to the first page after it."""
    place = urljoin(str(browser.base_url), start)
    answer = await browser.get(place)
    for _ in range(15):
        if answer.is_redirect:
            place = urljoin(place, answer.headers["location"])
            answer = await browser.get(place)
        elif place.startswith(issuer):
            action = re.findall(r'action="([^"]+)"', answer.text)[0].replace("&amp;", "&")
            hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
            place = urljoin(issuer, action)
            answer = await browser.post(place, data={**hidden, "login": name, "password": "x"})
        else:
            return answer
    raise AssertionError(place)


@pytest.fixture
async def dashboard(provider: real.Provider, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the dashboard, that says of each request that a page of its own made it."""
    async with a_dashboard(provider.issuer, tmp_path) as address, httpx.AsyncClient(base_url=address) as browser:
        browser.headers["sec-fetch-site"] = "same-origin"
        yield browser


async def test_people_come_in_by_the_provider_and_may_what_their_role_may(
    provider: real.Provider, dashboard: httpx.AsyncClient
) -> None:
    first = await dashboard.get("/assets?site=a")
    assert first.status_code == 307
    asked = parse_qs(urlparse(first.headers["location"]).query)
    assert asked == {"back": ["/assets?site=a"]}
    assert (await dashboard.get("/api/v1/assets")).status_code == 401
    assert (await dashboard.get("/auth/session")).status_code == 401
    assert (await dashboard.post("/auth/socket")).status_code == 401
    assert provider.issuer.removeprefix("http://") in (await dashboard.get(first.headers["location"])).text

    page = await signed_in(dashboard, provider.issuer, "/auth/start?back=/assets%3Fsite%3Da", "bob")

    assert page.status_code == 200
    assert str(page.url).endswith("/assets?site=a")
    listed = await dashboard.get("/api/v1/assets")
    assert listed.status_code == 200
    assert listed.headers["gridseal-auth"] == "login"
    changed = await dashboard.patch("/api/v1/assets/home-01-pv", json={"name": "x"})
    assert changed.status_code == 403
    who = (await dashboard.get("/auth/session")).json()
    assert (who["kind"], who["name"], who["roles"]) == ("person", "bob", ["viewer"])
    token = (await dashboard.post("/auth/socket")).json()["token"]
    assert token.count(".") == 2
    assert (await dashboard.get("/sign-in", headers={"cookie": ""})).status_code == 200

    elsewhere = {"sec-fetch-site": "cross-site", "origin": "http://evil.example"}
    assert (await dashboard.post("/auth/socket", headers=elsewhere)).status_code == 403
    assert (await dashboard.post("/auth/out", headers=elsewhere)).status_code == 403
    assert (await dashboard.post("/auth/out")).status_code == 204
    assert (await dashboard.get("/api/v1/assets")).status_code == 401


async def test_nobody_comes_in_with_another_s_sign_in(provider: real.Provider, dashboard: httpx.AsyncClient) -> None:
    begun = await dashboard.get("/auth/start?back=//evil.example")
    state = parse_qs(urlparse(begun.headers["location"]).query)["state"][0]
    cookies = [line for line in begun.headers.get_list("set-cookie") if "Max-Age=0" not in line]
    assert all("HttpOnly" in line and "SameSite=Lax" in line for line in cookies)
    assert state not in " ".join(cookies)

    async with httpx.AsyncClient(base_url=dashboard.base_url) as another:
        for query in (f"code=made-up&state={state}", "code=made-up&state=another"):
            answer = await another.get(f"/auth/back?{query}")
            assert parse_qs(urlparse(answer.headers["location"]).query) == {"why": ["again"]}
    answer = await dashboard.get(f"/auth/back?code=made-up&state={state}&iss={provider.issuer}")
    assert parse_qs(urlparse(answer.headers["location"]).query) == {"why": ["again"], "back": ["/"]}
    assert (await dashboard.get("/auth/session")).status_code == 401

    unknown = await dashboard.post("/auth/key", json={"key": "gsk_made_up_key"})
    assert unknown.status_code == 401
    assert (await dashboard.get("/api/v1/assets")).status_code == 401
