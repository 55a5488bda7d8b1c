"""Who did what, from where: what is written down, and who is shown it. Pure."""

from datetime import datetime
from typing import Annotated, Final, Protocol

from pydantic import Field

from gridseal.access.principal import Policy, Principal
from gridseal.wire.fields import Message, UtcTime

ALWAYS: Final = frozenset({"getSignInNonce", "signIn", "signOut"})
"""Public routes that are written down all the same."""
NOBODY: Final = "nobody"
LONGEST_PATH: Final = 500


class AuditEntry(Message):
    """One line. A path has no query: what is asked for stands in the path, values do not."""

    tenant_id: str
    service: str
    actor: str
    """``kind:name`` of the principal, or ``nobody``."""
    role: str
    action: str
    """Operation id of the route."""
    method: str
    path: str
    status: int
    reason: str = ""
    """Why it was refused."""
    address: str
    trace_id: str


class AuditLine(AuditEntry):
    """A line as it is kept."""

    entry_id: int
    at: UtcTime
    """Wall time."""
    place: int
    """In the log of the tenant, from 1, without gaps."""
    previous: str
    """Hash of the line before."""
    hash: str
    """SHA-256 over the line and ``previous``: ``gridseal audit-log verify`` computes it again."""


class AuditPage(Message):
    """Answer of ``GET /api/v1/audit``, oldest first."""

    items: Annotated[list[AuditLine], Field(max_length=5_000)]
    next_cursor: str | None = None


class AuditLog(Protocol):
    """Where lines are kept. Every call may raise ``UnavailableError``."""

    async def write(self, entry: AuditEntry) -> None:
        """Add a line."""
        ...

    async def read(self, tenant: str, begin: datetime, end: datetime, after: int, limit: int) -> list[AuditLine]:
        """Lines of one tenant in ``[begin, end)`` after a line, oldest first."""
        ...


def worth_a_line(policy: Policy, action: str, method: str, status: int) -> bool:
    """What changes something, signs in or out, reads the log itself, or was refused."""
    if status in (401, 403) or action in ALWAYS or policy == "admin":
        return True
    return method not in ("GET", "HEAD", "OPTIONS") and policy in ("operator", "authority")


def line_of(
    service: str, tenant: str, principal: Principal | None, action: str, method: str, path: str, status: int,
    reason: str, address: str, trace_id: str,
) -> AuditEntry:  # fmt: skip
    """A line about one request."""
    return AuditEntry(
        tenant_id=principal.tenant if principal else tenant,
        service=service,
        actor=principal.label if principal else NOBODY,
        role=(principal.role or "") if principal else "",
        action=action,
        method=method,
        path="".join(c if c.isprintable() else "?" for c in path[:LONGEST_PATH]),
        status=status,
        reason=reason,
        address=address,
        trace_id=trace_id,
    )
