"""Fits a candidate model on stored history, judges it out of sample and promotes it, or not.

What needs PyTorch is imported when it is asked for: others use the statistics and the gate without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecast_service.training.desk import Desk
    from forecast_service.training.options import TrainingOptions
    from forecast_service.training.request import TrainingRequest, parse_request
    from forecast_service.training.rules import GateRule
    from forecast_service.training.run import TrainingReport, run_training, train

__all__ = [
    "Desk",
    "GateRule",
    "TrainingOptions",
    "TrainingReport",
    "TrainingRequest",
    "parse_request",
    "run_training",
    "train",
]

_HOMES = {
    "Desk": "desk",
    "GateRule": "rules",
    "TrainingOptions": "options",
    "TrainingReport": "run",
    "TrainingRequest": "request",
    "parse_request": "request",
    "run_training": "run",
    "train": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
