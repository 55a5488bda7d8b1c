"""What one training was asked to do: the parameters of a job. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, cast, get_args

from forecast_service.training.options import TrainingOptions
from gridseal.errors import ConfigError
from gridseal.wire.catalog import Series

Mode = Literal["full", "finetune", "sweep"]
MOST_TRIALS = 200


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Everything has a default: an empty request is the ordinary training."""

    mode: Mode = "full"
    """``full`` from random weights, ``finetune`` from the champion's, ``sweep`` for the best options first."""
    trials: int = 12
    """Of a sweep."""
    options: Mapping[str, int | float] = field(default_factory=dict)
    """Options of the recipe to use instead of the defaults, by name."""
    kinds: tuple[str, ...] = ()
    """Only series of these kinds; all if empty."""
    series: tuple[str, ...] = ()
    """Only these series; all if empty."""

    def applied(self, options: TrainingOptions) -> TrainingOptions:
        """Options with those of the request in place."""
        return replace(options, **cast(dict[str, Any], dict(self.options)))

    def chosen(self, series: Sequence[Series]) -> list[Series]:
        """The series that it is about."""
        return [
            one
            for one in series
            if (not self.kinds or one.kind in self.kinds) and (not self.series or one.series_id in self.series)
        ]


def parse_request(text: str, setting: str) -> TrainingRequest:
    """Read a request from JSON.

    Raises:
        ConfigError: It is no object, or names something that does not exist or has a wrong type.
    """
    try:
        told = json.loads(text or "{}")
    except ValueError as error:
        raise ConfigError(f"{setting} must be a JSON object") from error
    if not isinstance(told, dict):
        raise ConfigError(f"{setting} must be a JSON object")
    known = {one.name for one in fields(TrainingRequest)}
    strangers = sorted(set(told) - known)
    if strangers:
        raise ConfigError(f"{setting}: there is no parameter {strangers[0]}, known are {', '.join(sorted(known))}")
    mode, trials = told.get("mode", "full"), told.get("trials", 12)
    if mode not in get_args(Mode):
        raise ConfigError(f"{setting}: mode must be one of {', '.join(get_args(Mode))}")
    if not _whole(trials) or not 1 <= trials <= MOST_TRIALS:
        raise ConfigError(f"{setting}: trials must be a whole number from 1 to {MOST_TRIALS}")
    return TrainingRequest(
        mode=mode,
        trials=trials,
        options=_options(told.get("options", {}), setting),
        kinds=_names(told.get("kinds", []), "kinds", setting),
        series=_names(told.get("series", []), "series", setting),
    )


def _options(told: Any, setting: str) -> dict[str, int | float]:
    if not isinstance(told, dict):
        raise ConfigError(f"{setting}: options must be an object")
    defaults = TrainingOptions()
    numbers = {
        one.name: getattr(defaults, one.name)
        for one in fields(TrainingOptions)
        if isinstance(getattr(defaults, one.name), int | float)
    }
    out: dict[str, int | float] = {}
    for name, value in told.items():
        if name not in numbers:
            raise ConfigError(f"{setting}: there is no option {name}, known are {', '.join(sorted(numbers))}")
        whole = isinstance(numbers[name], int)
        if (whole and not _whole(value)) or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ConfigError(f"{setting}: option {name} must be a {'whole ' if whole else ''}number, 0 or more")
        out[name] = value if whole else float(value)
    return out


def _names(told: Any, what: str, setting: str) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise ConfigError(f"{setting}: {what} must be a list of names")
    return tuple(told)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
