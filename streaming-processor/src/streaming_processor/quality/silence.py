"""Devices that fell silent: raised once, resolved when they are back.

Silence is domain time since the end of the newest reading, in native periods of the device. A device
that is sending its history is behind, not silent, so nothing may have arrived from it either for as
long as those periods last on the wall.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from gridseal.wire.alerts import Alert, alert_id
from streaming_processor.arrays import Floats, Ints, Mask
from streaming_processor.quality.rules import SYSTEM_RATING_MILLI, Rule
from streaming_processor.quantities import POWER_SOURCES, STORED
from streaming_processor.reference import Reference


@dataclass(frozen=True, slots=True)
class Heard:
    """When devices were last heard."""

    device: Ints
    """Position in the reference."""
    newest_end_s: Ints
    """End of the newest period, domain time."""
    quiet_s: Floats
    """Wall seconds since a reading of it was stored."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence of one device; ``back_at`` once it is over."""

    device: int
    since: datetime
    raised_at: datetime
    back_at: datetime | None


def allowed_s(rule: Rule, reference: Reference) -> Floats:
    """Domain seconds that each device may be silent; NaN where the rule does not apply."""
    first = [_stored(asset.quantities[0]) if asset.quantities else 0 for asset in reference.assets]
    large = (reference.rating_milli >= SYSTEM_RATING_MILLI).astype(np.int64)
    periods = rule.limits["periods"][large, reference.class_no, np.array(first, np.int64)]
    found: Floats = periods * np.array([asset.native_period_s for asset in reference.assets], np.float64)
    return found


def is_silent(heard: Heard, allowed: Floats, now_s: int, domain_per_wall: float, grace_s: float) -> Mask:
    """Which of the devices are silent.

    Args:
        heard: When they were last heard.
        allowed: Per device of the reference (see ``allowed_s``).
        now_s: Domain time.
        domain_per_wall: Domain seconds that pass in one on the wall.
        grace_s: Wall seconds below which nothing is a silence.
    """
    limit = allowed[heard.device]
    with np.errstate(invalid="ignore"):
        overdue = now_s - heard.newest_end_s > limit
        found: Mask = overdue & (heard.quiet_s > np.maximum(limit / domain_per_wall, grace_s))
    return found


def silence_alert(silence: Silence, rule: Rule, reference: Reference) -> Alert:
    """The alert of a silence; told again, as information, when the device is back."""
    asset = reference.assets[silence.device]
    begun = f"{silence.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if silence.back_at is None:
        title, detail = rule.title.format(device=asset.name), f"No reading after {begun}. {rule.advice}"
    else:
        title, detail = f"{asset.name} reports again", f"It was silent after {begun}."
    end = silence.back_at or silence.raised_at
    return Alert(
        alert_id=alert_id(rule.name, asset.device_id, int(silence.since.timestamp() * 1_000)),
        tenant_id=asset.tenant_id,
        severity=rule.severity if silence.back_at is None else "info",
        rule=rule.name,
        site_id=asset.site_id,
        subject=asset.device_id,
        title=title,
        detail=detail,
        period_start=silence.since,
        period_end=max(end, silence.since + timedelta(seconds=1)),
        raised_at=silence.raised_at,
    )


def _stored(quantity: str) -> int:
    return STORED.index("active_power" if quantity in POWER_SOURCES else quantity)
