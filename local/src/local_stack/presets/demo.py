"""``python -m local_stack demo --product P``: a provider's answers through the whole path, and what came of it."""

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import httpx
from rich.console import Console
from rich.table import Table

from gridseal.errors import GridsealError
from gridseal.runtime.settings import CoreSettings, load_settings
from local_stack.control import start_detached, stop
from local_stack.demo import addresses_as_settings
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.presets.figures import PresetFigures, missing_parts
from local_stack.presets.gather import PresetGatherer
from local_stack.presets.preset import Plan
from local_stack.presets.processes import with_preset
from local_stack.spec import ProcessSpec
from local_stack.stack import Options, process_list, scale_from_environment
from local_stack.status import holder

LOOK_EVERY_S = 3.0
LINE_EVERY_S = 15.0


class _StopAskedError(Exception):
    """Ctrl-C or SIGTERM."""


def preset_options(plan: Plan) -> Options:
    """How the supervisor runs a preset."""

    def processes(layout: Layout, ports: Ports) -> list[ProcessSpec]:
        return with_preset(process_list(layout, ports), layout, ports, plan)

    return Options(processes=processes, scale=scale_from_environment(plan.preset.scale), origin=plan.origin)


def run_preset_demo(plan: Plan, *, check_within_s: float | None, keep: bool, began: float) -> int:
    """Start, watch, report; stops what it started unless ``keep``.

    Args:
        plan: What to run.
        check_within_s: End by itself when every part of the path has happened, or after so long; none goes on.
        keep: Leave the stack running.
        began: Wall time at which the user asked.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        raise _StopAskedError

    layout, ports = Layout.here(), Ports.from_environment()
    console = Console(width=max(100, Console().width))
    ours = holder(layout) is None
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    _announce(plan, console)
    try:
        if ours:
            sets = ["--sets", str(plan.sets)] if plan.sets is not None else []
            start_detached(layout, ["--product", plan.name, *sets])
        core = load_settings(CoreSettings, **addresses_as_settings(ports))
        gatherer = PresetGatherer(core, lambda model: model.startswith("gridseal-"))
        return _watch(plan, lambda: gatherer.look(time.time() - began), console, ports, check_within_s)
    except (_StopAskedError, KeyboardInterrupt):
        return 130
    except (GridsealError, httpx.HTTPError) as error:
        console.print(f"gridseal: {error}", style="red")
        return 1
    finally:
        if ours and not keep:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            console.print("Stopping …")
            stop(layout)


def _announce(plan: Plan, console: Console) -> None:
    console.print(f"{plan.name}: {plan.preset.title}", style="bold", highlight=False)
    console.print(f"  data       {plan.data.says}", highlight=False)
    console.print("             No provider is asked: a server on loopback gives these answers.", highlight=False)
    if not plan.trains:
        console.print(
            f"             Nothing can be trained on so little. With {plan.preset.long.file} it can:"
            f" make demo PRODUCT={plan.name} SETS=folder (docs/products.md)",
            highlight=False,
        )
    scale = scale_from_environment(plan.preset.scale)
    console.print(f"  time       from {plan.origin:%Y-%m-%d %H:%M}Z, {scale:g} times as fast", highlight=False)


def _watch(
    plan: Plan, look: Callable[[], PresetFigures], console: Console, ports: Ports, check_within_s: float | None
) -> int:
    deadline, next_line, reported, seen = time.time() + (check_within_s or 0), 0.0, False, set[str]()
    try:
        while True:
            figures = look()
            _milestones(figures, seen, console)
            missing = missing_parts(figures, trains=plan.trains)
            if time.time() > next_line:
                console.print(_line(figures), highlight=False, markup=False)
                next_line = time.time() + LINE_EVERY_S
            if check_within_s is not None and (not missing or time.time() > deadline):
                break
            if not missing and not reported:
                _report(plan, figures, console, ports)
                console.print("Going on until Ctrl-C.")
                reported = True
            time.sleep(LOOK_EVERY_S)
    except (_StopAskedError, KeyboardInterrupt):
        _report(plan, look(), console, ports)
        return 0
    _report(plan, figures, console, ports)
    for sentence in missing:
        console.print(f"MISSING  {sentence}", style="red", highlight=False)
    console.print(f"{plan.name}: {'every part of the path happened' if not missing else 'failed'}")
    return 1 if missing else 0


def _milestones(figures: PresetFigures, seen: set[str], console: Console) -> None:
    reached = {
        "first value stored": bool(figures.values),
        "first run issued": bool(figures.products),
        "first run sealed and verified": figures.verified > 0,
        "first forecast scored": figures.scored > 0,
        "first training ended": figures.training is not None,
        "a trained model's run issued": figures.champions > 0,
    }
    for name, happened in reached.items():
        if happened and name not in seen:
            seen.add(name)
            console.print(f"[{figures.elapsed_s:5.0f} s] {name}", style="bold", highlight=False, markup=False)


def _line(figures: PresetFigures) -> str:
    parts = [f"[{figures.elapsed_s:5.0f} s]", f"{figures.values or 0:,} values stored"]
    parts.append(f"{sum(p.runs for p in figures.products)} runs, {sum(p.sealed for p in figures.products)} sealed")
    parts.append(f"{figures.verified} verified · {figures.scored:,} scored")
    if figures.training:
        parts.append(f"training {figures.training[:80]}")
    if figures.silent:
        parts.append("waiting for " + ", ".join(text.split(":")[0] for text in figures.silent))
    return " · ".join(parts)


def _report(plan: Plan, figures: PresetFigures, console: Console, ports: Ports) -> None:
    console.rule(f"{plan.name} after {figures.elapsed_s:,.0f} s")
    table = Table(title="Runs", title_justify="left", header_style="bold")
    for name in ("product", "issued", "sealed", "late", "newest model", "rung"):
        table.add_column(name, justify="left" if name in ("product", "newest model") else "right")
    for p in figures.products:
        table.add_row(p.product_id, f"{p.runs:,}", f"{p.sealed:,}", f"{p.late:,}", p.model, str(p.rung))
    console.print(table)
    for row in figures.accuracy:
        covered = "–" if row.coverage_90_ratio is None else f"{row.coverage_90_ratio:.1%}"
        console.print(
            f"  {row.kind} · {row.model}: {row.forecasts:,} periods, pinball / range {row.pinball_ratio:.4f},"
            f" inside the 90 % band {covered}",
            highlight=False,
        )
    console.print(
        f"  {figures.values or 0:,} values, {figures.windows or 0:,} windows, {figures.verified} seals verified"
    )
    for name, url in {
        "dashboard": f"http://127.0.0.1:{ports.dashboard}",
        "forecasts (REST)": f"http://127.0.0.1:{ports.at(8000)}/docs",
        "feeds (REST)": f"http://127.0.0.1:{ports.at(8031)}/api/v1/feeds",
    }.items():
        console.print(f"  {name:<18} {url}", highlight=False)
    sys.stdout.flush()
