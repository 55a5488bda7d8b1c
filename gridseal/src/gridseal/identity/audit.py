"""Whether every stored reading of a device stands in a message that the device signed. Pure."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import WireError
from gridseal.wire.codec import decode
from gridseal.wire.signing import verified
from gridseal.wire.telemetry import Reading, Telemetry
from gridseal.wire.units import ENERGY_SIGN, UNITS

Key = tuple[str, int]
"""Quantity as stored, and period start in milliseconds."""


@dataclass(slots=True)
class SignedReadings:
    """What a device signed, message by message."""

    keys: Collection[Ed25519PublicKey]
    messages: int = 0
    unsigned: int = 0
    forged: int = 0
    values: dict[Key, set[int]] = field(default_factory=dict)
    """Thousandths of the base unit; more than one where a period was reported twice."""
    before_key: set[Key] = field(default_factory=set)
    """Stored before the device had a key: nothing can be said about these."""

    def add(self, payload: bytes) -> None:
        """One message of the device, byte for byte as it came."""
        self.messages += 1
        try:
            message = decode(Telemetry, payload)
            content = json.loads(payload)
        except (WireError, ValueError):
            self.forged += 1
            return
        if message.signature is None:
            self.unsigned += 1
        elif any(verified(content, key) for key in self.keys):
            for reading in message.readings:
                key, value = stored_form(reading)
                self.values.setdefault(key, set()).add(value)
        else:
            self.forged += 1


@dataclass(frozen=True, slots=True)
class Findings:
    """What the comparison with the store showed."""

    covered: int
    before_key: int
    """From before the device had a key: nothing can be said about them."""
    different: tuple[Key, ...]
    """Signed with another value than the stored one."""
    uncovered: tuple[Key, ...]
    """Stored, and in no message whose signature holds."""

    @property
    def clean(self) -> bool:
        """Every stored reading was signed with the value that is stored."""
        return not self.different and not self.uncovered


def stored_form(reading: Reading) -> tuple[Key, int]:
    """A reading as the stream stores it: exact, rounded half to even."""
    scaled = Fraction(reading.value) * UNITS[reading.quantity][reading.unit] * 1_000
    sign = ENERGY_SIGN.get(reading.quantity)
    if sign is None:
        return (reading.quantity, reading.period_start_ms), round(scaled)
    return ("active_power", reading.period_start_ms), round(sign * scaled * 3_600_000 / reading.period_ms)


def compare(readings: SignedReadings, stored: Iterable[tuple[Key, int]]) -> Findings:
    """Hold what is stored against what was signed."""
    covered, before_key, different, uncovered = 0, 0, list[Key](), list[Key]()
    signed = readings.values
    for key, value in stored:
        if key not in signed and key in readings.before_key:
            before_key += 1
        elif key not in signed:
            uncovered.append(key)
        elif value in signed[key]:
            covered += 1
        else:
            different.append(key)
    return Findings(covered, before_key, tuple(sorted(different)), tuple(sorted(uncovered)))
