"""``python -m tests.bench report``: put measured figures into the documents, between their markers.

Nothing is typed by hand: tables come from ``.local/bench/<group>.jsonl`` and ``.local/chaos/report.json``.
"""

import json
from pathlib import Path
from typing import Any

from tests.bench.figures import ROOT
from tests.chaos.report import as_markdown

BENCHMARKS = ROOT / "docs" / "benchmarks.md"
RELIABILITY = ROOT / "docs" / "reliability.md"


def replace_between(text: str, name: str, content: str) -> str:
    """``text`` with what stands between the markers ``name`` replaced.

    Raises:
        ValueError: The markers are not there.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"the document has no markers {begin} and {end}")
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{content.strip()}\n{end}{rest.partition(end)[2]}"


def figure_table(rows: list[dict[str, Any]]) -> str:
    """A group's figures beside their goals and peers."""
    lines = ["| figure | value | goal | reached | peer in the same run | ratio |", "|---|---|---|---|---|---|"]
    for row in rows:
        goal = "" if row["goal"] is None else f"{'≥' if row['better'] == 'more' else '≤'} {row['goal']:,.6g}"
        peer = f"{row['peer']}: {row['peer_value']:,.6g}" if row["peer_value"] else ""
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}×"
        lines.append(
            f"| `{row['name']}` | {row['value']:,.6g} {row['unit']} | {goal} | {_reached(row)} | {peer} | {ratio} |"
        )
    loads = [row["load_average"] for row in rows]
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    return "\n".join(lines) + f"\n\nCommit {commits}; load average at the end {max(loads):.1f} at most.\n"


def _reached(row: dict[str, Any]) -> str:
    if row["goal"] is None:
        return ""
    good = row["value"] >= row["goal"] if row["better"] == "more" else row["value"] <= row["goal"]
    return "yes" if good else "**no**"


def main() -> int:
    """Write both documents; 1 if there was nothing to write."""
    written = []
    for path in sorted((ROOT / ".local" / "bench").glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        if rows:
            _write(BENCHMARKS, f"figures:{path.stem}", figure_table(rows))
            written.append(f"{len(rows)} figures of {path.stem}")
    chaos = ROOT / ".local" / "chaos" / "report.json"
    if chaos.exists():
        _write(RELIABILITY, "chaos", as_markdown(json.loads(chaos.read_text())))
        written.append("the chaos report")
    print(f"written: {', '.join(written)}" if written else "nothing measured yet: make bench, make chaos")
    return 0 if written else 1


def _write(path: Path, name: str, content: str) -> None:
    path.write_text(replace_between(path.read_text(), name, content))
