"""The way of one message through the stores, from its device to the receipt of the transaction that seals it.

Each service is asked for what it kept of its stage; no collector is needed. What a stage does not know yet is a hop
without a moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from gridseal.client.json_rpc import JsonRpcChain
from gridseal.errors import UnavailableError, WireError
from gridseal.wire.catalog import Series
from gridseal.wire.fields import format_utc
from gridseal.wire.units import stored_as

HOPS: Final = (
    "device", "gateway", "kafka", "batch", "window", "store", "job", "run", "published", "seal", "receipt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hop:
    """One moment. ``at`` is wall clock; ``domain`` the domain clock, where the moment has one."""

    name: str
    at: datetime | None
    domain: datetime | None = None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journey:
    """All hops of one message, for one series that took it."""

    message_id: str
    traceparent: str
    series_id: str | None
    run_id: str | None
    hops: tuple[Hop, ...]

    @property
    def whole(self) -> bool:
        """Whether it got to the chain: the transaction has its receipt."""
        return self.hops[-1].domain is not None


@dataclass(frozen=True, slots=True)
class MessageId:
    """A message as its CloudEvents id names it."""

    device: str
    boot: str
    seq: int

    @classmethod
    def read(cls, text: str) -> "MessageId":
        """From ``device/boot/seq``.

        Raises:
            WireError: It is none.
        """
        device, _, rest = text.partition("/")
        boot, _, seq = rest.partition("/")
        if not (device and boot and seq.isascii() and seq.isdigit() and len(seq) <= 16):
            raise WireError("a message is named as its device, its boot id and its number: device/boot/seq")
        return cls(device, boot, int(seq))

    def __str__(self) -> str:
        """As the header ``ce_id`` has it."""
        return f"{self.device}/{self.boot}/{self.seq}"


@dataclass(frozen=True, slots=True)
class Places:
    """Who is asked."""

    gateway: str
    stream: str
    assets: str
    forecasts: str
    chain: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0


class Follower:
    """Asks the services. Every question may raise ``UnavailableError``."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._http = httpx.Client(headers=dict(places.headers), timeout=places.timeout_s)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def follow(self, message: MessageId, sent_at_ms: int | None = None) -> list[Journey]:
        """One journey for each series that the message speaks about; none where Kafka does not have it (any more)."""
        asked = {"device_id": message.device, "boot_id": message.boot, "seq": message.seq}
        if sent_at_ms is not None:
            asked["sent_at_ms"] = sent_at_ms
        said = self._ask(self._places.gateway, "/api/v1/gateway/trail", asked)
        if said is None:
            return []
        series = self._series_of(message.device)
        found = [
            self._one(message, said, reading, one)
            for reading in said["readings"]
            for one in series.get(stored_as(reading["quantity"]), [None])
        ]
        return _newest_of_each(found)

    def _one(
        self, message: MessageId, said: Mapping[str, Any], reading: Mapping[str, Any], series: Series | None
    ) -> Journey:
        quantity, start = stored_as(reading["quantity"]), reading["period_start"]
        about = {"device_id": message.device, "quantity": quantity, "period_start": start}
        stream, run = None, None
        if series is not None:
            stream = self._ask(self._places.stream, "/api/v1/stream/trail", about | {"series_id": series.series_id})
            ended = _window_end(datetime.fromisoformat(start), series.resolution_s)
            taken = {"series_id": series.series_id, "ended_by": format_utc(ended)}
            run = self._ask(self._places.forecasts, "/api/v1/trails/windows", taken) if series.forecast else None
        else:
            stream = self._ask(self._places.stream, "/api/v1/stream/trail", about)
        hops = [*hops_of(said, stream, run, series.resolution_s if series else 0), self._receipt(run)]
        series_id, run_id = series.series_id if series else None, run["run_id"] if run else None
        return Journey(str(message), said["traceparent"], series_id, run_id, tuple(hops))

    def _receipt(self, run: Mapping[str, Any] | None) -> Hop:
        if run is None or run["tx_hash"] is None:
            return Hop("receipt", None)
        try:
            with JsonRpcChain(self._places.chain) as chain:
                receipt = chain.receipt(run["tx_hash"])
                if receipt is None:
                    return Hop("receipt", None, facts=(run["tx_hash"], "in no block"))
                at = datetime.fromtimestamp(chain.block_time(receipt.block_number), UTC)
        except UnavailableError:
            return Hop("receipt", None, facts=(run["tx_hash"], "no node answers"))
        outcome = "succeeded" if receipt.succeeded else "failed"
        return Hop("receipt", None, at, (run["tx_hash"], f"block {receipt.block_number}", outcome))

    def _series_of(self, device: str) -> dict[str, list[Series | None]]:
        """By quantity, the series that take the device."""
        found: dict[str, list[Series | None]] = {}
        cursor: str | None = None
        while True:
            query = {"limit": 500} | ({} if cursor is None else {"cursor": cursor})
            page = self._ask(self._places.assets, "/api/v1/series", query) or {"items": [], "next_cursor": None}
            for item in page["items"]:
                series = Series.model_validate(item)
                for one in series.inputs:
                    if one.device_id == device:
                        found.setdefault(one.quantity, []).append(series)
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def _ask(self, address: str, path: str, query: Mapping[str, Any]) -> dict[str, Any] | None:
        """An answer; none for 404."""
        try:
            answer = self._http.get(address.rstrip("/") + path, params=dict(query))
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            said: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(f"{address}{path} does not answer as it should: {error}") from error
        return said


