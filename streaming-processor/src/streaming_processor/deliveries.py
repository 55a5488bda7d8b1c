"""What Spark collected becomes a delivery: columns for the rules, and the messages that are none."""

import pyarrow as pa

from gridseal.errors import WireError
from gridseal.wire.codec import decode, encode
from gridseal.wire.telemetry import Telemetry
from streaming_processor.arrived import Undecodable
from streaming_processor.ports import BatchId, Delivery, SignedMessage
from streaming_processor.transforms.messages import TelemetryFields, arrived_from, read_messages


def delivery_from(table: pa.Table, batch: BatchId) -> Delivery:
    """Take apart the columns of ``to_records``.

    What the fast reader did not take goes through the codec, which has the last word: it is either
    telemetry after all, or refused with the codec's reason.
    """
    values = table["value"].to_pylist()
    read, left = read_messages(values)
    undecodable: list[Undecodable] = []
    for i in left:
        record = table.slice(i, 1).to_pylist()[0]
        payload = record["value"] or b""
        try:
            read[i] = read_again(decode(Telemetry, payload))
        except WireError as error:
            place = (record["topic"], record["partition"], record["offset"])
            undecodable.append(Undecodable(*place, record["key"], payload, error.reason, str(error)))
    signed = tuple(
        SignedMessage(m.device_id, m.boot_id, m.seq, values[i]) for i, m in read.items() if m.signature is not None
    )
    messages = [read[i] for i in sorted(read)] if left else list(read.values())
    return Delivery(batch, table.num_rows, _offsets(table), arrived_from(messages), tuple(undecodable), signed)


def read_again(message: Telemetry) -> TelemetryFields:
    """The codec's spelling of a message, which the fast reader takes.

    Raises:
        WireError: It does not, after all.
    """
    read, left = read_messages([encode(message)])
    if left:
        raise WireError("Telemetry refused: the message has numbers that cannot be read", reason="malformed")
    return read[0]


def _offsets(table: pa.Table) -> dict[str, dict[str, tuple[int, int]]]:
    grouped = table.group_by(["topic", "partition"]).aggregate([("offset", "min"), ("offset", "max")])
    ranges: dict[str, dict[str, tuple[int, int]]] = {}
    for row in grouped.to_pylist():
        ranges.setdefault(row["topic"], {})[str(row["partition"])] = (row["offset_min"], row["offset_max"])
    return ranges
