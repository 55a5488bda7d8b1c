"""Spans of the messages that are traced: from MQTT to Kafka's acknowledgement."""

import time

from gridseal.runtime.traces import TracedShare, past_span
from ingestion_gateway.activity import Activity
from ingestion_gateway.ports import Held


class TracedActivity(Activity):
    """Also writes a span for a share of the messages; used only where spans are exported."""

    def __init__(self, share: TracedShare) -> None:
        super().__init__()
        self._bound = share.bound

    def note(self, held: Held) -> None:
        """A message of this device is durable."""
        Activity.note(self, held)
        # As TracedShare.has, without its call: this is done for every message.
        if held.received.traceparent[19:35] < self._bound and held.received.traceparent:
            _write(held)


def _write(held: Held) -> None:
    received, verdict = held.received, held.verdicts[-1]
    past_span(
        "gateway.forward", received.received_at_ms, time.time() * 1_000, parent=received.traceparent,
        attributes={
            "messaging.system": "kafka", "gridseal.device_id": verdict.device_id,
            "gridseal.verdict": type(verdict).__name__.lower(),
        },
    )  # fmt: skip
