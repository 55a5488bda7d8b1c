"""MongoDB over TLS, by its address alone: asset-service's store, and what ends TLS before a server that does not."""

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from asset_service.mongo_store import MongoCatalogStore
from gridseal.errors import UnavailableError
from gridseal.identity.authority import SiteAuthority
from local_stack.scratch_servers import ScratchServers

pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(180),
    # pymongo leaves the connection whose handshake failed to the collector of garbage
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    found = ScratchServers(tmp_path_factory.mktemp("mongo"))
    try:
        found.start("mongo")
        yield found
    finally:
        found.stop()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What pymongo leaves is collected here, where its warning is expected."""
    yield
    gc.collect()


@asynccontextmanager
async def ending_tls(authority: SiteAuthority, port: int) -> AsyncIterator[int]:
    """A server that ends TLS before another one, on two addresses, of which its certificate names one; its port."""
    signed = authority.server("mongo")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(signed.both)

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while piece := await source.read(65_536):
            target.write(piece)
            await target.drain()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        pumps = [asyncio.create_task(pump(reader, inner_writer)), asyncio.create_task(pump(inner_reader, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for one in pumps:
            one.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for end in (writer, inner_writer):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context) as first:
        found = first.sockets[0].getsockname()[1]
        async with await asyncio.start_server(pass_on, "127.0.0.2", found, ssl=context):
            yield found


async def kept(address: str) -> int:
    """How many records the store says it has, asked as asset-service asks."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        address, serverSelectionTimeoutMS=4_000, connectTimeoutMS=4_000, socketTimeoutMS=4_000
    )
    try:
        return len(await MongoCatalogStore(client, "gridseal", "demo").kept())
    finally:
        await client.close()


async def test_the_store_believes_the_servers_authority_and_name_only(servers: ScratchServers, tmp_path: Path) -> None:
    ours, stranger = SiteAuthority(tmp_path / "ours"), SiteAuthority(tmp_path / "stranger")
    stranger.server("mongo")
    trusted, other = tmp_path / "ours" / "ca.crt", tmp_path / "stranger" / "ca.crt"
    async with ending_tls(ours, servers.ports.mongo) as port:
        # Direct: the server tells of itself by the port behind.
        plain = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        good = f"{plain}&tls=true&tlsCAFile={trusted}"

        assert await kept(good) == 0
        for wrong in (
            plain, f"{plain}&tls=true", good.replace(str(trusted), str(other)), good.replace("127.0.0.1", "127.0.0.2"),
        ):  # fmt: skip
            with pytest.raises(UnavailableError):
                await kept(wrong)
