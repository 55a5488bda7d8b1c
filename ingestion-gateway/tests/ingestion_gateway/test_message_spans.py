"""The messages that are traced have a span from MQTT to Kafka in their own trace."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gridseal.runtime.traces import TracedShare, context_of, provider_of, traceparent_of
from ingestion_gateway.accept import Refused
from ingestion_gateway.message_spans import TracedActivity
from ingestion_gateway.ports import Held, Received


def held(traceparent: str) -> Held:
    received = Received(1, 1, "v1/demo/home-01/home-01-pv/telemetry", b"", traceparent, 1_780_315_200_000)
    return Held(received, 0.0, (Refused("malformed", "said so", "home-01-pv"),))


@pytest.mark.parametrize(("ratio", "spans"), [(1.0, 2), (0.0, 0)])
def test_each_message_of_the_share_has_its_span(ratio: float, spans: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = InMemorySpanExporter()
    provider = provider_of("ingestion-gateway", SimpleSpanProcessor(kept))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    activity, names = TracedActivity(TracedShare(ratio)), [traceparent_of(f"d/b/{n}") for n in range(2)]
    for name in [*names, ""]:
        activity.note(held(name))

    found = kept.get_finished_spans()
    assert len(found) == spans
    traces = [context_of(name) for name in names][:spans]
    assert [span.context.trace_id for span in found if span.context] == [t.trace_id for t in traces if t]
    assert all((span.attributes or {})["gridseal.verdict"] == "refused" for span in found)
    assert len(activity) == 1
