"""``python -m local_stack demo``: start the stack, say what happens, report; ``--check`` ends with a verdict."""

import os
import signal
import time
from dataclasses import dataclass, field, replace
from types import FrameType

import httpx
from rich.console import Console

from gridseal.errors import GridsealError
from gridseal.runtime.settings import CoreSettings, load_settings
from local_stack.control import start_detached, stop
from local_stack.environment import addresses
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.report.figures import Figures
from local_stack.report.gather import Gatherer, accuracy_of
from local_stack.report.progress import Progress
from local_stack.report.seals import SealVerifier, primary_series
from local_stack.report.table import print_report
from local_stack.report.verdict import missing_parts
from local_stack.status import StackStatus, holder, read_status
from local_stack.table import memory_of

LOOK_EVERY_S = 3.0
REPORT_EVERY_S = 600.0
CHECK_WITHIN_S = 2_400.0
RUNS_TO_CHECK = 20


class _StopAskedError(Exception):
    """Ctrl-C or SIGTERM."""


@dataclass
class Demo:
    """One demo from start to report."""

    layout: Layout
    ports: Ports
    console: Console
    began: float
    """Wall time at which the user asked for the demo, set-up included."""
    runs_per_site: int = 1
    _core: CoreSettings = field(init=False)
    _gatherer: Gatherer = field(init=False)
    _progress: Progress = field(init=False)
    _verifier: SealVerifier | None = None

    def __post_init__(self) -> None:
        at = self.ports.at
        self._core = load_settings(CoreSettings, **addresses_as_settings(self.ports))
        self._gatherer = Gatherer(self._core, f"http://127.0.0.1:{at(8004)}", f"http://127.0.0.1:{at(8003)}")
        self._progress = Progress(self.console, self.began)

    def start(self) -> None:
        """Start the stack unless it runs."""
        if holder(self.layout) is None:
            start_detached(self.layout, [])
        self._progress.milestone("whole stack answers")

    def look(self, *, audit: bool = False) -> Figures:
        """Read the running system once, verify what was sealed meanwhile, print what is new.

        Args:
            audit: For a report: count rows and measure memory too, which takes seconds of a core.
        """
        gatherer = self._gatherer
        gatherer.silent.clear()
        flow, summary = gatherer.flow(audit=audit), gatherer.summary()
        if self._verifier is None:
            primary = gatherer.ask("asset-service", lambda: primary_series(self._core))
            self._verifier = SealVerifier(self._core, primary) if primary else None
        verifier = self._verifier
        seals = gatherer.ask("settlement-service", lambda: verifier.advance(at_most=60)) if verifier else None
        figures = Figures(
            elapsed_s=time.time() - self.began,
            flow=flow,
            seals=seals,
            rounds=gatherer.rounds(),
            champion=summary["champion"] if summary else None,
            training=gatherer.training(),
            accuracy=accuracy_of(summary),
            sites=gatherer.sites(),
            alerts=gatherer.alerts(),
            processes=_processes(read_status(self.layout)) if audit else (),
            milestones=self._progress.milestones,
            silent=tuple(gatherer.silent),
        )
        self._progress.show(figures)
        return replace(figures, backfill_readings_per_s=self._progress.backfill_readings_per_s)

    def run_until_stopped(self) -> int:
        """Go on until Ctrl-C; print the report when everything has happened once, then now and then."""
        next_report = 0.0
        try:
            while True:
                figures = self.look()
                if not missing_parts(figures, self.runs_per_site) and time.time() > next_report:
                    self._report(self.look(audit=True))
                    self.console.print("Going on until Ctrl-C.")
                    next_report = time.time() + REPORT_EVERY_S
                time.sleep(LOOK_EVERY_S)
        except (_StopAskedError, KeyboardInterrupt):
            self._report(self.look(audit=True))
            return 0

    def run_check(self) -> int:
        """End when every site has enough sealed and verified runs; 1 and the reasons if that does not happen."""
        deadline = time.time() + CHECK_WITHIN_S
        while True:
            figures = self.look()
            missing = missing_parts(figures, self.runs_per_site)
            if not missing or time.time() > deadline:
                figures = self.look(audit=True)
                missing = missing_parts(figures, self.runs_per_site)
                break
            time.sleep(LOOK_EVERY_S)
        self._report(figures)
        for sentence in missing:
            self.console.print(f"MISSING  {sentence}", style="red", highlight=False)
        self.console.print("demo-check: every part of the path happened" if not missing else "demo-check: failed")
        return 1 if missing else 0

    def _report(self, figures: Figures) -> None:
        at = self.ports.at
        urls = {
            "dashboard": f"http://127.0.0.1:{self.ports.dashboard}",
            "forecasts (REST)": f"http://127.0.0.1:{at(8000)}/docs",
            "assets (REST)": f"http://127.0.0.1:{at(8010)}/docs",
            "settlement (REST)": f"http://127.0.0.1:{at(8020)}/docs",
            "MLflow": f"http://127.0.0.1:{self.ports.mlflow}",
            "Ethereum JSON-RPC": f"http://127.0.0.1:{self.ports.chain}",
        }
        load = " ".join(f"{x:.1f}" for x in os.getloadavg())
        print_report(figures, self.console, urls)
        self.console.print(f"  load average {load} on {os.cpu_count()} cores", highlight=False)


def addresses_as_settings(ports: Ports) -> dict[str, str]:
    """The addresses of this stack as arguments of ``CoreSettings``."""
    return {name.removeprefix("GRIDSEAL_").lower(): value for name, value in addresses(ports).items()}


def run_demo(*, check: bool, keep: bool, runs_per_site: int, began: float) -> int:
    """Start, watch and report; stops what it started unless ``keep``."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        raise _StopAskedError

    layout, ports = Layout.here(), Ports.from_environment()
    console = Console(width=max(100, Console().width))
    ours = holder(layout) is None
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        demo = Demo(layout, ports, console, began, runs_per_site)
        demo.start()
        return demo.run_check() if check else demo.run_until_stopped()
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


def _processes(status: StackStatus | None) -> tuple[dict[str, object], ...]:
    if status is None:
        return ()
    return tuple(
        {"name": p.name, "state": p.state, "restarts": p.restarts, "memory_mb": memory_of(p.pid).pss_mib}
        for p in status.processes
    )
