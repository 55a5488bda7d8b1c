"""A batch's span links to the messages that are traced, and each of these has one in its own trace."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gridseal.runtime.traces import MOST_LINKS, TracedShare, context_of, provider_of, traceparent_of
from streaming_processor.arrived import Arrived
from streaming_processor.batch_spans import BatchSpans
from streaming_processor.ports import BatchId, Delivery


def delivery(messages: int) -> Delivery:
    none: Any = np.array([], np.int64)
    arrived = Arrived(
        device_id=pa.array(["d"] * messages, pa.string()), message_sent_at_ms=none, message=none,
        quantity=pa.array([], pa.string()), unit=pa.array([], pa.string()), period_start_ms=none, period_ms=none,
        value=none, quality=pa.array([], pa.string()), message_boot=pa.array(["b"] * messages, pa.string()),
        message_seq=np.arange(messages),
    )  # fmt: skip
    return Delivery(BatchId("q", 7), messages, {}, arrived, ())


@pytest.mark.parametrize(("messages", "ratio", "linked"), [(3, 1.0, 3), (100, 1.0, MOST_LINKS), (3, 0.0, 0)])
def test_a_batch_and_its_traced_messages(
    messages: int, ratio: float, linked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = InMemorySpanExporter()
    provider = provider_of("streaming-processor", SimpleSpanProcessor(kept))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    BatchSpans(TracedShare(ratio)).write(delivery(messages), 1_000.0)

    *stored, batch = kept.get_finished_spans()
    assert (batch.name, len(batch.links), len(stored)) == ("stream.batch", linked, linked)
    traces = [context_of(traceparent_of(f"d/b/{n}")) for n in range(linked)]
    assert [link.context.trace_id for link in batch.links] == [t.trace_id for t in traces if t]
    assert [span.context.trace_id for span in stored if span.context] == [t.trace_id for t in traces if t]
    assert (batch.attributes or {})["gridseal.batch"] == 7
