"""Forecasts as data frames: pandas if installed (``gridseal[frames]``), polars if installed (``gridseal[polars]``).

>>> forecasts(client.latest(site_id="home-01")).pivot(index="target_start", columns="series_id", values="q0.5")

One row per series, run and target period; values in the unit of the column ``unit``; ``q0.05`` is what the outcome does
not exceed with probability 0.05 (``gridseal.wire.tables``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from gridseal.errors import ConfigError
from gridseal.wire.beliefs import BeliefsAt
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.tables import Row, actual_rows, belief_rows, forecast_rows, run_rows
from gridseal.wire.views import SeriesForecastView

if TYPE_CHECKING:
    import pandas
    import polars

Kind = Literal["pandas", "polars"]
Frame = Any
"""``pandas.DataFrame`` or ``polars.DataFrame``, as asked."""


def forecasts(views: Iterable[SeriesForecastView], kind: Kind = "pandas") -> Frame:
    """The newest runs, of ``latest``, ``day_ahead`` or ``intraday``."""
    return frame(forecast_rows(views), kind)


def actuals(views: Iterable[SeriesForecastView], kind: Kind = "pandas") -> Frame:
    """What was measured, as it came with forecasts."""
    return frame(actual_rows(views), kind)


def beliefs(found: BeliefsAt, kind: Kind = "pandas") -> Frame:
    """What was believed at one or several moments, of ``at``."""
    return frame(belief_rows(found), kind)


def run(found: ForecastRun, kind: Kind = "pandas") -> Frame:
    """One run, whole."""
    return frame(run_rows(found), kind)


@overload
def frame(rows: Sequence[Row], kind: Literal["pandas"]) -> pandas.DataFrame: ...
@overload
def frame(rows: Sequence[Row], kind: Literal["polars"]) -> polars.DataFrame: ...
@overload
def frame(rows: Sequence[Row], kind: Kind) -> Frame: ...
def frame(rows: Sequence[Row], kind: Kind = "pandas") -> Frame:
    """Rows as a frame; times are in UTC.

    Raises:
        ConfigError: The library is not installed.
    """
    try:
        if kind == "polars":
            import polars

            return polars.DataFrame(list(rows), infer_schema_length=None)
        import pandas

        return pandas.DataFrame(list(rows))
    except ImportError as error:
        extra = "polars" if kind == "polars" else "frames"
        raise ConfigError(f"{kind} is not installed: pip install 'gridseal[{extra}]'") from error
