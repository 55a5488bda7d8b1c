"""The engine as a ``TableForecaster``: fit, forecast, calibrate with what has come."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.engine.fit import Fitted, Options, fit_engine, refit_engine
from forecast_service.engine.frame import Frame
from forecast_service.engine.model import Engine, blended, clipped
from forecast_service.engine.recalibrate import WINDOW_DAYS, Ledger, recalibrate
from forecast_service.model.grid import DAY_S, take
from forecast_service.model.levels import probabilities

Part = Literal["blend", "nets", "trees", "direct"]
ALONE = {"nets": (1.0, 0.0, 0.0), "trees": (0.0, 1.0, 0.0), "direct": (0.0, 0.0, 1.0)}
BACKFILL = 400
"""Issues before the first one that are forecast with the held-out engine, for calibration to begin with."""


class EngineForecaster:
    """Networks and trees of the engine, or only one of them."""

    def __init__(self, name: str = "champion", part: Part = "blend", options: Options | None = None) -> None:
        self._name, self._part, self._options = name, part, options or Options()
        self._task: Task | None = None
        self._fitted: Fitted | None = None
        self._raw: dict[str, dict[int, Floats]] = {}

    @property
    def name(self) -> str:
        """Name in the tables."""
        return self._name

    @property
    def engine(self) -> Engine:
        """What was fitted last.

        Raises:
            ValueError: Nothing was.
        """
        if self._fitted is None:
            raise ValueError("fit first")
        return self._fitted.engine

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Learn from issues whose targets all ended by ``until_s``; a second call goes on from the first."""
        if self._fitted is None or task != self._task:
            self._task, self._raw = task, {}
            self._fitted = fit_engine(series, task, until_s, self._options)
        else:
            self._fitted = refit_engine(self._fitted, series, until_s, self._options)

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """Quantiles ``(S, I, H, Q)``, calibrated with outcomes that had come by each issue."""
        engine = self.engine
        frames = [engine.frame(one, int(issues_s[0])) for one in series]
        if not self._raw:
            self._backfill(frames, issues_s)
        for frame in frames:
            self._remember(engine, frame, issues_s)
        ledger = self._ledger(frames, issues_s)
        out = recalibrate(ledger, probabilities(engine.task.levels_bps))[:, -len(issues_s) :]
        return np.stack([clipped(q, frame.scale) for q, frame in zip(out, frames, strict=True)])

    def _remember(self, engine: Engine, frame: Frame, issues_s: Ints) -> None:
        at = (issues_s - frame.start_s) // frame.resolution_s
        raw = blended(engine.members(frame, at), ALONE.get(self._part, engine.shares))
        self._raw.setdefault(frame.series_id, {}).update(zip(issues_s.tolist(), raw, strict=True))

    def _backfill(self, frames: Sequence[Frame], issues_s: Ints) -> None:
        """Forecast the weeks before with the engine that has not seen them, at the same times of the day."""
        fitted = self._fitted
        if fitted is None or fitted.held_since_s >= fitted.engine.until_s:
            return
        rhythm = np.sort(np.unique((issues_s - issues_s[0]) % DAY_S))
        days = min(WINDOW_DAYS, (int(issues_s[0]) - fitted.held_since_s) // DAY_S)
        keep = max(1, len(rhythm) * days // BACKFILL)
        first = int(issues_s[0])
        past = np.sort((first - DAY_S * np.arange(1, days + 1)[:, None] + rhythm[None, ::keep]).ravel())
        past = past[(past >= fitted.held_since_s) & (past < first)]
        fresh = past[past >= fitted.engine.until_s]
        for frame in frames:
            for engine, issues in ((fitted.held, past[past < fitted.engine.until_s]), (fitted.engine, fresh)):
                if len(issues):
                    self._remember(engine, frame, issues)

    def _ledger(self, frames: Sequence[Frame], issues_s: Ints) -> Ledger:
        engine = self.engine
        since = int(issues_s[0]) - 2 * WINDOW_DAYS * DAY_S
        moments = {m for frame in frames for m in self._raw.get(frame.series_id, {}) if m < issues_s[0] and m >= since}
        issues = np.concatenate([np.array(sorted(moments), dtype=np.int64), issues_s])
        none = np.full((engine.task.horizon, len(engine.task.levels_bps)), np.nan)
        first_lead, horizon = engine.window
        raw, actual = [], []
        for frame in frames:
            mine = self._raw.get(frame.series_id, {})
            raw.append(np.stack([mine.get(int(m), none) for m in issues]))
            at = (issues - frame.start_s) // frame.resolution_s
            actual.append(take(frame.values, at[:, None] + first_lead + np.arange(horizon)))
        step = frames[0].resolution_s
        ends = issues[:, None] + (first_lead + 1 + np.arange(horizon)) * step
        ranges = np.array([frame.scale.range_ for frame in frames])
        return Ledger(issues, ends, np.stack(raw), np.stack(actual), ranges)


def champion() -> EngineForecaster:
    """The blend, as it is compared with its peers."""
    return EngineForecaster()
