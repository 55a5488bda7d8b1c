"""Errors that cross a service boundary.

    GridsealError
    ├── WireError         bytes that do not match the contract they claim   (refuse, count, go on)
    ├── UnavailableError  a dependency that should answer later             (retry with back-off)
    ├── ChainError        the chain refused a transaction                   (stop and page someone)
    └── ConfigError       a setting is missing or wrong                     (say which, exit 2)

A class says what the caller does next; the message says which thing failed and what to do.
Payload values never stand in a message: payloads come from outside and messages end up in logs.
"""


class GridsealError(Exception):
    """Base of all errors that one part of Gridseal reports to another."""


class WireError(GridsealError):
    """A message does not match its contract. ``reason`` is a bounded label for counters."""

    def __init__(self, message: str, *, reason: str = "malformed") -> None:
        super().__init__(message)
        self.reason = reason


class UnavailableError(GridsealError):
    """A dependency did not answer; the same call may succeed later."""


class ChainError(GridsealError):
    """The chain refused or lost what it was given."""


class ConfigError(GridsealError):
    """A setting is missing or wrong; the message names the variable and what it should be."""
