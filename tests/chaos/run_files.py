"""Where one run keeps its journal and how its parts signal each other."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The folder of one run."""

    folder: Path

    @property
    def options(self) -> Path:
        """What load to make."""
        return self.folder / "load.json"

    @property
    def sent(self) -> Path:
        """Journal of the agent: every message, before the queue has it."""
        return self.folder / "sent.jsonl"

    @property
    def strangers(self) -> Path:
        """Journal of the agent: every message that no receipt can name."""
        return self.folder / "strangers.jsonl"

    @property
    def receipts(self) -> Path:
        """Journal of the agent: every receipt it believed."""
        return self.folder / "receipts.jsonl"

    @property
    def faults(self) -> Path:
        """Journal of the conductor."""
        return self.folder / "faults.jsonl"

    @property
    def queue(self) -> Path:
        """The agent's SQLite file."""
        return self.folder / "queue.db"

    @property
    def agent(self) -> Path:
        """Status of the agent."""
        return self.folder / "agent.json"

    @property
    def go(self) -> Path:
        """Holds the wall time at which the schedule begins."""
        return self.folder / "go"

    @property
    def enough(self) -> Path:
        """There when the faults are over: nothing beyond the planned number is to be made."""
        return self.folder / "enough"

    @property
    def calm(self) -> Path:
        """There when nothing is killed any more."""
        return self.folder / "calm"

    @property
    def findings(self) -> Path:
        """What the checker found."""
        return self.folder / "findings.json"

    def armed(self, process: str) -> Path:
        """Failpoints that the next start of a process takes, once."""
        return self.folder / f"{process}.failpoints"
