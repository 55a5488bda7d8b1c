"""Sparkplug B 3.0: ``spBv1.0/<group>/<type>/<edge node>[/<device>]``, protobuf, births that name later numbers.

Foreign names are ``group/node`` and ``group/node/device``. One node's messages count from 0 to 255; when one is
missing, or the node is heard before its birth (also after a restart of the gateway), what it says is refused, kept on
``dead-letter`` and held; the node is asked for a birth, and held messages that the birth still explains are delivered
behind it. Values of a birth are readings as well. A metric without a setting is known by the last part of its name
when that is one of our quantities (``Meter/Active Power``) and its ``engUnit`` property says the unit.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from gridseal.wire.telemetry import Quality
from gridseal.wire.units import Quantity
from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError, DialectReason
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import LATEST_MS, Metric, Said, Sample
from ingestion_gateway.dialects.sparkplug_node import Heard, Meaning, Node, Session
from ingestion_gateway.dialects.sparkplug_proto import parse_payload, properties_of, rebirth_request, text, value_of

KNOWN: Final[dict[str, Metric]] = {quantity: Metric(quantity) for quantity in get_args(Quantity)}
_PREFIX: Final = "spBv1.0"
_BD_SEQ: Final = "bdSeq"
_QUALITIES: Final[dict[int, Quality]] = {0: "bad", 500: "suspect"}
"""OPC-like codes of the ``Quality`` property: bad, stale; 192 is good."""


class SparkplugB(MappedDialect):
    """One entry of dialect ``sparkplug-b``. Remembers each edge node that the settings know, and no other."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)
        self._nodes = {"/".join(name.split("/")[:2]): Node() for name in entry.devices}

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        prefix, group, kind, edge, device = (*topic.split("/", 4), "", "", "", "")[:5]
        if prefix != _PREFIX:
            raise DialectError("the topic should begin with spBv1.0", reason="foreign_topic")
        if group == "STATE" or kind in ("NCMD", "DCMD"):
            return Adapted()  # what hosts say, this gateway among them
        node = self._nodes.get(f"{group}/{edge}")
        if node is None:
            raise DialectError("the edge node is not in GATEWAY_DIALECTS", reason="unknown_device")
        if kind not in ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA") or (kind[0] == "D") != bool(device):
            raise DialectError("the topic should be one of Sparkplug B", reason="foreign_topic")
        message = parse_payload(payload)
        if message.timestamp >= LATEST_MS:
            raise DialectError("the time of the message is out of range", reason="bad_time")
        heard = Heard(device, topic, message, len(payload))
        if kind == "NDEATH":
            return self._died(node, message)
        again = node.seen_before(payload)
        if kind == "NBIRTH":
            return self._born(node, heard, received_at_ms, again=again)
        return self._followed(node, kind, heard, received_at_ms, again=again)

    def _born(self, node: Node, heard: Heard, now_ms: int, *, again: bool) -> Adapted:
        message, known = heard.message, node.session
        if again and known is not None and (known.bd_seq, known.birth_ms) == (_bd_seq(message), message.timestamp):
            return self._read(known, heard, now_ms)
        session = Session(_bd_seq(message), message.timestamp, (message.seq + 1) % 256)
        session.learn("", message.metrics)
        node.session, node.broken = session, False
        return self._said(node, heard, now_ms)

    def _died(self, node: Node, message: Any) -> Adapted:
        # The will of an earlier connection may arrive after the birth of the next.
        if node.session is not None and node.session.bd_seq == _bd_seq(message):
            node.session, node.broken = None, False
            node.before.clear()
            node.held.clear()
        return Adapted()

    def _followed(self, node: Node, kind: str, heard: Heard, now_ms: int, *, again: bool) -> Adapted:
        session = node.session
        if session is None:
            raise self._hold(node, heard, kind, now_ms, "no_birth", "the edge node was not born yet")
        if not again and not node.broken:
            self._in_order(node, session, kind, heard, now_ms)
        if node.broken:
            raise self._hold(node, heard, kind, now_ms, "sequence_gap", "the edge node has to be born again")
        if kind == "DDEATH":
            if not again:
                session.forget(heard.device)
            return Adapted()
        if kind == "DBIRTH" and not again:
            session.learn(heard.device, heard.message.metrics)
            return self._said(node, heard, now_ms)
        if any(session.meaning(heard.device, metric) is None for metric in heard.message.metrics):
            raise self._hold(
                node, heard, kind, now_ms, "no_birth", "the device was not born yet, or not with this metric"
            )
        return self._read(session, heard, now_ms)

    def _in_order(self, node: Node, session: Session, kind: str, heard: Heard, now_ms: int) -> None:
        if heard.message.seq == session.next_seq:
            session.next_seq = (session.next_seq + 1) % 256
        elif 0 < heard.message.timestamp < session.birth_ms:
            # Left over from an earlier session; or the node's clock was set back, and its next birth mends that.
            raise self._hold(node, heard, "", now_ms, "sequence_gap", "the message is older than the last birth")
        else:
            node.lose()
            raise self._hold(node, heard, kind, now_ms, "sequence_gap", "a message of the edge node is missing")

    def _said(self, node: Node, birth: Heard, now_ms: int) -> Adapted:
        """A birth and, behind it, what had waited for it."""
        if node.session is None:
            return Adapted()
        held = node.recovered(birth.device)
        parts = [self._read(node.session, birth, now_ms)]
        for heard in held:
            try:
                parts.append(self._read(node.session, heard, now_ms))
            except DialectError:
                continue  # it is on dead-letter since it was held
        if not node.held:
            node.before.clear()
        return Adapted(
            tuple(message for part in parts for message in part.messages),
            unmapped=sum(part.unmapped for part in parts),
        )

    def _hold(
        self, node: Node, heard: Heard, kind: str, now_ms: int, reason: DialectReason, detail: str
    ) -> DialectError:
        if kind in ("NDATA", "DDATA"):
            node.hold(heard)
        replies: tuple[tuple[str, bytes], ...] = ()
        if node.may_ask(now_ms, self._entry.rebirths_per_minute):
            _, group, _, edge = heard.topic.split("/")[:4]
            replies = ((f"{_PREFIX}/{group}/NCMD/{edge}", rebirth_request(now_ms)),)
        return DialectError(detail, reason=reason, replies=replies)

    def _read(self, session: Session, heard: Heard, now_ms: int) -> Adapted:
        _, group, _, edge = heard.topic.split("/")[:4]
        name = "/".join(filter(None, (group, edge, heard.device)))
        if name not in self._entry.devices:
            if heard.device:
                raise DialectError("the device is not in GATEWAY_DIALECTS", reason="unknown_device")
            return Adapted()  # a node that only carries devices
        message = heard.message
        at_ms = message.timestamp or now_ms
        said = Said(at_ms, at_ms * 256 + message.seq % 256, f"{session.birth_ms}/{session.bd_seq}")
        samples = [
            sample
            for metric in message.metrics
            if (meaning := session.meaning(heard.device, metric)) is not None
            for sample in _samples(metric, meaning)
        ]
        return self._mapper.messages(heard.topic, name, said, samples)


def _bd_seq(message: Any) -> int:
    for metric in message.metrics:
        if text(metric.name) == _BD_SEQ:
            return int(metric.long_value or metric.int_value)
    raise DialectError("a birth and a death should have bdSeq")


def _samples(metric: Any, meaning: Meaning) -> Iterator[Sample]:
    value = value_of(metric, meaning.datatype)
    if value is None or metric.is_transient or meaning.name == _BD_SEQ:
        return
    if metric.timestamp >= LATEST_MS:
        raise DialectError("the time of a metric is out of range", reason="bad_time")
    last = re.sub("[ -]+", "_", meaning.name.split("/")[-1].strip()).lower()
    quality = properties_of(metric).get("Quality")
    yield Sample(
        meaning.name,
        value,
        meaning.unit,
        metric.timestamp or None,
        also=last if meaning.unit else "",
        source=meaning.name,
        quality=_QUALITIES.get(quality, "good") if isinstance(quality, int) else "good",
    )
