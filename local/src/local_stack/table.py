"""``gridseal status``: the processes with memory, and where to find them."""

import time
from dataclasses import dataclass

import psutil

from local_stack.sessions import members
from local_stack.status import StackStatus

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process and everything in its session."""

    pss_mib: float
    rss_mib: float


def memory_of(session: int | None) -> Memory:
    """Proportional and resident size; shared pages count once in the first."""
    pss = rss = 0.0
    for pid in members(session) if session else ():
        try:
            process = psutil.Process(pid)
            rss += process.memory_info().rss / MIB
            pss += process.memory_full_info().pss / MIB
        except psutil.Error:
            continue
    return Memory(pss, rss)


def render_status(status: StackStatus) -> str:
    """The table, ready to print."""
    head = ("process", "state", "pid", "up", "restarts", "PSS MB", "RSS MB", "where")
    rows = [head]
    pss = rss = 0.0
    for row in status.processes:
        memory = memory_of(row.pid)
        pss, rss = pss + memory.pss_mib, rss + memory.rss_mib
        alive = row.pid is not None
        rows.append(
            (
                row.name,
                row.state,
                str(row.pid or ""),
                _span(time.time() - row.since) if alive else "",
                str(row.restarts),
                f"{memory.pss_mib:.0f}" if alive else "",
                f"{memory.rss_mib:.0f}" if alive else "",
                row.note or row.url,
            )
        )
    rows.append(("supervisor", status.phase, str(status.pid), _span(time.time() - status.began), "", "", "", ""))
    rows.append(("sum", "", "", "", "", f"{pss:.0f}", f"{rss:.0f}", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    right = {2, 4, 5, 6}
    lines = []
    for cells_of in rows:
        paired = enumerate(zip(cells_of, widths, strict=True))
        cells = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in paired)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
