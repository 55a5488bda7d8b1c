"""What Spark collected becomes a delivery: columns for the rules, and the messages that are none."""

import pyarrow as pa
import pyarrow.compute as pc

from gridseal.errors import WireError
from gridseal.wire.codec import decode
from gridseal.wire.telemetry import Telemetry
from streaming_processor.arrived import Undecodable, arrived_from, arrived_of, both
from streaming_processor.ports import BatchId, Delivery


def delivery_from(table: pa.Table, batch: BatchId) -> Delivery:
    """Take apart the columns of ``to_messages``.

    What Spark's parser did not take goes through the codec, which has the last word: it is either
    telemetry after all, or refused with the codec's reason.
    """
    table = table.combine_chunks()
    plain = pc.is_null(table["raw"])
    whole = table.filter(plain)
    arrived = arrived_from(*(_column(whole, c) for c in ("device_id", "sent_at_ms", "readings", "boot_id", "seq")))
    decoded: list[Telemetry] = []
    undecodable: list[Undecodable] = []
    for record in table.filter(pc.invert(plain)).to_pylist():
        try:
            decoded.append(decode(Telemetry, record["raw"]))
        except WireError as error:
            place = (record["topic"], record["partition"], record["offset"])
            undecodable.append(Undecodable(*place, record["key"], record["raw"], error.reason, str(error)))
    if decoded:
        arrived = both(arrived, arrived_of(decoded))
    return Delivery(batch, table.num_rows, _offsets(table), arrived, tuple(undecodable))


def _column(table: pa.Table, name: str) -> pa.Array:
    chunked = table[name]
    return pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.array([], chunked.type)


def _offsets(table: pa.Table) -> dict[str, dict[str, tuple[int, int]]]:
    grouped = table.group_by(["topic", "partition"]).aggregate([("offset", "min"), ("offset", "max")])
    ranges: dict[str, dict[str, tuple[int, int]]] = {}
    for row in grouped.to_pylist():
        ranges.setdefault(row["topic"], {})[str(row["partition"])] = (row["offset_min"], row["offset_max"])
    return ranges
