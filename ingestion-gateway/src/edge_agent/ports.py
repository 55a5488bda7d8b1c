"""What the agent needs from outside: a link to the broker, and someone who listens to it."""

from typing import Protocol

from edge_agent.fleet import Device


class LinkListener(Protocol):
    """Hears what happened on the link. Always called on the event loop, never from another thread."""

    def on_ready(self, device_id: str) -> None:
        """The device is connected and subscribed to its receipts."""
        ...

    def on_down(self, device_id: str, why: str) -> None:
        """The device is not connected (any more)."""
        ...

    def on_acknowledged(self, device_id: str, mid: int, *, reason: int, text: str) -> None:
        """The broker answered a publish; any reason but 0 means that nobody will get it."""
        ...

    def on_receipt(self, device_id: str, payload: bytes) -> None:
        """Something arrived on the device's receipt topic."""
        ...


class Link(Protocol):
    """One connection per device."""

    async def run(self, listener: LinkListener) -> None:
        """Keep every device connected until cancelled."""
        ...

    def publish(self, device: Device, payload: bytes, traceparent: str) -> int:
        """Send at QoS 1 and return the id that ``on_acknowledged`` will name."""
        ...


class Maker(Protocol):
    """What makes messages: the replay of data sets, or a source of live samples."""

    def remaining(self) -> int:
        """Readings that are due and not made into messages yet."""
        ...
