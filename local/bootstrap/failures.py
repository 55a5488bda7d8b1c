"""Turns the end of a tool's log into one sentence that says what to do."""

import re
from collections.abc import Iterable

DISK = re.compile(r"No space left on device|ENOSPC|Disk quota exceeded|os error 28|not enough free space", re.I)
NETWORK = re.compile(
    r"Temporary failure (in name )?resol|Could not resolve|Name or service not known|Network is unreachable|"
    r"Connection refused|Connection timed out|connection timed out|timed out|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|"
    r"ETIMEDOUT|ENETUNREACH|dns error|tcp connect error|Unknown host|NewConnectionError|Failed to establish a new "
    r"connection|error sending request|Cannot initiate the connection|Failed to fetch|Could not transfer artifact|"
    r"PKIX path building failed|No plugin found for prefix|certificate verify failed|invalid peer certificate",
)
NO_PACKAGE = re.compile(r"Unable to locate package (\S+)|Package '?([\w.+-]+)'? has no installation candidate")
LOCKED = re.compile(r"Could not get lock (\S+)")
COMPLAINT = re.compile(r"\b(error|fatal|failed|cannot|unable)\b|^E: ", re.I)
MEMORY = re.compile(r"Cannot allocate memory|JavaScript heap out of memory|MemoryError")


class SetupError(Exception):
    """One sentence for the person at the terminal; ``log`` has the rest."""

    def __init__(self, sentence: str, log: Iterable[str] = ()) -> None:
        super().__init__(sentence)
        self.tail = list(log)


def explain(step: str, source: str, code: int, log: str) -> str:
    """One sentence for a command of ``step`` that talks to ``source`` and ended with ``code``."""
    if DISK.search(log):
        return f"the disk is full: {step} needs more room; free some space and run the same command again"
    if found := NO_PACKAGE.search(log):
        name = found.group(1) or found.group(2)
        return f"Debian's package lists here have no {name}: this set-up is made for Debian 12 with its main archive"
    if found := LOCKED.search(log):
        return f"another program holds {found.group(1)}: let it finish and run the same command again"
    if source and NETWORK.search(log):
        return f"no network to {source}: check connection, proxy and certificates, then run the same command again"
    if MEMORY.search(log):
        return f"not enough memory for {step}: it needs about 4 GiB free"
    return f"{step} failed with exit code {code}"


def excerpt(log: str, complaints: int = 6, last: int = 12) -> list[str]:
    """The first complaints of a log and its last lines: tools like to end with pages of help."""
    lines = [line for line in log.splitlines() if line.strip()]
    early = [line for line in lines[:-last] if COMPLAINT.search(line)][:complaints]
    return [*early, *(["…"] if early else []), *lines[-last:]]
