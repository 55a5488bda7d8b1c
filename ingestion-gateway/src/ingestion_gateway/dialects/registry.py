"""All dialects of the settings: which one a topic speaks, and what to subscribe to."""

from collections.abc import Sequence
from typing import Final, Protocol

from gridseal.runtime.logs import get_logger
from gridseal.wire.telemetry import Telemetry
from ingestion_gateway.dialects.cim_rtd import CimRtd
from ingestion_gateway.dialects.dialect import Adapted, Dialect, DialectError
from ingestion_gateway.dialects.dsmr import DsmrP1
from ingestion_gateway.dialects.entries import DialectName, Entry, read_entries
from ingestion_gateway.dialects.ieee2030_5 import Ieee20305
from ingestion_gateway.dialects.senml import SenMl
from ingestion_gateway.dialects.shelly import ShellyGen2
from ingestion_gateway.dialects.sinapsi import SinapsiAlfa
from ingestion_gateway.dialects.sparkplug import SparkplugB
from ingestion_gateway.dialects.sunspec import SunSpec
from ingestion_gateway.dialects.tasmota import Tasmota
from ingestion_gateway.dialects.zigbee2mqtt import Zigbee2Mqtt

log = get_logger(__name__)


class _Makes(Protocol):
    def __call__(self, entry: Entry) -> Dialect: ...


ADAPTERS: Final[dict[DialectName, _Makes]] = {
    "senml": SenMl,
    "sparkplug-b": SparkplugB,
    "shelly-gen2": ShellyGen2,
    "tasmota": Tasmota,
    "zigbee2mqtt": Zigbee2Mqtt,
    "sinapsi-alfa": SinapsiAlfa,
    "cim-rtd": CimRtd,
    "dsmr-p1": DsmrP1,
    "ieee2030.5": Ieee20305,
    "sunspec": SunSpec,
}


class Guarded:
    """A dialect whose own faults end one message, not the gateway: logged, refused, kept on ``dead-letter``."""

    def __init__(self, inner: Dialect) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The dialect, as in the settings."""
        return self._inner.name

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and site of the devices."""
        return self._inner.place

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message.

        Raises:
            DialectError: It is refused.
        """
        try:
            return self._inner.adapt(topic, payload, received_at_ms)
        except DialectError:
            raise
        except Exception as error:
            log.exception("dialect_failed", dialect=self.name)
            raise DialectError(f"the {self.name} adapter failed", reason="adapter_failed") from error


class Dialects:
    """The entries of GATEWAY_DIALECTS at work; the first whose filter matches a topic has it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = [(entry, Guarded(ADAPTERS[entry.dialect](entry))) for entry in entries]

    @classmethod
    def from_setting(cls, setting: str) -> "Dialects":
        """Read the setting.

        Raises:
            ConfigError: Says which entry is wrong, and what it should be.
        """
        return cls(read_entries(setting))

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, topic: str) -> Dialect | None:
        """Who reads this topic, if anyone."""
        for entry, dialect in self._entries:
            if entry.foreign_name(topic) is not None:
                return dialect
        return None

    def filters(self) -> tuple[str, ...]:
        """What to subscribe to. One gateway reads a dialect: Sparkplug nodes are followed message by message."""
        return tuple(entry.filter for entry, _ in self._entries)


def of_quantities(message: Telemetry, quantities: frozenset[str]) -> tuple[Telemetry | None, int]:
    """A message without the readings that its device has no series for, and how many those were.

    Meters of other makers say more than the catalog asks for; that is no reason to refuse what it does ask for.
    """
    kept = tuple(reading for reading in message.readings if reading.quantity in quantities)
    dropped = len(message.readings) - len(kept)
    if not dropped:
        return message, 0
    return (message.model_copy(update={"readings": kept}) if kept else None), dropped
