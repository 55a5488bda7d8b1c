"""Which revision every record gets, from three witnesses: the presets, the store and the topic.

A revision counts up only when the content changes, and never falls behind what consumers have
already seen on ``assets.changed``, even where the store or the topic was lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asset_service.presets import Record


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as the store or the topic holds it. ``record`` is none for a removed one in the store."""

    record: Record | None
    revision: int


@dataclass(frozen=True, slots=True)
class Target:
    """What the store should hold under ``key``, and whether the topic already says the same."""

    key: str
    record: Record | None
    revision: int
    published: bool


def plan(wanted: Iterable[Record], stored: Mapping[str, Kept], published: Mapping[str, Kept]) -> tuple[Target, ...]:
    """The state to reach, ordered by key. Planning again from the state reached changes nothing."""
    desired: dict[str, Record | None] = dict.fromkeys(sorted({*stored, *published}), None)
    desired |= {record.key: record for record in wanted}
    return tuple(_target(key, desired[key], stored.get(key), published.get(key)) for key in sorted(desired))


def _target(key: str, record: Record | None, stored: Kept | None, published: Kept | None) -> Target:
    witnesses = [kept for kept in (stored, published) if kept is not None]
    newest = max((kept.revision for kept in witnesses), default=0)
    unchanged = bool(witnesses) and all(kept.record == record for kept in witnesses if kept.revision == newest)
    revision = newest if unchanged else newest + 1
    on_topic = published is None if record is None else published == Kept(record, revision)
    return Target(key, record, revision, on_topic)
