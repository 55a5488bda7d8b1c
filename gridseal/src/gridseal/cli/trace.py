"""``gridseal trace``: one message from its device to the chain, from what the stores know."""

import json
from collections.abc import Sequence
from typing import Final

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from rich.console import Console
from rich.table import Table

from gridseal.access.install import own_headers
from gridseal.client.journey import Follower, Hop, Journey, MessageId, Places, waits
from gridseal.errors import GridsealError
from gridseal.runtime.settings import CoreSettings
from gridseal.runtime.traces import exporter_of, past_span, provider_of
from gridseal.wire.fields import format_utc

WHOLE, ON_ITS_WAY, NOT_FOUND = 0, 1, 2
_SERVICES: Final = {
    "gateway": "ingestion-gateway", "kafka": "ingestion-gateway", "batch": "streaming-processor",
    "window": "streaming-processor", "store": "streaming-processor", "job": "forecast-service",
    "run": "forecast-service", "published": "forecast-service", "seal": "settlement-service",
}  # fmt: skip
"""Who is at work until the hop of this name."""


def trace_message(
    message_id: str, core: CoreSettings, console: Console, *, sent_at_ms: int | None, as_json: bool, otlp: str | None
) -> int:
    """Print every hop; 0 up to the chain's receipt, 1 a part is not there yet, 2 it could not be found."""
    follower = None
    try:
        message = MessageId.read(message_id)
        follower = Follower(places_of(core))
        journeys = follower.follow(message, sent_at_ms)
    except GridsealError as error:
        console.print(f"not traced: {error}", highlight=False)
        return NOT_FOUND
    finally:
        if follower is not None:
            follower.close()
    if not journeys:
        console.print("not traced: Kafka has no such message; --sent-at looks further back", highlight=False)
        return NOT_FOUND
    if as_json:
        console.print_json(json.dumps([_as_json(journey) for journey in journeys]))
    else:
        for journey in journeys:
            _show(journey, console)
    if otlp is not None:
        export(journeys, otlp)
    return WHOLE if any(journey.whole for journey in journeys) else ON_ITS_WAY


def places_of(core: CoreSettings) -> Places:
    """The services as the settings name them."""
    return Places(
        gateway=core.gateway_url, stream=core.stream_url, assets=core.asset_url, forecasts=core.forecast_url,
        chain=core.chain_rpc_url, headers=own_headers(core),
    )  # fmt: skip


def export(journeys: Sequence[Journey], otlp: str) -> None:
    """Send the hops as spans of the message's own trace, so that a collector shows all of it in one."""
    for service in sorted(set(_SERVICES.values())):
        provider = provider_of(service, SimpleSpanProcessor(exporter_of(otlp)))
        tracer = provider.get_tracer("gridseal.trace")
        for journey in journeys:
            before: Hop | None = None
            for hop in journey.hops:
                if hop.at is None:
                    continue
                if before is not None and before.at is not None and _SERVICES.get(hop.name) == service:
                    facts = {"gridseal.facts": ", ".join(hop.facts), "gridseal.series_id": journey.series_id or ""}
                    past_span(
                        f"hop.{hop.name}", before.at.timestamp() * 1_000, hop.at.timestamp() * 1_000,
                        parent=journey.traceparent, attributes=facts, tracer=tracer,
                    )  # fmt: skip
                before = hop
        provider.shutdown()


def _show(journey: Journey, console: Console) -> None:
    table = Table("hop", "wall time", "after", "domain time", "what", title=f"{journey.series_id or 'no series'}")
    for hop, after in zip(journey.hops, waits(journey.hops), strict=True):
        wall = "" if hop.at is None else hop.at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
        domain = "" if hop.domain is None else format_utc(hop.domain)
        table.add_row(hop.name, wall, "" if after is None else f"{after:+.3f} s", domain, ", ".join(hop.facts))
    console.print(f"message {journey.message_id}\ntrace {journey.traceparent[3:35]}", highlight=False)
    console.print(table)
    known = [hop.at for hop in journey.hops if hop.at is not None]
    state = "sealed on the chain" if journey.whole else "not on the chain yet"
    console.print(f"{(known[-1] - known[0]).total_seconds():.3f} s so far; {state}", highlight=False)


def _as_json(journey: Journey) -> dict[str, object]:
    return {
        "message_id": journey.message_id,
        "trace_id": journey.traceparent[3:35],
        "series_id": journey.series_id,
        "run_id": journey.run_id,
        "whole": journey.whole,
        "hops": [
            {
                "hop": hop.name, "at": hop.at and format_utc(hop.at), "domain": hop.domain and format_utc(hop.domain),
                "facts": list(hop.facts),
            }
            for hop in journey.hops
        ],
    }  # fmt: skip
