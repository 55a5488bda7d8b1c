"""How a process opens PostgreSQL for one tenant, so that row-level security binds the process itself.

``gridseal_tenant`` reads the rows of ``gridseal.tenant``; ``gridseal_service`` is that role and may also write what
services write, for the same tenant alone. Both are set when a connection begins: no query has to say them, and
``RESET ALL``, as pools send it, comes back to them.
"""

import re
from typing import Final

from gridseal.errors import ConfigError

READER: Final = "gridseal_tenant"
SERVICE: Final = "gridseal_service"
FIRST: Final = "demo"
"""The tenant where no other was named; what is shared by name (locks, groups, queues) bears its old name for it."""
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


def tenant_options(tenant: str, role: str | None = None) -> str:
    """``options`` of a connection whose rows are a tenant's; with a role, one that sees and touches no others.

    Raises:
        ConfigError: This is no name of a tenant.
    """
    if not _TENANT.fullmatch(tenant):
        raise ConfigError("GRIDSEAL_TENANT must be up to 63 of a-z, 0-9, dot, dash and underscore")
    own = f"-c gridseal.tenant={tenant}"
    return own if role is None else f"-c role={role} {own}"


def named_for(name: str, tenant: str) -> str:
    """A name in a server that tenants share: a lock, a consumer group, a queue."""
    return name if tenant == FIRST else f"{name}:{tenant}"
