"""Ways to ask whether a process answers."""

import asyncio
import json
import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Probe(Protocol):
    """One way to ask."""

    async def answers(self) -> bool:
        """Whether the process answers now; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """Something accepts connections."""

    port: int
    timeout_s: float = 5.0

    async def answers(self) -> bool:
        """Whether a connection was accepted."""
        try:
            async with asyncio.timeout(self.timeout_s):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                await writer.wait_closed()
        except OSError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A GET is answered with a status below 400; proxies of the machine are not asked."""

    url: str
    timeout_s: float = 8.0

    async def answers(self) -> bool:
        """Whether the address answered."""
        return await asyncio.to_thread(self._get)

    def _get(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.url, timeout=self.timeout_s) as reply:
                return int(reply.status) < 400
        except (OSError, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class CommandProbe:
    """A command ends with exit code 0."""

    argv: tuple[str, ...]
    timeout_s: float = 5.0

    async def answers(self) -> bool:
        """Whether the command succeeded in time."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            return False
        try:
            async with asyncio.timeout(self.timeout_s):
                return await process.wait() == 0
        except TimeoutError:
            process.kill()
            await process.wait()
            return False


@dataclass(frozen=True, slots=True)
class PidFileProbe:
    """A JSON file names a living process as its writer."""

    path: Path

    async def answers(self) -> bool:
        """Whether the writer of the file lives."""
        try:
            pid = int(json.loads(self.path.read_text())["pid"])
            os.kill(pid, 0)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True