def hops_of(
    message: Mapping[str, Any], stream: Mapping[str, Any] | None, run: Mapping[str, Any] | None, resolution_s: int
) -> list[Hop]:
    """All hops but the receipt, in the order in which they come about. Pure.

    Args:
        message: Answer of the gateway's route ``get_message_trail``.
        stream: Answer of the stream's ``readReadingTrail``.
        run: Answer of forecast-service's ``readWindowTrail``.
        resolution_s: Width of the windows that the series is forecast by.
    """
    reading, batch = (stream or {}).get("reading") or {}, (stream or {}).get("batch") or {}
    windows = [one for one in (stream or {}).get("windows", []) if one["width_s"] == resolution_s]
    window, run = (windows[0] if windows else {}), run or {}
    sent = datetime.fromtimestamp(message["sent_at_ms"] / 1_000, UTC)
    batch_facts = (f"batch {batch['batch_id']}", f"{batch['messages']} messages") if batch else ()
    ended = _moment(window.get("window_start"))
    return [
        Hop("device", sent, _moment(reading.get("period_start")), (message["device_id"], f"seq {message['seq']}")),
        Hop("gateway", _moment(message["received_at"])),
        Hop("kafka", _moment(message["written_at"]), None,
            (f"{message['topic']}/{message['partition']}", f"offset {message['offset']}")),
        Hop("batch", _moment(batch.get("began_at")), None, batch_facts),
        Hop("window", _moment(window.get("updated_at")), ended and ended + timedelta(seconds=resolution_s),
            (f"version {window['version']}",) if window else ()),
        Hop("store", _moment(batch.get("committed_at") or reading.get("stored_at")), None,
            (reading["quality"],) if reading else ()),
        Hop("job", _moment(run.get("job_sent_at")), _moment(run.get("slot_domain")),
            (run["product_id"],) if run else ()),
        Hop("run", _moment(run.get("recorded_at")), _moment(run.get("issued_domain")),
            (run["run_id"], f"{run['model_name']}/{run['model_version']}") if run else ()),
        Hop("published", _moment(run.get("published_at"))),
        Hop("seal", _moment(run.get("seal_known_at")), None, (run["seal_state"],) if run.get("seal_state") else ()),
    ]  # fmt: skip


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


def _window_end(start: datetime, width_s: int) -> datetime:
    return datetime.fromtimestamp((int(start.timestamp()) // width_s + 1) * width_s, UTC)


def _newest_of_each(found: Iterable[Journey]) -> list[Journey]:
    """A message often holds several periods of a series: the last one stands for it."""
    return list({journey.series_id: journey for journey in found}.values())


def waits(hops: Sequence[Hop]) -> list[float | None]:
    """Wall seconds of each hop after the last one before it that is known."""
    before: datetime | None = None
    found: list[float | None] = []
    for hop in hops:
        found.append((hop.at - before).total_seconds() if hop.at is not None and before is not None else None)
        before = hop.at or before
    return found
