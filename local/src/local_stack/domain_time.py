"""The clock of a time-lapse: starts at the origin of the demo, goes on where the last run stopped.

The file always holds a moment that the running clock has not reached yet, so a crash may skip a
little domain time but never runs it twice; a clean stop writes the exact moment.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from local_stack.errors import StackError

FIRST_ORIGIN: Final = datetime(2026, 6, 8, tzinfo=UTC)
SAVE_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class DomainTime:
    """Domain time runs ``scale`` times faster than the wall, from ``origin`` at ``anchor``."""

    origin: datetime
    anchor: datetime
    scale: float

    @classmethod
    def resume(cls, file: Path, scale: float, origin: datetime = FIRST_ORIGIN) -> "DomainTime":
        """Start at the origin of the demo, or where the last run stopped.

        Raises:
            StackError: The file of the last run cannot be read.
        """
        if file.exists():
            try:
                origin = datetime.fromisoformat(json.loads(file.read_text())["domain"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise StackError(f"{file} is damaged: remove it, or start afresh with make clean") from error
        return cls(origin, datetime.now(UTC), scale)

    def now(self) -> datetime:
        """Domain time now."""
        return self.origin + (datetime.now(UTC) - self.anchor) * self.scale

    def save(self, file: Path, *, ahead_s: float = 0.0) -> None:
        """Write the moment from which the next run may go on, ``ahead_s`` wall seconds from now."""
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"domain": (self.now() + timedelta(seconds=ahead_s * self.scale)).isoformat()}))
        part.replace(file)

    def environment(self) -> dict[str, str]:
        """The variables every process reads its clock from."""
        return {
            "GRIDSEAL_TIME_SCALE": f"{self.scale:g}",
            "GRIDSEAL_TIME_ORIGIN": self.origin.isoformat(),
            "GRIDSEAL_TIME_ANCHOR": self.anchor.isoformat(),
        }
