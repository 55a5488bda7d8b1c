"""W3C trace context, carried from the MQTT publish to the seal, and the spans of this process.

Spans are exported only where ``GRIDSEAL_OTLP_ENDPOINT`` is set; ids travel always. A message's id and a run's id say
which trace they are (``traceparent_of``), so that processes that never speak to each other write into one trace.
Batches take many messages: their spans link to those of the messages that are traced.
"""

import hashlib
import random
import re
from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

MOST_LINKS: Final = 32
_PARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_TRACER: Final = "gridseal"
Attributes = Mapping[str, str | int | float]


def configure_traces(service: str, endpoint: str | None) -> None:
    """Export spans of this process, if an endpoint is set. Called once, from ``__main__``."""
    if endpoint is None:
        return
    trace.set_tracer_provider(provider_of(service, BatchSpanProcessor(exporter_of(endpoint))))


def exporter_of(endpoint: str) -> OTLPSpanExporter:
    """OTLP over HTTP to a collector's address, without a path."""
    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")


def provider_of(service: str, processor: SpanProcessor) -> TracerProvider:
    """Where the spans of a service go."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "gridseal"})
    )  # fmt: skip
    provider.add_span_processor(processor)
    return provider


def new_traceparent() -> str:
    """A fresh ``traceparent`` header value, sampled."""
    # Ids only have to differ: `secrets` asks the kernel each time and cost the gateway a tenth of its throughput.
    return f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"


def traceparent_of(identity: str) -> str:
    """The trace of a message (``device/boot/seq``) or of a run: the same each time it is named."""
    digest = hashlib.blake2b(identity.encode(), digest_size=24).hexdigest()
    return f"00-{digest[:32]}-{digest[32:]}-01"


def context_of(traceparent: str) -> SpanContext | None:
    """What a header says; none where it says nothing."""
    found = _PARENT.fullmatch(traceparent)
    if found is None:
        return None
    context = SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(1))
    return context if context.is_valid else None


def links_of(traceparents: Iterable[str]) -> list[Link]:
    """Links to at most ``MOST_LINKS`` of them."""
    found: list[Link] = []
    for traceparent in traceparents:
        context = context_of(traceparent)
        if context is not None:
            found.append(Link(context))
        if len(found) == MOST_LINKS:
            break
    return found


def past_span(
    name: str, begun_ms: float, ended_ms: float, *, parent: str = "", links: Iterable[str] = (),
    attributes: Attributes | None = None, failed: bool = False, tracer: trace.Tracer | None = None,
) -> None:  # fmt: skip
    """A span of something that is over. Costs microseconds where none is exported.

    Args:
        name: Bounded: no id in it.
        begun_ms: Wall clock, Unix milliseconds.
        ended_ms: The same.
        parent: ``traceparent`` of what caused it; without, it begins a trace.
        links: Those of what it took together.
        attributes: Ids and counts; no values of payloads.
        failed: It came to nothing.
        tracer: Of another provider than the process's own.
    """
    context = context_of(parent)
    within = trace.set_span_in_context(NonRecordingSpan(context)) if context else None
    over = (tracer or trace.get_tracer(_TRACER)).start_span(
        name, within, SpanKind.CONSUMER, attributes, links_of(links), start_time=int(begun_ms * 1e6)
    )
    if failed:
        over.set_status(Status(StatusCode.ERROR))
    over.end(int(max(begun_ms, ended_ms) * 1e6))


class TracedShare:
    """Which messages are traced: a share of them, the same ones in every process, by their trace ids."""

    def __init__(self, ratio: float) -> None:
        self.bound = "g" if ratio >= 1 else f"{int(ratio * 2**64):016x}"
        """The second half of a trace id, as text, below which a message is one."""

    def has(self, traceparent: str) -> bool:
        """Whether the message with this ``traceparent`` is one. As text: asked for every message of the gateway."""
        return traceparent[19:35] < self.bound and len(traceparent) == 55
