"""Who asks, and the order of roles. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from gridseal.errors import GridsealError

Role = Literal["viewer", "operator", "authority", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "authority", "admin")
"""Each may do what those before it may."""
Policy = Literal["public", "viewer", "operator", "authority", "admin"]
"""The least role that a route takes; ``public``: nobody is asked who they are."""
Kind = Literal["local", "person", "wallet", "machine"]
"""``local``: somebody on this machine in development mode; ``machine``: an API key."""
LOCAL: Final = "local"
"""Name of whoever acts where there is no login."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was recognized."""

    name: str
    """Unique within its kind: the subject of a token, an address, the id of a key."""
    kind: Kind
    roles: frozenset[Role]
    tenant: str
    expires_at: float | None = None
    """Unix seconds after which who it was must be shown again; none: never."""

    @property
    def role(self) -> Role | None:
        """The highest role; none if there is none."""
        return highest(self.roles)

    @property
    def label(self) -> str:
        """Kind and name, for counters of requests and the audit log."""
        return f"{self.kind}:{self.name}"

    def may(self, policy: Policy) -> bool:
        """Whether a route of this policy is open to them."""
        if policy == "public":
            return True
        role = self.role
        return role is not None and ROLES.index(role) >= ROLES.index(policy)


class AccessDeniedError(GridsealError):
    """Not let in. ``reason`` is a bounded label for counters; the detail names no value that was sent."""

    def __init__(self, status: Literal[401, 403, 404, 503], reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail


def highest(roles: Collection[str]) -> Role | None:
    """The highest of the roles that we know; others mean nothing here."""
    return next((role for role in reversed(ROLES) if role in roles), None)


def known_roles(names: Collection[object]) -> frozenset[Role]:
    """Those of the names that are roles of ours."""
    return frozenset(role for role in ROLES if role in names)
