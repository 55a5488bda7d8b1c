"""Frames of deltas, each written and encoded once for all clients that stand at the same place. Pure."""

import json
from collections import OrderedDict

from forecast_service.live.narrow import Event
from gridseal.runtime.frames import text_frame

Sendable = tuple[str, bytes]
"""A frame as text, and encoded."""
Batch = list[tuple[int, Event]]
"""Events of one ring with their numbers, one after the other."""
KEEP, KEEP_BATCHES = 256, 8


class Written:
    """The newest frames. Clients that keep up have the same name, number and place, so they share each."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._frames: OrderedDict[tuple[int, str, int, int, bool], tuple[Event, Sendable]] = OrderedDict()
        self._batches: OrderedDict[tuple[int, str, bool], tuple[Batch, bytes]] = OrderedDict()

    def delta(self, event: Event, name: str, seq: int, previous: int, *, deflated: bool) -> Sendable:
        """A ``Delta`` as its type writes it, around data that were written once; compressed once, too, where agreed."""
        key = (id(event), name, seq, previous, deflated)
        found = self._frames.get(key)
        if found is not None:  # the event is held, so nothing else has its id
            return found[1]
        head = f'"type":"delta","id":{json.dumps(name)},"seq":{seq},"prev_seq":{previous}'
        text = f'{{{head},"data":{event.text}}}'
        sendable = (text, text_frame(text, deflated=deflated))
        self._frames[key] = (event, sendable)
        if len(self._frames) > self._keep:
            self._frames.popitem(last=False)
        return sendable

    def batch(self, batch: Batch, name: str, *, deflated: bool) -> bytes:
        """All frames of a batch in one piece, for who has everything before it."""
        key = (id(batch), name, deflated)
        found = self._batches.get(key)
        if found is not None:
            return found[1]
        frames = b"".join(self.delta(event, name, seq, seq - 1, deflated=deflated)[1] for seq, event in batch)
        self._batches[key] = (batch, frames)
        if len(self._batches) > KEEP_BATCHES:
            self._batches.popitem(last=False)
        return frames
