"""One transaction for each batch of feed records: revisions, S3's tables, readings, windows.

There is no ledger: every statement may be said twice. Revisions are added under their own key; the newest stands in
S3's tables, whatever order they come in; windows are set to what the readings say, and their version rises only when
that is something else.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
import psycopg

from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from gridseal.wire.weather import Weather
from streaming_processor.arrays import Ints
from streaming_processor.features.store.session import Session
from streaming_processor.feeds import statements as sql
from streaming_processor.feeds.records import (
    FeedReading,
    FeedRecords,
    demand_readings,
    power_milli,
    price_milli,
    weather_readings,
)
from streaming_processor.quantities import GOOD, STORED
from streaming_processor.reference import Reference
from streaming_processor.transforms.windows import Rows, WindowDeltas, window_deltas
from streaming_processor.window_states import WindowStates, no_windows

_LONGEST_PERIOD_S: Final = 86_400
_COLUMNS: Final = ("weighted_sum", "covered_s", "count", "min_milli", "max_milli")
Columns = list[list[Any]]


def strangers(records: FeedRecords, reference: Reference) -> set[str]:
    """Devices of these records that the catalog does not have, or not yet."""
    readings = demand_readings(records.demand) + weather_readings(records.weather)
    return {r.device_id for r in readings} - set(reference.devices)


class FeedStore:
    """Writes batches of feed records."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._months: set[date] = set()

    def put(self, records: FeedRecords, reference: Reference) -> WindowStates:
        """Keep a batch; the windows that are something else now than before.

        Records of a series that the catalog does not have are kept, and make no windows.

        Raises:
            UnavailableError: PostgreSQL does not answer; nothing of the batch is kept.
        """
        readings = demand_readings(records.demand) + weather_readings(records.weather)
        known = [r for r in readings if r.device_id in reference.devices and r.quantity in STORED]
        self._ensure_months(known)
        with self._session.transaction() as connection:
            keep_records(connection, records)
            if not known:
                return no_windows(reference)
            self._put_readings(connection, known)
            return self._set_windows(connection, known, reference)

    def _ensure_months(self, readings: Sequence[FeedReading]) -> None:
        """Partitions are made before the transaction that needs them: they take other locks."""
        months = {datetime.fromtimestamp(r.start_s, UTC).date().replace(day=1) for r in readings} - self._months
        if not months:
            return
        with self._session.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('telemetry.ensure_month'))")
            for month in sorted(months):
                connection.execute("SELECT ensure_month(%s)", (month,))
        self._months |= months

    def _put_readings(self, connection: psycopg.Connection[Any], readings: Sequence[FeedReading]) -> None:
        connection.execute(sql.NUMBER_DEVICES, (sorted({r.device_id for r in readings}),))
        columns = (
            [r.device_id for r in readings],
            [STORED.index(r.quantity) + 1 for r in readings],
            [r.start_s for r in readings],
            [r.period_s for r in readings],
            [r.milli for r in readings],
            [GOOD] * len(readings),
            [r.known_at_ms for r in readings],
        )
        connection.execute(sql.PUT_READINGS, columns)

    def _set_windows(
        self, connection: psycopg.Connection[Any], readings: Sequence[FeedReading], reference: Reference
    ) -> WindowStates:
        touched = window_deltas(_rows(readings, reference), reference.lanes)
        if not len(touched):
            return no_windows(reference)
        plans = sorted(set(reference.lane_plan[touched.lane].tolist()))
        number_series(connection, reference, plans)
        whole = window_deltas(_read_back(connection, touched, plans, reference), reference.lanes)
        place = (touched.lane << 34) | touched.window_start
        kept = np.flatnonzero(np.isin((whole.lane << 34) | whole.window_start, place))
        return _states(connection, whole, kept, reference)


def number_series(connection: psycopg.Connection[Any], reference: Reference, plans: Sequence[int]) -> None:
    """Keys of series that the stream has never met."""
    met = [reference.plans[p] for p in plans]
    columns = ([p.series.series_id for p in met], [p.definition for p in met], [p.series.unit for p in met])
    connection.execute(sql.NUMBER_SERIES, columns)


