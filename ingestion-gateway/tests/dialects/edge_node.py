"""A Sparkplug B edge node of the tests' own: births, aliases, sequence and death, as the specification has them."""

from typing import Any

from ingestion_gateway.dialects.sparkplug_proto import BOOLEAN, DOUBLE, FLOAT, INT64, UINT64, Payload

GROUP, NODE, DEVICE = "plant", "edge", "meter"
POWER, ENERGY, OK = "Meter/Active Power", "Meter/Import", "Meter/Healthy"


class EdgeNode:
    """Writes payloads; the test decides which arrive."""

    def __init__(self, now_ms: int, bd_seq: int = 0) -> None:
        self.now_ms = now_ms
        self.bd_seq = bd_seq
        self.seq = 255
        self.aliases = {POWER: 1, ENERGY: 2, OK: 3}

    def topic(self, kind: str) -> str:
        return f"spBv1.0/{GROUP}/{kind}/{NODE}" + (f"/{DEVICE}" if kind[0] == "D" else "")

    def nbirth(self) -> tuple[str, bytes]:
        self.seq = 255
        payload = self._payload()
        payload.metrics.add(name=b"bdSeq", datatype=INT64, long_value=self.bd_seq)
        payload.metrics.add(name=b"Node Control/Rebirth", datatype=BOOLEAN, boolean_value=False)
        return self.topic("NBIRTH"), payload.SerializeToString()

    def ndeath(self, bd_seq: int | None = None) -> tuple[str, bytes]:
        payload = Payload(timestamp=self.now_ms)
        payload.metrics.add(name=b"bdSeq", datatype=UINT64, long_value=self.bd_seq if bd_seq is None else bd_seq)
        return self.topic("NDEATH"), payload.SerializeToString()

    def dbirth(self, power_kw: float = 1.5) -> tuple[str, bytes]:
        payload = self._payload()
        power = payload.metrics.add(
            name=POWER.encode(), alias=self.aliases[POWER], datatype=DOUBLE, double_value=power_kw
        )
        power.properties.keys.append(b"engUnit")
        power.properties.values.add(type=12, string_value=b"kW")
        payload.metrics.add(name=ENERGY.encode(), alias=self.aliases[ENERGY], datatype=FLOAT, float_value=0.1)
        payload.metrics.add(name=OK.encode(), alias=self.aliases[OK], datatype=BOOLEAN, boolean_value=True)
        return self.topic("DBIRTH"), payload.SerializeToString()

    def ddeath(self) -> tuple[str, bytes]:
        return self.topic("DDEATH"), self._payload().SerializeToString()

    def ddata(self, power_kw: float, **metric: Any) -> tuple[str, bytes]:
        payload = self._payload()
        payload.metrics.add(**({"alias": self.aliases[POWER], "double_value": power_kw} | metric))
        return self.topic("DDATA"), payload.SerializeToString()

    def ndata(self, **metric: Any) -> tuple[str, bytes]:
        payload = self._payload()
        payload.metrics.add(**metric)
        return self.topic("NDATA"), payload.SerializeToString()

    def _payload(self) -> Any:
        self.seq = (self.seq + 1) % 256
        self.now_ms += 1_000
        return Payload(timestamp=self.now_ms, seq=self.seq)
