"""Puts access together as the settings say."""

from typing import Final
from urllib.parse import urlsplit

from gridseal.access.api_keys import KeyFile, read_own_key
from gridseal.access.authenticate import Authenticator, Development, Issuer, Login
from gridseal.access.fetch import check_address, discovered, served_at
from gridseal.access.guard import Access
from gridseal.access.key_sets import KeySet
from gridseal.access.sessions import ISSUER, KEYS_PATH, RULE
from gridseal.access.store import AccessDatabase, PostgresAudit, PostgresKeys
from gridseal.access.tokens import TokenRule
from gridseal.errors import ConfigError
from gridseal.http.counters import Counters
from gridseal.http.rates import Rates
from gridseal.runtime.settings import LOOPBACK, CoreSettings

LOCAL_NAMES: Final = ("127.0.0.1", "localhost")


def access_of(core: CoreSettings, service: str) -> Access:
    """How a service lets people in.

    Raises:
        ConfigError: A setting does not fit; the variable is named.
    """
    database = AccessDatabase(core.postgres_dsn)
    audit, rates = PostgresAudit(database), Rates(core.api_reads_per_min, core.api_writes_per_min)
    if core.auth == "dev":
        return Access(service, core.tenant, Development(core.tenant), audit, rates)
    login = login_of(core, AccessDatabase(core.postgres_dsn))
    return Access(service, core.tenant, login, audit, rates, Counters(core.redis_url))


def login_of(core: CoreSettings, database: AccessDatabase) -> Authenticator:
    """Sessions, keys, and the OIDC issuer where there is one."""
    session_keys = KeySet(served_at(core.settlement_url.rstrip("/") + KEYS_PATH), RULE.algorithms)
    issuers = {ISSUER: Issuer(RULE, session_keys, "wallet")}
    if core.oidc_issuer is not None:
        check_address(core.oidc_issuer, "GRIDSEAL_OIDC_ISSUER")
        if core.oidc_issuer == ISSUER:
            raise ConfigError("GRIDSEAL_OIDC_ISSUER names our own sessions")
        rule = token_rule(core, core.oidc_issuer)
        keys = KeySet(discovered(core.oidc_issuer), rule.algorithms, outage_s=core.oidc_outage_s)
        issuers[core.oidc_issuer] = Issuer(rule, keys)
    files = () if core.api_keys_file is None else (KeyFile(core.api_keys_file),)
    return Login(issuers, (*files, PostgresKeys(database)), core.tenant, dashboard_origins(core))


def token_rule(core: CoreSettings, issuer: str) -> TokenRule:
    """What is taken from the OIDC issuer."""
    return TokenRule(
        issuer,
        core.oidc_audience,
        _listed(core.oidc_algorithms),
        frozenset(kind.lower() for kind in _listed(core.oidc_type)),
        core.oidc_leeway_s,
        core.oidc_roles_claim,
        core.oidc_tenant_claim,
    )


def dashboard_origins(core: CoreSettings) -> frozenset[str]:
    """Web origins of our own pages."""
    parts = urlsplit(core.dashboard_url)
    port = f":{parts.port}" if parts.port else ""
    names = LOCAL_NAMES if parts.hostname in LOOPBACK else (parts.hostname or "",)
    own = {f"{parts.scheme}://{name}{port}" for name in names}
    return frozenset(own | {origin.rstrip("/") for origin in _listed(core.allowed_origins)})


def own_headers(core: CoreSettings) -> dict[str, str]:
    """What a service says of itself when it asks another one; nothing in development mode."""
    if core.service_key_file is None:
        return {}
    return {"Authorization": f"Bearer {read_own_key(core.service_key_file, 'GRIDSEAL_SERVICE_KEY_FILE')}"}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
