"""What a run was computed from, as bytes: only what this process had not written before.

A history reaches a year back and grows by one window per period, so runs share nearly all of their
inputs. A *lineage* is the chain of runs of one process: its first entry holds everything, each later
one the windows and catalog records that differ. Reading an entry means reading its lineage up to it.

An entry is zlib over safetensors: ``head`` ``(S, 4)`` start, resolution, length, number of changes;
``place`` and ``milli`` ``(C,)``, the changed windows of all series one after the other, each stored as
the difference from the element before it. Metadata is JSON. Nothing is executed while reading.
"""

import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from forecast_service.ports import Floats, SeriesHistory
from forecast_service.worker.compose import NO_WINDOW, milli_of
from gridseal.errors import GridsealError
from gridseal.wire.catalog import CatalogMessage, CatalogRecord
from gridseal.wire.codec import decode, encode

FORMAT = "run-inputs/1"
REBASE_AFTER = 2_000
"""Entries after which a new lineage begins, so that reading one stays a matter of seconds."""
_LEVEL = 1
Milli = NDArray[np.int64]


class InputsUnreadableError(GridsealError):
    """Stored inputs of a run are incomplete or not what this version writes. The run cannot be replayed."""


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Everything from outside that a run depends on, besides the model and the clock."""

    records: tuple[CatalogRecord, ...]
    histories: Sequence[SeriesHistory]


@dataclass(frozen=True, slots=True)
class Entry:
    """One run's part of a lineage."""

    lineage: uuid.UUID
    seq: int
    payload: bytes


