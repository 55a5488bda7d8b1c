"""Every port of the stack, all moved together by ``GRIDSEAL_PORT_BASE``, and who sits on one that is taken."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from local_stack.errors import StackError

DEFAULT_BASE = 20_000
HIGHEST_OFFSET = 9_093
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of one stack. MongoDB's own 27017 would leave the range, so it takes 8017."""

    base: int

    @classmethod
    def from_environment(cls) -> "Ports":
        """The base that the environment asks for.

        Raises:
            StackError: It is not a number, or leaves the range of ports.
        """
        asked = os.environ.get("GRIDSEAL_PORT_BASE", str(DEFAULT_BASE))
        if not asked.isdigit() or not 1024 <= int(asked) <= 65_535 - HIGHEST_OFFSET:
            raise StackError(
                f"GRIDSEAL_PORT_BASE must be a number from 1024 to {65_535 - HIGHEST_OFFSET}, not {asked!r}"
            )
        return cls(int(asked))

    def at(self, standard: int) -> int:
        """Where the thing with this standard port listens."""
        return self.base + standard

    @property
    def dashboard(self) -> int:
        """Next.js."""
        return self.at(3000)

    @property
    def mlflow(self) -> int:
        """MLflow server."""
        return self.at(5000)

    @property
    def postgres(self) -> int:
        """PostgreSQL."""
        return self.at(5432)

    @property
    def redis(self) -> int:
        """Redis."""
        return self.at(6379)

    @property
    def mongo(self) -> int:
        """MongoDB protocol."""
        return self.at(8017)

    @property
    def chain(self) -> int:
        """Ethereum JSON-RPC."""
        return self.at(8545)

    @property
    def mqtt(self) -> int:
        """MQTT over TLS."""
        return self.at(8883)

    @property
    def kafka(self) -> int:
        """Kafka clients."""
        return self.at(9092)

    @property
    def kafka_controller(self) -> int:
        """Kafka's own controller."""
        return self.at(9093)


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def owner_of(port: int) -> str:
    """Name and pid of the process that listens on ``port``, as far as we may see it."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "a process of another user"


def require_free(wanted: Iterable[tuple[str, int]]) -> None:
    """Refuse to start beside something that sits on one of our ports.

    Raises:
        StackError: Naming the first taken port and who has it.
    """
    for name, port in wanted:
        if not is_free(port):
            raise StackError(
                f"port {port}, wanted by {name}, is taken by {owner_of(port)}: "
                "stop that process, or choose other ports with GRIDSEAL_PORT_BASE"
            )
