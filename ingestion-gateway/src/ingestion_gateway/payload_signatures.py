"""Whether a payload carries the signature of its device: for devices enrolled with a key, and for classes that ask."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from gridseal.wire.signing import verified
from gridseal.wire.topics import TelemetryClass
from ingestion_gateway.device_records import DeviceRecords

Fault = Literal["unsigned", "bad_signature"]


@dataclass(frozen=True, slots=True)
class PayloadSignatures:
    """Checks payloads against the keys that devices were enrolled with.

    A device with a key signs every message: else whoever stole its certificate alone could speak for
    it. An earlier key is taken for ``grace`` after a rotation, for messages made before it.
    """

    records: DeviceRecords
    required: Collection[TelemetryClass] = ()
    grace: timedelta = timedelta(days=1)

    def fault(self, device_id: str, telemetry_class: TelemetryClass, payload: bytes) -> Fault | None:
        """Why the payload is to be refused; None when its signature holds or none is asked for.

        Args:
            device_id: The device of the topic.
            telemetry_class: Its class.
            payload: Bytes that are a whole ``telemetry/1`` message.
        """
        record = self.records.by_id.get(device_id)
        if record is None or not record.keys:
            return "unsigned" if telemetry_class in self.required else None
        try:
            content = json.loads(payload, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError):
            return "bad_signature"
        if content.get("signature") is None:
            return "unsigned"
        oldest = datetime.now(UTC) - self.grace
        usable = (key.key for key in record.keys if key.valid_to is None or key.valid_to > oldest)
        return None if any(verified(content, key) for key in usable) else "bad_signature"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name given twice means one value to one parser and another to the next: such a payload is not signed."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice")
    return content