def _read_back(
    connection: psycopg.Connection[Any], touched: WindowDeltas, plans: Sequence[int], reference: Reference
) -> Rows:
    """All readings, of every input, that may reach into the touched windows."""
    spans: dict[tuple[str, int], tuple[int, int]] = {}
    for plan in plans:
        of = reference.lane_plan[touched.lane] == plan
        begin = int(touched.window_start[of].min()) - _LONGEST_PERIOD_S
        end = int((touched.window_start[of] + reference.lanes.width_s[touched.lane[of]]).max())
        for each in reference.plans[plan].series.inputs:
            if each.quantity in STORED:
                key = (each.device_id, STORED.index(each.quantity) + 1)
                before = spans.get(key, (begin, end))
                spans[key] = (min(begin, before[0]), max(end, before[1]))
    columns = (
        [device for device, _ in spans],
        [quantity for _, quantity in spans],
        [begin for begin, _ in spans.values()],
        [end for _, end in spans.values()],
    )
    found = connection.execute(sql.READ_SPANS, columns).fetchall()
    table = [(reference.devices[d] * len(STORED) + q - 1, *rest) for d, q, *rest in found if d in reference.devices]
    return Rows(*np.array(table, np.int64).reshape(-1, 6).T)


def _states(connection: psycopg.Connection[Any], whole: WindowDeltas, kept: Ints, reference: Reference) -> WindowStates:
    lanes = whole.lane[kept].tolist()
    plans = reference.lane_plan[whole.lane[kept]].tolist()
    columns: Columns = [
        [reference.lane_series[lane] for lane in lanes],
        reference.lanes.width_s[whole.lane[kept]].tolist(),
        whole.window_start[kept].tolist(),
        *(getattr(whole, name)[kept].tolist() for name in _COLUMNS),
    ]
    columns.insert(5, [len(reference.plans[p].series.inputs) for p in plans])
    changed = connection.execute(sql.SET_WINDOWS, columns).fetchall()
    if not changed:
        return no_windows(reference)
    names = dict(connection.execute("SELECT series_no, series_id FROM series").fetchall())
    lane_of = {
        (name, int(width)): lane
        for lane, (name, width) in enumerate(zip(reference.lane_series, reference.lanes.width_s, strict=True))
    }
    table = np.array([(lane_of[names[no], width], *rest, 0) for no, width, *rest in changed], np.int64)
    return WindowStates(reference, *table[np.lexsort((table[:, 1], table[:, 0]))].T)


def _rows(readings: Sequence[FeedReading], reference: Reference) -> Rows:
    table = [
        (reference.source(r.device_id, r.quantity), r.start_s, r.period_s, r.milli, GOOD, r.known_at_ms)
        for r in readings
    ]
    return Rows(*np.array(table, np.int64).reshape(-1, 6).T)


def keep_records(connection: psycopg.Connection[Any], records: FeedRecords) -> None:
    """Revisions as they came, and the newest of them in S3's tables."""
    if records.demand:
        connection.execute(sql.KEEP_DEMAND, _demand_columns(records.demand))
        actual = [r for r in records.demand if r.kind == "actual" and r.period_s == 3_600]
        keys = ([r.series_id for r in actual], [r.period_start for r in actual])
        connection.execute(sql.RAW_DEMAND, keys)
    if records.weather:
        connection.execute(sql.KEEP_WEATHER, _weather_columns(records.weather))
        analyses = [r for r in records.weather if r.kind == "analysis" and r.period_s == 3_600]
        connection.execute(sql.RAW_WEATHER, ([r.location_id for r in analyses], [r.period_start for r in analyses]))
    if records.prices:
        connection.execute(sql.KEEP_PRICES, _price_columns(records.prices))


def _demand_columns(records: Sequence[Demand]) -> Columns:
    plain = ("series_id", "kind", "provider", "period_start", "period_s", "revision", "value", "unit")
    columns: Columns = [[getattr(r, name) for r in records] for name in plain]
    return [*columns, [power_milli(r) for r in records], [r.known_at for r in records]]


def _weather_columns(records: Sequence[Weather]) -> Columns:
    pairs = [(r, v) for r in records for v in r.values]
    place = ("location_id", "kind", "provider", "model", "issued_at", "period_start", "period_s")
    columns: Columns = [[getattr(r, name) for r, _ in pairs] for name in place]
    columns += [[v.variable for _, v in pairs], [r.revision for r, _ in pairs]]
    return [*columns, [v.value for _, v in pairs], [v.unit for _, v in pairs], [r.known_at for r, _ in pairs]]


def _price_columns(records: Sequence[MarketPrice]) -> Columns:
    plain = ("series_id", "market", "auction", "provider", "period_start", "period_s", "revision", "value")
    columns: Columns = [[getattr(r, name) for r in records] for name in (*plain, "currency", "per")]
    return [*columns, [price_milli(r) for r in records], [r.known_at for r in records]]
