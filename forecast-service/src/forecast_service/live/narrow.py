"""Which events a filter lets through, and which one replaces which. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from gridseal.wire.live import Channel, Filter


@dataclass(frozen=True)
class Event:
    """One change, ready to be sent."""

    channel: Channel
    data: Any
    site_ids: frozenset[str]
    """Sites it is about."""
    series_ids: frozenset[str]
    """Series it is about; empty where it is about a whole site or device."""
    replaces: str | None
    """Two events with the same key: the newer one says all. None: each must arrive."""

    @cached_property
    def text(self) -> str:
        """``data`` as JSON, made once for all who get it."""
        return json.dumps(self.data, separators=(",", ":"))


def passes(wanted: Filter, event: Event) -> bool:
    """Whether a subscription with this filter gets the event."""
    if wanted.site_id is not None and wanted.site_id not in event.site_ids:
        return False
    return wanted.series_id is None or wanted.series_id in event.series_ids


def forecast_event(view: dict[str, Any]) -> Event:
    """A new forecast of one series replaces the one before."""
    series_id = str(view["series_id"])
    return Event("forecasts", view, frozenset({str(view["site_id"])}), frozenset({series_id}), series_id)


def window_event(window: dict[str, Any]) -> Event:
    """A corrected window replaces its earlier state; another window does not."""
    series_id = str(window["series_id"])
    key = f"{series_id}|{window['width_s']}|{window['window_start']}"
    return Event("windows", window, frozenset({series_id.split("/")[0]}), frozenset({series_id}), key)


def alert_event(alert: dict[str, Any]) -> Event:
    """Never replaced: each alert arrives."""
    return Event("alerts", alert, frozenset({str(alert["site_id"])}), frozenset({str(alert["subject"])}), None)


def seal_event(seal: dict[str, Any], series_ids: frozenset[str]) -> Event:
    """Never replaced. A run seals several series, so it concerns all their sites."""
    return Event("seals", seal, frozenset(s.split("/")[0] for s in series_ids), series_ids, None)


def round_event(change: dict[str, Any]) -> Event:
    """Never replaced, since each tells its own steps. It is about a product, not about a site."""
    return Event("rounds", change, frozenset(), frozenset(), None)


SNAPSHOT_KEEPS: Final[dict[Channel, Callable[[dict[str, Any]], str]]] = {
    "forecasts": lambda d: str(d["series_id"]),
    "seals": lambda d: str(d["run_id"]),
    "alerts": lambda d: str(d["alert_id"]),
    "rounds": lambda d: f"{d['product_id']}/{d['slot']}",
}
"""What makes two entries of a snapshot the same one."""
