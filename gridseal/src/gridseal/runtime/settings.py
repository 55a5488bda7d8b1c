"""Settings that every process shares, read from ``GRIDSEAL_*``, and the base for a service's own.

Every default works on one machine started by ``local/``. A service's own variables carry the
service's prefix; a misspelt variable under a known prefix is refused instead of ignored.
"""

import os
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import AliasChoices, AwareDatetime, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gridseal.errors import ConfigError
from gridseal.runtime import encryption

LOOPBACK = encryption.LOOPBACK


class PrefixedSettings(BaseSettings):
    """A group of settings under one prefix. Subclass with ``model_config = prefixed("NAME_")``."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")


def prefixed(prefix: str) -> SettingsConfigDict:
    """Configuration of a settings group whose variables all start with ``prefix``."""
    return SettingsConfigDict(env_prefix=prefix, frozen=True, extra="ignore")


class CoreSettings(PrefixedSettings):
    """Where the shared servers are, and which clock the process lives on."""

    model_config = prefixed("GRIDSEAL_")

    auth: Literal["dev", "login"] = "dev"
    """``dev``: no login; services then refuse to listen anywhere but on loopback. ``login``: tokens and keys."""
    oidc_issuer: str | None = None
    """Address of an OIDC issuer, to the character as it stands in ``iss``. Unset: wallets and API keys alone."""
    oidc_audience: str = "gridseal"
    """Which audience its tokens must name."""
    oidc_algorithms: str = "RS256,PS256,ES256,EdDSA"
    """By which algorithms they may be signed; none with a shared secret can be named."""
    oidc_type: str = "at+jwt"
    """Their ``typ``, several by commas. ``JWT`` lets ID tokens in where the audience fits: for Keycloak before 26."""
    oidc_leeway_s: int = Field(default=30, ge=0, le=60)
    oidc_roles_claim: str = "roles"
    """Where the roles stand, with dots: ``realm_access.roles``."""
    oidc_tenant_claim: str = ""
    """Where the tenant stands. Empty: all people of the issuer belong to ``GRIDSEAL_TENANT``."""
    oidc_outage_s: float = Field(default=3_600, gt=0)
    """How long the keys that are known count while the issuer does not answer."""
    api_keys_file: Path | None = None
    """Keys of machines as JSON, beside those in PostgreSQL: ``gridseal key new --file``."""
    service_key_file: Path | None = None
    """The key that this process shows to other services where there is a login."""
    allowed_origins: str = ""
    """Web origins whose pages may change something, by commas, beside that of ``GRIDSEAL_DASHBOARD_URL``."""
    host: str = "127.0.0.1"
    port_base: int = 20_000
    tenant: str = "demo"
    state_dir: Path = Path(".local")

    kafka_bootstrap: str = "127.0.0.1:29092"
    postgres_dsn: str = "postgresql://gridseal@127.0.0.1:25432/gridseal"
    redis_url: str = "redis://127.0.0.1:26379/0"
    mongo_url: str = "mongodb://127.0.0.1:28017"
    mlflow_url: str = "http://127.0.0.1:25000"
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 28_883
    chain_rpc_url: str = "http://127.0.0.1:28545"
    forecast_url: str = "http://127.0.0.1:28000"
    asset_url: str = "http://127.0.0.1:28010"
    settlement_url: str = "http://127.0.0.1:28020"
    gateway_url: str = "http://127.0.0.1:28030"
    stream_url: str = "http://127.0.0.1:28003"
    feeds_url: str = "http://127.0.0.1:28031"
    dashboard_url: str = "http://127.0.0.1:23000"
    otlp_endpoint: str | None = None
    """Where spans go: OTLP over HTTP, without a path. Unset: none are made."""
    trace_ratio: float = Field(default=0.001, ge=0, le=1)
    """Share of the messages that get spans of their own; batches, runs and seals always do."""
    schema_registry_url: str | None = Field(
        default=None, validation_alias=AliasChoices("GRIDSEAL_SCHEMA_REGISTRY_URL", "SCHEMA_REGISTRY_URL")
    )
    """A registry that speaks Confluent's wire API. Set: services register and check the schemas of what they write."""

    tls: bool = False
    """Whether the local stack's Kafka, PostgreSQL and Redis speak TLS; services see it by the addresses."""
    require_tls: bool = False
    """Whether a process refuses to start with an address of Kafka, PostgreSQL, Redis or MongoDB that is on a network
    and does not say TLS with a checked certificate. The manifests of a cluster set it."""
    postgres_bin: Path | None = None
    """Programs of the PostgreSQL 15 that the local stack starts; no service reads it."""
    failpoints: str = ""
    """Faults to inject, for tests only: see ``gridseal.runtime.failpoints``."""

    time_scale: float = Field(default=1.0, gt=0, le=3_600)
    """Domain seconds per wall second. 1 is production."""
    time_origin: AwareDatetime | None = None
    """Domain time at ``time_anchor``. Unset: domain time is UTC now."""
    time_anchor: AwareDatetime | None = None
    """Wall time at which domain time is ``time_origin``."""

    api_reads_per_min: int = Field(default=12_000, ge=0)
    """Most requests of one client a minute that change nothing, counted per process and address; 0: any number.
    Everybody behind the dashboard is one client, so this keeps out a runaway program, not a busy day."""
    api_writes_per_min: int = Field(default=1_200, ge=0)
    """The same for those that change something."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.require_tls:
            named = ("kafka_bootstrap", "postgres_dsn", "redis_url", "mongo_url")
            encryption.require_tls({f"GRIDSEAL_{name.upper()}": getattr(self, name) for name in named})
        return self


S = TypeVar("S", bound=PrefixedSettings)


def load_settings(kind: type[S], **overrides: Any) -> S:
    """Read one settings group from the environment.

    Raises:
        ConfigError: A variable has a wrong value, or stands under the prefix but means nothing; or an address is
            plain where ``GRIDSEAL_REQUIRE_TLS`` forbids it.
    """
    prefix = str(kind.model_config.get("env_prefix", ""))
    known = {prefix + name.upper() for name in kind.model_fields}
    strangers = sorted(n for n in os.environ if prefix and n.startswith(prefix) and n not in known)
    if strangers:
        raise ConfigError(f"unknown setting {strangers[0]}: {kind.__name__} has no such variable, remove or correct it")
    try:
        return kind(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = prefix + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"setting {name} is wrong: {first['msg']}") from error


def require_loopback(core: CoreSettings) -> None:
    """Refuse to serve a network in development mode.

    Raises:
        ConfigError: ``GRIDSEAL_AUTH=dev`` with a host that is not loopback.
    """
    if core.auth == "dev" and core.host not in LOOPBACK:
        raise ConfigError("GRIDSEAL_HOST must be 127.0.0.1 while GRIDSEAL_AUTH=dev: there is no login in this mode")