@dataclass(slots=True)
class Windows:
    """One series as far as a lineage has it. ``milli`` is ``(N,)``, ``NO_WINDOW`` where there is none."""

    start_s: int
    step_s: int
    milli: Milli

    def cut(self, start_s: int, length: int) -> Milli:
        """The periods from ``start_s`` on; what lies outside is not there."""
        out = np.full(length, NO_WINDOW, dtype=np.int64)
        offset = (start_s - self.start_s) // self.step_s
        low, high = max(offset, 0), min(offset + length, len(self.milli))
        if high > low:
            out[low - offset : high - offset] = self.milli[low:high]
        return out

    def put(self, start_s: int, milli: Milli) -> "Windows":
        """The union of both, the new one winning."""
        first = min(self.start_s, start_s)
        last = max(self.start_s + len(self.milli) * self.step_s, start_s + len(milli) * self.step_s)
        grown = self.cut(first, (last - first) // self.step_s)
        at = (start_s - first) // self.step_s
        grown[at : at + len(milli)] = milli
        return Windows(first, self.step_s, grown)

    def fits(self, start_s: int) -> bool:
        """Whether a history of the same resolution lies on the same grid."""
        return (start_s - self.start_s) % self.step_s == 0


@dataclass(slots=True)
class LineageState:
    """What the entries of a lineage add up to."""

    windows: dict[tuple[str, int], Windows] = field(default_factory=dict)
    """By series and resolution: products read one series in windows of different widths."""
    records: dict[str, bytes] = field(default_factory=dict)

    def before(self, series_id: str, start_s: int, step_s: int, length: int) -> tuple[Windows, Milli]:
        """The series as it stands, and its cut; an empty one where it is new or its grid has moved."""
        known = self.windows.get((series_id, step_s))
        if known is None or not known.fits(start_s):
            known = Windows(start_s, step_s, np.full(0, NO_WINDOW, dtype=np.int64))
        return known, known.cut(start_s, length)


class LineageWriter:
    """Turns inputs into entries, one at a time: ``entry``, store it, ``settle``."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lineage, self._seq, self._state = uuid.uuid4(), 0, LineageState()

    def entry(self, inputs: RunInputs) -> Entry:
        """The next entry."""
        if self._seq >= REBASE_AFTER:
            self._begin()
        return Entry(self._lineage, self._seq, encode_inputs(inputs, self._state))

    def settle(self, inputs: RunInputs, entry: Entry, *, stored: bool) -> None:
        """Say what became of an entry. What follows builds on it only if it is certain to be stored."""
        if not stored:
            self._begin()
            return
        self._seq = entry.seq + 1
        for history in inputs.histories:
            step = history.series.resolution_s
            known, _ = self._state.before(history.series.series_id, history.start_s, step, 0)
            key = (history.series.series_id, step)
            self._state.windows[key] = known.put(history.start_s, milli_of(history.values))
        self._state.records = _records(inputs)


def encode_inputs(inputs: RunInputs, state: LineageState) -> bytes:
    """An entry: what differs from ``state``."""
    head, places, values = [], [], []
    for history in inputs.histories:
        step, milli = history.series.resolution_s, milli_of(history.values)
        _, before = state.before(history.series.series_id, history.start_s, step, len(milli))
        changed = np.flatnonzero(milli != before)
        head.append((history.start_s, step, len(milli), len(changed)))
        places.append(changed)
        values.append(milli[changed])
    records = _records(inputs)
    news = {key: text.decode() for key, text in records.items() if state.records.get(key) != text}
    about = {
        "format": FORMAT,
        "series": json.dumps([history.series.series_id for history in inputs.histories]),
        "records": json.dumps(news, sort_keys=True),
        "gone": json.dumps(sorted(state.records.keys() - records.keys())),
    }
    arrays = {
        "head": np.array(head, dtype=np.int64).reshape(-1, 4),
        "place": _steps(places),
        "milli": _steps(values),
    }
    return zlib.compress(save(arrays, metadata=about), _LEVEL)


def apply_entry(payload: bytes, state: LineageState) -> RunInputs:
    """Bring ``state`` up to this entry; the inputs of its run.

    Raises:
        InputsUnreadableError: The bytes are not an entry.
    """
    try:
        about, arrays = _unpack(payload)
        if about["format"] != FORMAT:
            raise InputsUnreadableError(f"inputs are not {FORMAT}")
        for key in json.loads(about["gone"]):
            state.records.pop(key, None)
        state.records |= {key: text.encode() for key, text in json.loads(about["records"]).items()}
        records = [decode(CatalogMessage, text).item for text in state.records.values()]
        return RunInputs(tuple(records), _histories(json.loads(about["series"]), arrays, records, state))
    except (zlib.error, SafetensorError, KeyError, ValueError) as error:
        raise InputsUnreadableError(f"inputs cannot be read: {type(error).__name__}") from error


def _histories(
    names: Sequence[str], arrays: Mapping[str, Milli], records: Sequence[CatalogRecord], state: LineageState
) -> list[SeriesHistory]:
    series = {record.series_id: record for record in records if record.record == "series"}
    places, values = np.cumsum(arrays["place"]), np.cumsum(arrays["milli"])
    out, at = [], 0
    for name, (start_s, step, length, count) in zip(names, arrays["head"].tolist(), strict=True):
        known, milli = state.before(name, start_s, step, length)
        milli[places[at : at + count]] = values[at : at + count]
        at += count
        state.windows[name, step] = known.put(start_s, milli)
        one = series[name]
        one = one if one.resolution_s == step else one.model_copy(update={"resolution_s": step})
        out.append(SeriesHistory(one, start_s, values_of(milli)))
    return out


def values_of(milli: Milli) -> Floats:
    """Base units from thousandths, as the telemetry reader computes them; NaN where there is no window."""
    return np.where(milli == NO_WINDOW, np.nan, milli / 1_000)


def _records(inputs: RunInputs) -> dict[str, bytes]:
    return {record.key: encode(CatalogMessage(revision=1, item=record)) for record in inputs.records}


def _steps(parts: Sequence[Milli]) -> Milli:
    """Differences along the concatenation; they wrap around, as their sum does."""
    whole = np.concatenate([*parts, np.empty(0, dtype=np.int64)]).astype(np.int64)
    return np.diff(whole, prepend=np.int64(0))


def _unpack(payload: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    raw = zlib.decompress(payload)
    size = int.from_bytes(raw[:8], "little")
    about: dict[str, str] = json.loads(raw[8 : 8 + size])["__metadata__"]
    return about, load(raw)
