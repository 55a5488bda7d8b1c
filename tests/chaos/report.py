"""What a run came to: ``report.json``, and the same as a table for people."""

import json
import math
import os
import platform
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos.journal import read_journal
from tests.chaos.run_files import RunFiles

ROOT = Path(__file__).resolve().parents[2]
CONFIDENCE = 0.95


def upper_bound(trials: int) -> float:
    """The probability of an event that was not seen in ``trials``, at most, with 95 % confidence ("rule of three")."""
    return 1.0 if trials == 0 else 1.0 - (1.0 - CONFIDENCE) ** (1.0 / trials)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def build_report(files: RunFiles, *, command: str, stuck: str, kills: int) -> dict[str, Any]:
    """Everything of one run."""
    lines = list(read_journal(files.faults))
    findings = json.loads(files.findings.read_text()) if files.findings.exists() else None
    plan = next(line for line in lines if line["kind"] == "plan")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    sent = findings["counts"]["sent"] if findings else 0
    return {
        "tier": plan["tier"],
        "seed": plan["seed"],
        "command": command,
        "commit": commit.stdout.strip(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "load_average": round(os.getloadavg()[0], 1),
        "kills": kills,
        "freezes": sum(line["kind"] == "fault" and line["action"] == "freeze" for line in lines),
        "failpoints_reached": _failpoints(lines),
        "failpoints_not_reached": sum(line["kind"] == "not-reached" for line in lines),
        "stuck": stuck,
        "findings": findings,
        "recovery": recoveries(lines),
        "loss_per_kill_below": upper_bound(kills),
        "loss_per_message_below": upper_bound(sent),
        "passed": bool(findings and findings["clean"] and not stuck),
    }


def _failpoints(lines: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        if line["kind"] == "fault" and line["action"] == "failpoint":
            counts[line["point"]] += 1
    return dict(sorted(counts.items()))


def recoveries(lines: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Per process (or group of processes), and over all kills."""
    first: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        if line["kind"] != "recovery" or line["first_s"] is None:
            continue
        frozen = "freeze" in line["actions"]
        name = " + ".join(line["targets"]) + (" (frozen, after it may go on)" if frozen else "")
        first[name].append(line["first_s"])
        if not frozen:
            first["all kills"].append(line["first_s"])
    return {
        name: {
            "n": len(values),
            "p50_s": round(quantile(values, 0.5), 2),
            "p95_s": round(quantile(values, 0.95), 2),
            "p99_s": round(quantile(values, 0.99), 2),
            "max_s": round(max(values), 2),
        }
        for name, values in sorted(first.items())
    }


def as_markdown(report: dict[str, Any]) -> str:
    """The report for ``docs/reliability.md``."""
    findings = report["findings"] or {"counts": {}, "wrong": {}}
    counts, wrong = findings["counts"], findings["wrong"]
    lost = wrong.get("receipted and nowhere", 0) + wrong.get("sent and nowhere", 0)
    verdict = [f"| **lost** | **{lost:,}** |", f"| **duplicated** | **{wrong.get('stored twice', 0):,}** |"]
    lines = [
        f"Tier `{report['tier']}`, seed {report['seed']}, commit `{report['commit']}`, {report['machine']},"
        f" load average {report['load_average']}. Again: `{report['command']}`",
        "",
        "| what | number |",
        "|---|---|",
        f"| kills, failpoints among them | {report['kills']}, {sum(report['failpoints_reached'].values())} |",
        f"| freezes (SIGSTOP, then SIGCONT) | {report['freezes']} |",
        *(f"| messages {name} | {number:,} |" for name, number in counts.items() if name in MESSAGE_COUNTS),
        *(f"| {name} | {number:,} |" for name, number in counts.items() if name not in MESSAGE_COUNTS),
        *(verdict if report["findings"] else ["| **no verdict** | the checker did not finish |"]),
        *(f"| {name} | {number:,} |" for name, number in wrong.items() if name not in LOSS_KINDS),
        f"| loss per kill, 95 % upper bound | {report['loss_per_kill_below']:.2%} |",
        f"| loss per message, 95 % upper bound | {report['loss_per_message_below']:.2e} |",
        "",
        "| killed | times | recovery p50 | p95 | p99 | longest |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {r['n']} | {r['p50_s']:.2f} s | {r['p95_s']:.2f} s | {r['p99_s']:.2f} s | {r['max_s']:.2f} s |"
            for name, r in report["recovery"].items()
        ),
    ]
    if report["failpoints_reached"]:
        lines += ["", "| failpoint | reached and died |", "|---|---|"]
        lines += [f"| `{name}` | {number} |" for name, number in report["failpoints_reached"].items()]
    return "\n".join(lines) + "\n"


MESSAGE_COUNTS = ("sent", "receipted", "stored", "dead-letter or refused", "quarantined")
LOSS_KINDS = ("receipted and nowhere", "sent and nowhere", "stored twice")
