"""What was believed at a moment: answers with two time axes, the period that a value is for and when it was issued.

Shown by forecast-service under ``/api/v1/forecasts/at``, ``/runs`` and ``/revisions``. All times are domain time except
``recorded_at``, which is the clock of the database.
"""

from gridseal.wire.fields import Message, SeriesId, UtcTime
from gridseal.wire.forecasts import Rung, Seal, WeatherLabel
from gridseal.wire.views import ActualPoint, IssuedRun, SeriesFacts


class RunMark(IssuedRun):
    """One issued run as one of its series sees it: when, by what, on which rung, and where its seal stands now."""

    product_id: str
    version: int
    recorded_at: UtcTime
    weather: WeatherLabel
    seal: Seal | None


class BeliefPoint(Message):
    """The quantiles of one target period by the newest run that had been issued by then."""

    target_start: UtcTime
    run_id: str
    values_milli: tuple[int, ...]
    """In the order of the ``levels_bps`` of that run."""


class Belief(Message):
    """What was believed at one moment. A period that nobody had spoken about has no entry."""

    as_at: UtcTime
    before_s: int
    """Seconds before the moment that was asked for; 0 is that moment."""
    points: tuple[BeliefPoint, ...]


class BeliefsAt(SeriesFacts):
    """Answer of ``GET /api/v1/forecasts/at``: the moment itself first, then the earlier ones that were asked for."""

    as_at: UtcTime
    period_from: UtcTime
    period_to: UtcTime
    """Half-open: targets in ``[period_from, period_to)``."""
    beliefs: tuple[Belief, ...]
    runs: tuple[RunMark, ...]
    """Every run that a point names, oldest first."""
    actuals: tuple[ActualPoint, ...]
    """Measured by now, also of periods after ``as_at``: what came of it."""
    attribution: str = ""


class RunHistory(Message):
    """Answer of ``GET /api/v1/forecasts/runs``: issued runs of one series, newest first."""

    as_at: UtcTime
    series_id: SeriesId
    product_id: str
    items: tuple[RunMark, ...]
    next_cursor: str | None = None


class Revision(Message):
    """What one run said about one period."""

    run_id: str
    issued_at: UtcTime
    lead_s: int
    """From the issue to the start of the period."""
    levels_bps: tuple[int, ...]
    values_milli: tuple[int, ...]
    rung: Rung


class RevisionList(Message):
    """Answer of ``GET /api/v1/forecasts/revisions``: how the view of one period changed, oldest first."""

    as_at: UtcTime
    series_id: SeriesId
    product_id: str
    unit: str
    target_start: UtcTime
    items: tuple[Revision, ...]
    actual: ActualPoint | None
