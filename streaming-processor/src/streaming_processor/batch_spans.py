"""Spans of batches: one for the batch, linked to the messages that are traced, and one in the trace of each."""

import time
from collections.abc import Iterator
from typing import Final

from gridseal.runtime.traces import MOST_LINKS, Attributes, TracedShare, past_span, traceparent_of
from streaming_processor.ports import Delivery

LOOKED_AT: Final = 1_000
"""Messages of a batch that are looked at: naming a trace costs a microsecond."""


class BatchSpans:
    """Used only where spans are exported."""

    def __init__(self, share: TracedShare) -> None:
        self._share = share

    def write(self, delivery: Delivery, began_ms: float) -> None:
        """The batch is stored and told."""
        traced = list(self._traced(delivery))
        facts: Attributes = {
            "gridseal.batch": delivery.batch.number, "gridseal.query_id": delivery.batch.query_id,
            "gridseal.messages": delivery.messages,
        }  # fmt: skip
        now_ms = time.time() * 1_000
        for traceparent in traced:
            past_span("stream.store", began_ms, now_ms, parent=traceparent, attributes=facts)
        past_span("stream.batch", began_ms, now_ms, links=traced, attributes=facts)

    def _traced(self, delivery: Delivery) -> Iterator[str]:
        arrived = delivery.arrived
        devices, boots = arrived.device_id[:LOOKED_AT].to_pylist(), arrived.message_boot[:LOOKED_AT].to_pylist()
        left = MOST_LINKS
        for device, boot, seq in zip(devices, boots, arrived.message_seq[:LOOKED_AT].tolist(), strict=True):
            traceparent = traceparent_of(f"{device}/{boot}/{seq}")
            if left and self._share.has(traceparent):
                left -= 1
                yield traceparent
