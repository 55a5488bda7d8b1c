"""W3C trace context, carried from the MQTT publish to the seal.

Spans are exported only where ``GRIDSEAL_OTLP_ENDPOINT`` is set; ids travel always.
"""

import random

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def configure_traces(service: str, endpoint: str | None) -> None:
    """Export spans of this process, if an endpoint is set. Called once, from ``__main__``."""
    if endpoint is None:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)


def new_traceparent() -> str:
    """A fresh ``traceparent`` header value, sampled."""
    # Ids only have to differ: `secrets` asks the kernel each time and cost the gateway a tenth of its throughput.
    return f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"
