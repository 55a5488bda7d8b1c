"""CloudEvents 1.0 attributes as Kafka headers (binary content mode)."""

import uuid
from datetime import UTC, datetime

from gridseal.runtime.traces import new_traceparent
from gridseal.wire.fields import format_utc


def event_headers(
    event_type: str, source: str, *, event_id: str = "", traceparent: str = ""
) -> list[tuple[str, bytes]]:
    """Headers of one message. ``event_type`` is the schema, ``source`` the service that wrote it."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", (event_id or str(uuid.uuid4())).encode()),
        ("ce_type", event_type.encode()),
        ("ce_source", f"/gridseal/{source}".encode()),
        ("ce_time", format_utc(datetime.now(UTC)).encode()),
        ("content-type", b"application/json"),
        ("traceparent", (traceparent or new_traceparent()).encode()),
    ]
