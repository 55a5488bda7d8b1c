"""A message's verdicts and records: one for a device that speaks telemetry/1, any number for a dialect."""

from collections.abc import Callable

from gridseal.wire.codec import encode
from gridseal.wire.telemetry import Telemetry
from ingestion_gateway.accept import Refused, Verdict
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.dialects.dialect import Dialect, DialectError
from ingestion_gateway.dialects.registry import Dialects, of_quantities
from ingestion_gateway.judge import Judge
from ingestion_gateway.ports import Held, Record
from ingestion_gateway.records import RecordMaker

Answer = tuple[str, bytes]
"""MQTT topic and payload of something to publish."""


class Verdicts:
    """Judges what is in hand, and has its records made."""

    def __init__(
        self, judge: Judge, devices: DeviceDirectory, dialects: Dialects, on_dropped: Callable[[int], None]
    ) -> None:
        """Prepare.

        Args:
            judge: Of single messages.
            devices: Who exists.
            dialects: Which dialect is spoken on which topic.
            on_dropped: Told of readings in a dialect that the catalog does not ask for.
        """
        self._judge = judge
        self._devices = devices
        self._dialects = dialects
        self._on_dropped = on_dropped

    def begin(self) -> None:
        """It is now; holds until the next call."""
        self._judge.begin()

    def of(self, held: Held, maker: RecordMaker, records: list[Record]) -> tuple[Answer, ...]:
        """Judge a message, add its records to ``records``, and return what is to be answered."""
        received = held.received
        if not received.topic.endswith("/telemetry") or not received.topic.startswith("v1/"):
            dialect = self._dialects.find(received.topic)
            if dialect is not None:
                return self._translated(held, dialect, maker, records)
        verdict = self._judge.verdict(received.topic, received.payload)
        held.verdicts = (verdict,)
        records.append(maker.record(held, verdict))
        return ()

    def _translated(
        self, held: Held, dialect: Dialect, maker: RecordMaker, records: list[Record]
    ) -> tuple[Answer, ...]:
        received = held.received
        held.receipted = False
        try:
            adapted = dialect.adapt(received.topic, received.payload, received.received_at_ms)
        except DialectError as error:
            refused = Refused(error.reason, str(error))
            held.verdicts = (refused,)
            records.append(maker.record(held, refused))
            return error.replies
        verdicts: list[Verdict] = []
        for message in adapted.messages:
            kept = self._asked_for(message)
            if kept is not None:
                verdict = self._of_device(kept, dialect)
                verdicts.append(verdict)
                records.append(maker.translated(held, verdict, kept, dialect.name))
        held.verdicts = tuple(verdicts)
        return adapted.replies

    def _asked_for(self, message: Telemetry) -> Telemetry | None:
        device = self._devices.find(message.device_id)
        if device is None:
            return message
        kept, dropped = of_quantities(message, frozenset(device.units))
        if dropped:
            self._on_dropped(dropped)
        return kept

    def _of_device(self, message: Telemetry, dialect: Dialect) -> Verdict:
        device = self._devices.find(message.device_id)
        if device is not None and (device.tenant_id, device.site_id) != dialect.place:
            return Refused(
                "foreign_topic", "the device is not of the place that the dialect speaks for", device.device_id
            )
        return self._judge.of_device(message.device_id, encode(message))
