"""Who is told: a JSON file, because most addresses of webhooks are secrets themselves."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from forecast_service.notify.events import KINDS, Event, Kind
from gridseal.errors import ConfigError
from gridseal.wire.alerts import Severity
from gridseal.wire.fields import Slug

Shape = Literal["generic", "slack", "teams", "pagerduty"]
PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
_RANK: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


class Target(BaseModel):
    """One webhook, and what it wants to hear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug
    """Stands in figures and logs; the address never does."""
    shape: Shape
    url: SecretStr = SecretStr("")
    secret: SecretStr | None = None
    """Key of the signature, at least 24 characters, with or without ``whsec_``."""
    routing_key: SecretStr | None = None
    """Of PagerDuty's integration; only there."""
    least: Severity = "warning"
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS

    @model_validator(mode="after")
    def _whole(self) -> "Target":
        if (self.shape == "pagerduty") != (self.routing_key is not None):
            raise ValueError("routing_key belongs to the shape pagerduty, and must be there")
        if self.shape != "pagerduty" and not self.url.get_secret_value():
            raise ValueError("url is missing")
        if self.secret is not None and len(self.secret.get_secret_value().removeprefix("whsec_")) < 24:
            raise ValueError("secret must have at least 24 characters")
        return self

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.url.get_secret_value() or PAGERDUTY

    def wants(self, event: Event) -> bool:
        """Whether it hears of an event. Who was told of a beginning is told of the end: only PagerDuty keeps one."""
        if event.resolves is not None:
            return self.shape == "pagerduty" and event.kind in self.kinds
        return event.kind in self.kinds and _RANK[event.severity] >= _RANK[self.least]


_TARGETS = TypeAdapter(tuple[Target, ...])


def read_targets(file: Path | None) -> tuple[Target, ...]:
    """The targets of a file; none without one.

    Raises:
        ConfigError: The file cannot be read, or is not a list of targets.
    """
    if file is None:
        return ()
    try:
        found = _TARGETS.validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigError("FORECAST_NOTIFY_FILE cannot be read: name a file of JSON") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        # Only the place and the rule: what stands there may be a secret.
        raise ConfigError(f"FORECAST_NOTIFY_FILE: {where} is wrong: {first['msg']}") from None
    if len({target.name for target in found}) < len(found):
        raise ConfigError("FORECAST_NOTIFY_FILE names two targets alike")
    return found
