"""Print the figures for a person."""

from typing import Any

from rich.console import Console
from rich.table import Table

from local_stack.report.figures import Figures


def print_report(figures: Figures, console: Console, urls: dict[str, str]) -> None:
    """The closing tables: flow, forecasts and seals, accuracy, processes, addresses."""
    console.rule(f"Gridseal after {figures.elapsed_s:,.0f} s")
    console.print(_path(figures))
    if figures.accuracy:
        console.print(_accuracy(figures))
    if figures.processes:
        console.print(_processes(figures.processes))
    for name, url in urls.items():
        console.print(f"  {name:<22} {url}", highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table


def _path(figures: Figures) -> Table:
    table = _table("The path", "figure", "value")
    flow, seals = figures.flow, figures.seals
    if flow is not None:
        table.add_row("messages sent by devices", f"{flow.messages_sent:,}")
        table.add_row("messages received by the gateway", f"{flow.messages_received:,}")
        table.add_row("messages refused", f"{flow.messages_refused:,}")
        table.add_row("readings sent", f"{flow.readings_sent:,}")
        table.add_row("readings stored", f"{flow.readings_stored:,}")
        table.add_row("readings refused, kept with reason", f"{flow.readings_refused:,}")
        table.add_row("duplicates removed", f"{flow.duplicates_removed:,}")
        table.add_row(
            "readings lost", f"{flow.readings_lost:,}" if flow.queued == 0 else f"{flow.queued} messages in flight"
        )
        table.add_row("readings stored twice", f"{flow.stored_twice:,}")
        table.add_row("back-fill, whole path", _number(figures.backfill_readings_per_s, " readings/s"))
        latency = " · ".join(_number(v) for v in (flow.p50_ms, flow.p95_ms, flow.p99_ms))
        table.add_row("device → queryable p50 · p95 · p99", f"{latency} ms")
    if seals is not None:
        table.add_row("forecast runs issued", f"{seals.runs_issued:,}")
        table.add_row("runs sealed before their gate", f"{seals.runs_mined:,}")
        table.add_row("runs that missed their gate", f"{seals.runs_late:,}")
        table.add_row("seals verified (run × site)", f"{sum(seals.verified.values()):,}")
        table.add_row("seals that failed verification", f"{len(seals.failures):,}")
    if figures.rounds is not None:
        table.add_row("rounds settled on the chain", f"{figures.rounds.settled:,}")
        table.add_row("of them with less loss than the benchmark", f"{figures.rounds.ahead:,}")
    table.add_row("champion", figures.champion or "none yet: baselines serve")
    table.add_row("last training job", figures.training or "not ended yet")
    table.add_row("alerts listed", "–" if figures.alerts is None else f"{figures.alerts:,}")
    for name, seconds in figures.milestones.items():
        table.add_row(name, f"{seconds:,.0f} s after start")
    return table


def _accuracy(figures: Figures) -> Table:
    table = _table("Matured forecasts", "kind", "model", "periods", "pinball / range", "inside 90 % band")
    for row in figures.accuracy:
        coverage = "–" if row.coverage_90_ratio is None else f"{row.coverage_90_ratio:.1%}"
        table.add_row(row.kind, row.model, f"{row.forecasts:,}", f"{row.pinball_ratio:.4f}", coverage)
    return table


def _processes(processes: tuple[dict[str, Any], ...]) -> Table:
    table = _table("Processes", "process", "state", "restarts", "memory")
    total = 0.0
    for process in processes:
        memory = float(process.get("memory_mb") or 0)
        total += memory
        table.add_row(str(process["name"]), str(process["state"]), str(process.get("restarts", 0)), f"{memory:,.0f} MB")
    table.add_row("sum", "", "", f"{total:,.0f} MB", style="bold")
    return table


def _number(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:,.0f}{unit}"
