"""Silver: the readings that are believed, one for each natural key, made from Bronze by the stream's own rules.

Rules over sequences stay with the store: here ``quality`` is the device's own word, and ``suspect``
beyond the rating. Nothing is lost by a refusal: Bronze has the message.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa

from gridseal.errors import WireError
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import CatalogMessage, CatalogRecord
from gridseal.wire.codec import decode
from gridseal.wire.topics import TELEMETRY_CLASSES
from streaming_processor.deliveries import delivery_from
from streaming_processor.lake.bronze import Bronze
from streaming_processor.lake.tables import LakeTable, TableSpec
from streaming_processor.ports import BatchId
from streaming_processor.quality.judge import judge
from streaming_processor.quality.rules import RuleSet, packaged_rules
from streaming_processor.quantities import QUALITIES, STORED
from streaming_processor.reference import Reference, reference_from
from streaming_processor.transforms.windows import NO_ROWS, Rows

log = get_logger(__name__)
_DAY_S: Final = 86_400
_MOMENT: Final = pa.timestamp("us", tz="UTC")
SPEC: Final = TableSpec(
    name="silver",
    schema=pa.schema(
        [
            ("device_id", pa.string()),
            ("quantity", pa.string()),
            ("period_start", _MOMENT),
            ("period_s", pa.int32()),
            ("value_milli", pa.int64()),
            ("quality", pa.string()),
            ("sent_at_ms", pa.int64()),
            ("class", pa.string()),
            ("month", pa.string()),
        ]
    ),
    partition_by=("month", "class"),
)
_KEYS: Final = ["device_id", "quantity", "period_start"]
_ROW_RULES: Final = frozenset({"range", "null", "rating"})


@dataclass(frozen=True, slots=True)
class Moved:
    """What a step did."""

    messages: int = 0
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    undecodable: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


class Silver:
    """The table, advanced from Bronze."""

    def __init__(self, lake_url: str, bronze: Bronze, step_messages: int) -> None:
        self._table = LakeTable(lake_url, SPEC)
        self._bronze = bronze
        self._step_messages = step_messages

    @property
    def table(self) -> LakeTable:
        """For reading and tidying."""
        return self._table

    def reference(self) -> Reference:
        """The picture of devices and series that Bronze holds."""
        records: dict[str, CatalogRecord] = {}
        for key, value in self._bronze.catalog():
            try:
                if value is None:
                    records.pop(key.decode(), None)
                else:
                    records[key.decode()] = decode(CatalogMessage, value).item
            except (WireError, UnicodeDecodeError) as error:
                log.warning("catalog_record_refused", error=type(error).__name__)
        return reference_from(records)

    def advance(self, now: datetime) -> Moved:
        """Take everything that Bronze has and Silver has not."""
        reference, total = self.reference(), Moved()
        for place in self._bronze.places():
            while (moved := self._step(place, reference, now)).messages:
                total += moved
        return total

    def _step(self, place: tuple[str, int], reference: Reference, now: datetime) -> Moved:
        """Some messages of one partition, in one commit with the offset behind them."""
        key = f"silver/{place[0]}/{place[1]}"
        first = self._table.position(key) or 0
        records = self._bronze.read(*place, first, self._step_messages)
        if not records.num_rows:
            return Moved()
        delivery = delivery_from(records, BatchId("lake", first))
        judged = judge(delivery.arrived, reference, int(now.timestamp()), {}, _row_rules())
        rows = self._unknown(_table(judged.rows, reference))
        end = int(records["offset"][-1].as_py()) + 1
        self._table.append(rows, {key: end})
        return Moved(
            messages=records.num_rows,
            stored=rows.num_rows,
            duplicates=len(judged.rows) - rows.num_rows + judged.repeated,
            refused=len(judged.refusals),
            undecodable=len(delivery.undecodable),
        )

    def _unknown(self, rows: pa.Table) -> pa.Table:
        """The rows whose natural key the table has not: the first value counts."""
        if not rows.num_rows:
            return rows
        names = ", ".join(f"'{month}'" for month in sorted(set(rows["month"].to_pylist())))
        devices = ", ".join(f"'{device}'" for device in sorted(set(rows["device_id"].to_pylist())))
        there = self._table.select(
            f"SELECT device_id, quantity, period_start FROM t WHERE month IN ({names}) AND device_id IN ({devices})"
        )
        return rows.join(there.cast(pa.schema([SPEC.schema.field(k) for k in _KEYS])), _KEYS, join_type="left anti")

    def span(self) -> tuple[int, int] | None:
        """Whole UTC days from the first to the last reading, as seconds; None if there is none."""
        found = self._table.select("SELECT min(period_start) AS first, max(period_start) AS last FROM t").to_pylist()[0]
        if found["first"] is None:
            return None
        return int(found["first"].timestamp()) // 86_400 * 86_400, -(
            -int(found["last"].timestamp() + 1) // 86_400
        ) * 86_400

    def rows(self, reference: Reference, devices: Mapping[str, int], from_s: int, to_s: int) -> Rows:
        """Readings of devices (id → position in the reference) whose period starts in ``[from_s, to_s)``."""
        if not devices:
            return NO_ROWS
        listed = ", ".join(f"'{device}'" for device in sorted(devices))
        begin, end = (datetime.fromtimestamp(s, UTC) for s in (from_s, to_s))
        found = self._table.select(
            "SELECT device_id, quantity, period_start, period_s, value_milli, sent_at_ms FROM t"
            f" WHERE month >= '{begin:%Y-%m}' AND month <= '{end:%Y-%m}' AND device_id IN ({listed})"
            f" AND period_start >= to_timestamp_micros({from_s * 1_000_000})"
            f" AND period_start < to_timestamp_micros({to_s * 1_000_000})"
            " ORDER BY device_id, quantity, period_start"
        )
        device = np.array([devices[d] for d in found["device_id"].to_pylist()], np.int64)
        quantity = np.array([STORED.index(q) for q in found["quantity"].to_pylist()], np.int64)
        start = found["period_start"].cast(pa.int64()).to_numpy() // 1_000_000
        period, milli, sent = (
            found[name].to_numpy().astype(np.int64) for name in ("period_s", "value_milli", "sent_at_ms")
        )
        return Rows(device * len(STORED) + quantity, start, period, milli, np.zeros(len(device), np.int64), sent)


def _row_rules() -> RuleSet:
    """The rules that need no more than the reading itself."""
    return replace(packaged_rules(), rules={n: r for n, r in packaged_rules().rules.items() if r.kind in _ROW_RULES})


def _table(rows: Rows, reference: Reference) -> pa.Table:
    device, quantity = (rows.source // len(STORED)).tolist(), (rows.source % len(STORED)).tolist()
    assets = reference.assets
    months = rows.start_s.astype("datetime64[s]").astype("datetime64[M]").astype(str)
    return pa.table(
        {
            "device_id": [assets[d].device_id for d in device],
            "quantity": [STORED[q] for q in quantity],
            "period_start": pa.array(rows.start_s * 1_000_000).cast(_MOMENT),
            "period_s": pa.array(rows.period_s, pa.int32()),
            "value_milli": rows.milli,
            "quality": [QUALITIES[q] for q in rows.quality.tolist()],
            "sent_at_ms": rows.sent_at_ms,
            "class": [TELEMETRY_CLASSES[reference.class_no[d]] for d in device],
            "month": months.tolist(),
        },
        schema=SPEC.schema,
    )
