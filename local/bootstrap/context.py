"""What every step of the set-up works with: the checkout, the environment, a log, running commands."""

import hashlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from failures import SetupError, excerpt, explain


@dataclass
class Context:
    """Shared by all steps."""

    root: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)
    cancelled: bool = False

    @property
    def local(self) -> Path:
        """Tools and state."""
        return self.root / ".local"

    @property
    def venv(self) -> Path:
        """The Python environment of all packages."""
        return self.root / ".venv"

    @property
    def uv(self) -> Path:
        """The installer of Python packages."""
        return self.local / "uv" / "bin" / "uv"

    def log_of(self, step: str) -> Path:
        """Where a step's commands write."""
        return self.local / "log" / f"setup-{step}.log"

    def stamp_of(self, step: str) -> Path:
        """Says from which inputs a step was done last."""
        return self.local / "stamps" / step

    def environment(self) -> dict[str, str]:
        """Ours: Node and the Python tools first, uv told what pip was told, the machine's certificates trusted."""
        env = dict(os.environ)
        env["PATH"] = os.pathsep.join([str(self.venv / "bin"), env.get("PATH", os.defpath)])
        env["NEXT_TELEMETRY_DISABLED"] = "1"
        env["HARDHAT_DISABLE_TELEMETRY_PROMPT"] = "true"
        env.setdefault("UV_HTTP_TIMEOUT", "180")
        env.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        env.setdefault("UV_SYSTEM_CERTS", "true")
        env.setdefault("NODE_USE_SYSTEM_CA", "1")
        if "PIP_INDEX_URL" in env:
            env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
        if "PIP_CERT" in env:
            env.setdefault("SSL_CERT_FILE", env["PIP_CERT"])
        env.pop("VIRTUAL_ENV", None)
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        return env

    def call(
        self,
        step: str,
        argv: Sequence[str | Path],
        *,
        source: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command into the step's log.

        Raises:
            SetupError: It cannot be started or fails; the sentence says why, as far as the log tells.
        """
        log = self.log_of(step)
        with log.open("ab") as out:
            out.write(f"$ {' '.join(map(str, argv))}\n".encode())
            out.flush()
            begin = out.tell()
            try:
                process = self._start(argv, out.fileno(), cwd or self.root, {**self.environment(), **(env or {})})
            except FileNotFoundError as error:
                raise SetupError(f"{step} needs the command {argv[0]}, which is not installed") from error
            code = process.wait()
        with self.guard:
            self.running.remove(process)
        if code and not self.cancelled:
            text = log.read_bytes()[begin:].decode(errors="replace")
            raise SetupError(explain(step, source, code, text), [*excerpt(text), f"(all of it: {log})"])
        if code:
            raise SetupError(f"{step} was cancelled")

    def _start(
        self, argv: Sequence[str | Path], out: int, cwd: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        with self.guard:
            if self.cancelled:
                raise SetupError(f"{argv[0]} was not started any more: another step had failed")
            process = subprocess.Popen(
                [str(a) for a in argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )
            self.running.append(process)
            return process

    def cancel(self) -> None:
        """End every command that still runs."""
        with self.guard:
            self.cancelled = True
            for process in self.running:
                try:
                    os.killpg(process.pid, signal.SIGTERM)
                except ProcessLookupError:
                    continue


def digest(root: Path, paths: Iterable[Path], *words: str) -> str:
    """One hash over the content of files and folders, their names, and some words."""
    total = hashlib.sha256()
    for path in sorted(_files(paths)):
        total.update(str(path.relative_to(root)).encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    for word in words:
        total.update(word.encode() + b"\0")
    return total.hexdigest()


SKIPPED = {"node_modules", ".next", "artifacts", "cache", "test-results", "__pycache__", "coverage"}


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            for folder, names, files in os.walk(path):
                names[:] = [n for n in names if n not in SKIPPED]
                yield from (Path(folder) / f for f in files if not f.endswith(".tsbuildinfo"))


def require_disk(root: Path, gib: float, why: str) -> None:
    """Refuse to begin what will not fit.

    Raises:
        SetupError: Less than ``gib`` GiB are free.
    """
    free = shutil.disk_usage(root).free / 2**30
    if free < gib:
        raise SetupError(
            f"only {free:.1f} GiB are free on the disk of {root}, {why} needs {gib:g} GiB: "
            "free some space and run the same command again"
        )
