"""OPC-UA status codes (OPC 10000-4, 7.39) as the qualities of a reading. Pure."""

from typing import Final

from gridseal.wire.telemetry import Quality

_SEVERITY: Final = 0xC000_0000
_UNCERTAIN: Final = 0x4000_0000
_DATA_VALUE_OVERFLOW: Final = 0x0400 | 0x0080
"""InfoType DataValue with its Overflow bit; the bit means nothing under another InfoType."""
INFO_BITS: Final = 0xFFFF
"""Say something about this value, not about which code it is."""


def quality_of(status: int) -> Quality:
    """Good, Uncertain and Bad; the reserved fourth severity is to be treated as Bad."""
    severity = status & _SEVERITY
    if severity == 0:
        return "good"
    return "suspect" if severity == _UNCERTAIN else "bad"


def overflowed(status: int) -> bool:
    """The server's queue for this item was full: samples beside this one are gone."""
    return status & _DATA_VALUE_OVERFLOW == _DATA_VALUE_OVERFLOW
