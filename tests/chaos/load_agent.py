"""The sender: the product's queue, dispatcher and link, fed with synthetic load.

Open loop: when a message is due follows from the schedule alone, so a stall shows as a backlog and
never as less load. Each message is in the journal before the queue commits it, and each receipt
before the queue acts on it: what the journal lacks was never seen by anyone.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from edge_agent.dispatcher import Dispatcher
from edge_agent.mqtt_link import MqttLink
from edge_agent.queue import Draft, DurableQueue
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.settings import CoreSettings, load_settings
from tests.chaos.journal import Journal, read_journal
from tests.chaos.load import LoadOptions, Planned, device, plan_message
from tests.chaos.product_parts import watched_parts
from tests.chaos.run_files import RunFiles

STEP_S = 0.02
LONGEST_STEP = 400
"""Messages in one transaction of the queue."""


class Strangers:
    """Messages that no receipt can name: sent at once, and all of them again when the faults are over."""

    def __init__(self, files: RunFiles, journal: Journal, link: MqttLink) -> None:
        self._journal, self._link = journal, link
        self._known: list[tuple[str, bytes]] = [
            (line["device"], bytes.fromhex(line["payload"])) for line in read_journal(files.strangers)
        ]
        self.repeated = False

    def send(self, name: str, what: str, payload: bytes, number: int) -> None:
        """Journal, then publish at QoS 1."""
        sha = hashlib.sha256(payload).hexdigest()
        self._journal.write("stranger", device=name, what=what, sha=sha, payload=payload.hex())
        self._known.append((name, payload))
        self._link.publish(device(number), payload, "")

    def repeat(self) -> None:
        """What a device without receipts would do: say it again."""
        for name, payload in self._known:
            self._link.publish(device(int(name.removeprefix("load-"))), payload, "")
        self.repeated = True


class Load:
    """Makes what is due."""

    def __init__(
        self, options: LoadOptions, files: RunFiles, queue: DurableQueue, dispatcher: Dispatcher, strangers: Strangers
    ) -> None:
        self._options, self._files = options, files
        self._queue, self._dispatcher, self._strangers = queue, dispatcher, strangers
        self._journal = Journal(files.sent)
        self._next = [self._tally(number) for number in range(options.devices)]
        self._last: int | None = None

    @property
    def made(self) -> int:
        """Messages made so far."""
        return sum(self._next)

    @property
    def finished(self) -> bool:
        """Everything planned was made and receipted."""
        return self._last is not None and min(self._next) >= self._last and self._dispatcher.depth == 0

    async def run(self) -> None:
        """Until cancelled."""
        while not self._files.go.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(STEP_S)
        began = float(self._files.go.read_text())
        while True:
            if self._last is None and self._files.enough.exists():
                self._last = max(self._options.per_device, *self._next)
            self.step(time.time() - began)
            if self._files.calm.exists() and not self._strangers.repeated:
                self._strangers.repeat()
            await asyncio.sleep(STEP_S)

    def step(self, elapsed_s: float) -> None:
        """Make everything that is due, device by device in the order of the schedule."""
        drafts: list[Draft] = []
        unnamed: list[tuple[int, Planned]] = []
        for number, k in self._due(elapsed_s):
            planned = plan_message(self._options, number, k)
            named = planned.share != "stranger"
            encode = partial(self._encode, number, k, planned)
            drafts.append(Draft(device(number).device_id, k + 1, max(1, len(planned.readings)) if named else 0, encode))
            if not named:
                unnamed.append((number, planned))
            self._next[number] = k + 1
        if not drafts:
            return
        for number, planned in unnamed:
            self._strangers.send(device(number).device_id, planned.what, planned.encode("", 0, 0), number)
        self._dispatcher.add(self._queue.append(drafts))
        self._dispatcher.pump()

    def _due(self, elapsed_s: float) -> Iterator[tuple[int, int]]:
        left = LONGEST_STEP
        for number in range(self._options.devices):
            due = int((elapsed_s - number / self._options.messages_per_s) * self._options.rate) + 1
            until = due if self._last is None else min(due, self._last)
            for k in range(self._next[number], until):
                if not left:
                    return
                left -= 1
                yield number, k

    def _encode(self, number: int, k: int, planned: Planned, boot_id: str, seq: int) -> bytes:
        payload = planned.encode(boot_id, seq, time.time_ns() // 1_000_000)
        self._journal.write(
            "made",
            device=device(number).device_id,
            boot=boot_id,
            seq=seq,
            k=k,
            share=planned.share,
            what=planned.what,
            sha=hashlib.sha256(payload).hexdigest(),
            readings=planned.facts(),
        )
        return payload

    def _tally(self, number: int) -> int:
        return self._queue.tallies[device(number).device_id].cursor_ms or 0


async def tell(files: RunFiles, load: Load, dispatcher: Dispatcher) -> None:
    """Keep the status file current."""
    while True:
        status: dict[str, Any] = {
            "pid": os.getpid(),
            "made": load.made,
            "depth": dispatcher.depth,
            "ready": dispatcher.ready_devices,
            "resent": dispatcher.resent,
            "finished": load.finished,
        }
        part = files.agent.with_suffix(".part")
        part.write_text(json.dumps(status))
        part.replace(files.agent)
        await asyncio.sleep(0.1)


async def main(folder: Path) -> None:
    """Run the agent until it is killed."""
    files = RunFiles(folder)
    configure_logs("load-agent", load_settings(CoreSettings).log_level)
    options = LoadOptions.load(files.options)
    devices = [device(number) for number in range(options.devices)]
    queue, link, dispatcher = watched_parts(devices, Journal(files.receipts))
    load = Load(options, files, queue, dispatcher, Strangers(files, Journal(files.strangers), link))
    dispatcher.restore()
    async with asyncio.TaskGroup() as group:
        for part in (link.run(dispatcher), dispatcher.run(), load.run(), tell(files, load, dispatcher)):
            group.create_task(part)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
