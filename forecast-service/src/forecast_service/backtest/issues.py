"""When a backtest issues, and which targets then count. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from cronsim import CronSim

from forecast_service.backtest.ports import Ints


def cron_issues(rule: str, zone: str, from_s: int, until_s: int) -> Ints:
    """Times in ``[from_s, until_s)`` at which a five-field cron rule fires on the wall clock of a zone, ascending.

    Raises:
        cronsim.CronSimError: The rule is not one.
    """
    # The rule looks for the next time after its start; one minute earlier includes the start itself.
    found, moments = [], CronSim(rule, datetime.fromtimestamp(from_s - 60, UTC).astimezone(ZoneInfo(zone)))
    for moment in moments:
        at = int(moment.timestamp())
        if at >= until_s:
            break
        if at >= from_s:
            found.append(at)
    return np.unique(np.array(found, dtype=np.int64))


def every_issues(periods: int, resolution_s: int, grid_s: int, from_s: int, until_s: int) -> Ints:
    """Every ``periods`` periods in ``[from_s, until_s)``, counted from the epoch: whole hours stay whole hours."""
    step = periods * resolution_s
    offset = grid_s % resolution_s
    first = -(-(from_s - offset) // step) * step + offset
    return np.arange(first, until_s, step, dtype=np.int64)


def targets_of(issues_s: Ints, first_lead: int, horizon: int, resolution_s: int) -> Ints:
    """Starts of the target periods, ``(I, H)``."""
    return np.asarray(issues_s[:, None] + (first_lead + np.arange(horizon)) * resolution_s)


def next_day(issues_s: Ints, targets_s: Ints, zone: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether a target lies on the local day after its issue, ``(I, H)``.

    A day has 23 or 25 hours twice a year. Without this, an hour would be scored from two issues.
    """
    clock = ZoneInfo(zone)
    day = {
        int(t): datetime.fromtimestamp(int(t), clock).toordinal() for t in np.unique([*issues_s, *targets_s.ravel()])
    }
    issued = np.array([day[int(t)] for t in issues_s])
    due = np.array([[day[int(t)] for t in row] for row in targets_s])
    return np.asarray(due == issued[:, None] + 1)


def blocks_of(issues_s: Ints, first_refit_s: int, refit_s: int | None) -> list[tuple[int, Ints]]:
    """Issues by the training that serves them: ``(until_s, issues)``, where ``until_s`` ends that training's data."""
    if refit_s is None:
        return [(first_refit_s, issues_s)]
    turn = np.maximum((issues_s - first_refit_s) // refit_s, 0)
    return [(first_refit_s + int(k) * refit_s, issues_s[turn == k]) for k in np.unique(turn)]


def lead_buckets(first_lead: int, horizon: int, resolution_s: int) -> dict[str, Sequence[int]]:
    """Target positions by lead, which ends with its period: 0-1, 1-3 and 3-6 h, or for longer horizons by six hours."""
    ends_h = (first_lead + 1 + np.arange(horizon)) * resolution_s / 3_600
    edges = [0.0, 1.0, 3.0, 6.0] if ends_h[-1] <= 6 else [6.0 * k for k in range(int(ends_h[-1] // 6) + 2)]
    named: dict[str, Sequence[int]] = {}
    for low, high in pairwise(edges):
        at = np.flatnonzero((ends_h > low) & (ends_h <= high))
        if len(at):
            named[f"lead:{low:g}-{high:g}h"] = [int(k) for k in at]
    return named
