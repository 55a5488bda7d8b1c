"""Compares sets, and trusts nobody: what was sent, what was receipted, and what is there afterwards.

With S the messages sent, R those a receipt names, T those in the store, D those refused and kept, and Q
those in quarantine: R ⊆ T ∪ D ∪ Q; S = T ∪ D ∪ Q when all is quiet; T, D and Q are disjoint; no key is
stored twice; nothing is there that was not sent, and no value differs by a bit. Pure: evidence in, findings out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

EXAMPLES = 5


class Key(NamedTuple):
    """Identity of a message."""

    device_id: str
    boot_id: str
    seq: int


class Place(NamedTuple):
    """Identity of a reading."""

    device_id: str
    quantity: str
    start_s: int


class Row(NamedTuple):
    """A reading as it is stored."""

    place: Place
    period_s: int
    milli: int


class WindowKey(NamedTuple):
    """Identity of a window."""

    series_id: str
    width_s: int
    start_s: int


class WindowSum(NamedTuple):
    """What a window adds up to."""

    weighted_sum: int
    covered_s: int
    readings: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of the journal."""

    share: str
    sha: str
    rows: tuple[Row, ...]


@dataclass(slots=True)
class Evidence:
    """Everything that is known, from the journal and from the servers."""

    sent: dict[Key, Sent] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    """Digests of messages that no receipt can name."""
    receipted: set[Key] = field(default_factory=set)
    refused_by_receipt: dict[Key, str] = field(default_factory=dict)
    stored: Sequence[Row] = ()
    refused: Sequence[Place] = ()
    """Of ``telemetry.refused``."""
    logged: Sequence[str] = ()
    """Digests of everything on ``telemetry.*``."""
    dead: Sequence[str] = ()
    quarantined: Sequence[str] = ()
    windows: Mapping[WindowKey, WindowSum] = field(default_factory=dict)
    series: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Series → device and quantity."""


@dataclass(slots=True)
class Findings:
    """What is wrong, by kind, and what was counted on the way."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Messages that were sent or receipted and are nowhere."""
        return self.wrong.get("receipted and nowhere", 0) + self.wrong.get("sent and nowhere", 0)

    @property
    def duplicated(self) -> int:
        """Keys stored more than once."""
        return self.wrong.get("stored twice", 0)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not self.wrong

    def add(self, kind: str, found: Iterable[Any]) -> None:
        """Note everything of one kind."""
        items = sorted(map(str, found))
        if items:
            self.wrong[kind] = len(items)
            self.examples[kind] = items[:EXAMPLES]

    def as_record(self) -> dict[str, Any]:
        """For the report."""
        return {"clean": self.clean, "counts": self.counts, "wrong": self.wrong, "examples": self.examples}


def check(evidence: Evidence) -> Findings:
    """Compare everything with everything."""
    findings = Findings()
    there = {row.place: row for row in evidence.stored}
    held, dead, quarantined = set(evidence.refused), set(evidence.dead), set(evidence.quarantined)
    stored, partly, refused, doubted = set[Key](), set[Key](), set[Key](), set[Key]()
    for key, sent in evidence.sent.items():
        found = sum(there.get(row.place) == row for row in sent.rows)
        if sent.rows and found == len(sent.rows) and sent.share != "late-poison":
            stored.add(key)
        elif found:
            partly.add(key)
        if sent.sha in dead or any(row.place in held for row in sent.rows):
            refused.add(key)
        if sent.sha in quarantined:
            doubted.add(key)
    accounted = stored | refused | doubted
    findings.add("receipted and nowhere", evidence.receipted - accounted)
    findings.add("sent and nowhere", evidence.sent.keys() - accounted - evidence.receipted)
    findings.add("stored in part", partly - refused - doubted)
    findings.add("two outcomes", (stored & refused) | (stored & doubted) | (refused & doubted))
    findings.add("receipt without a message", evidence.receipted - evidence.sent.keys())
    ordinary = {key for key, sent in evidence.sent.items() if sent.share in ("good", "again")}
    findings.add("good and not stored", ordinary & (refused | doubted))
    findings.add("strangers nowhere", evidence.strangers - dead)
    _check_rows(evidence, findings)
    _check_bytes(evidence, findings)
    _check_windows(evidence, findings)
    findings.counts |= {
        "sent": len(evidence.sent),
        "ordinary ones lost": len(ordinary - accounted),
        "receipted": len(evidence.receipted & evidence.sent.keys()),
        "stored": len(stored),
        "dead-letter or refused": len(refused),
        "quarantined": len(doubted),
        "strangers": len(evidence.strangers),
        "rows": len(evidence.stored),
        "windows": len(evidence.windows),
        "repeated on Kafka": len(evidence.logged) - len(set(evidence.logged)),
        "repeated on dead-letter": len(evidence.dead) - len(dead),
    }
    return findings


def _check_rows(evidence: Evidence, findings: Findings) -> None:
    said: dict[Place, set[Row]] = defaultdict(set)
    for sent in evidence.sent.values():
        for row in sent.rows:
            said[row.place].add(row)
    times = Counter(row.place for row in evidence.stored)
    findings.add("stored twice", (place for place, n in times.items() if n > 1))
    findings.add("invented", (place for place in times if place not in said))
    findings.add("changed", {r for r in evidence.stored if r.place in said and r not in said[r.place]})


def _check_bytes(evidence: Evidence, findings: Findings) -> None:
    known = {sent.sha for sent in evidence.sent.values()} | evidence.strangers
    for topic, digests in (
        ("telemetry.*", evidence.logged),
        ("dead-letter", evidence.dead),
        ("quarantine", evidence.quarantined),
    ):
        findings.add(f"bytes on {topic} that nobody sent", set(digests) - known)


def _check_windows(evidence: Evidence, findings: Findings) -> None:
    """Every window is the sum of the readings in the store, and every reading is in its windows."""
    should = dict(_sums(evidence))
    findings.add(
        "windows that are not the sum of their readings",
        (key for key in should.keys() | evidence.windows.keys() if should.get(key) != evidence.windows.get(key)),
    )


def _sums(evidence: Evidence) -> Iterator[tuple[WindowKey, WindowSum]]:
    widths: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for key in evidence.windows:
        widths[evidence.series[key.series_id]].add((key.series_id, key.width_s))
    sums: dict[WindowKey, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in set(evidence.stored):
        for series_id, width_s in widths[row.place[:2]]:
            start_s = row.place.start_s - row.place.start_s % width_s
            total = sums[WindowKey(series_id, width_s, start_s)]
            total[0] += row.milli * row.period_s
            total[1] += row.period_s
            total[2] += 1
    for key, (weighted_sum, covered_s, readings) in sums.items():
        yield key, WindowSum(weighted_sum, covered_s, readings)
