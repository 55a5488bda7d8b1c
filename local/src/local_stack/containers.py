"""What ``docker-compose.yml`` needs before anything else runs: keys, certificates, configuration, one clock for all.

    python -m local_stack.containers setup     # once per `docker compose up`; what exists is kept
    python -m local_stack.containers clock     # beside the stack: keeps the domain time for the next start

Settings that are secret, or known only now, become files of one folder, named like the variable; the images'
entrypoint reads them. Passwords come from compose's secrets and are in no image, command line or description.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gridseal.errors import ConfigError
from gridseal.identity.authority import SiteAuthority
from gridseal.identity.model_keys import ensure_model_key
from gridseal.identity.private_file import write_private
from gridseal.identity.receipt_keys import ensure_receipt_key
from local_stack.authority import ensure_keystores
from local_stack.domain_time import SAVE_EVERY_S, DomainTime
from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.servers.mosquitto import BrokerFiles, fleet, write_broker_files
from local_stack.stack import scale_from_environment

SETTINGS: Final = Path("/run/gridseal/settings")
SECRETS: Final = Path("/run/secrets")
BROKER_PLUGIN: Final = Path("/usr/lib/mosquitto_dynamic_security.so")
"""Where the official image of Mosquitto has it."""
RUNNING_S: Final = 10.0
"""The clock of a running stack was saved less long ago."""


def secret(folder: Path, name: str) -> str:
    """A password of compose's secrets.

    Raises:
        StackError: It is missing or empty.
    """
    try:
        word = (folder / name).read_text().strip()
    except OSError as error:
        raise StackError(
            f"secret {name} cannot be read ({error.strerror}): containers/make-secrets makes it"
        ) from error
    if not word:
        raise StackError(f"secret {name} is empty: containers/make-secrets makes a random one")
    return word


def stores(secrets: Path) -> dict[str, str]:
    """Addresses that hold a password, under the names of the settings that take them."""
    postgres, redis, mongo = (quote(secret(secrets, f"{n}_password"), safe="") for n in ("postgres", "redis", "mongo"))
    return {
        "GRIDSEAL_POSTGRES_DSN": f"postgresql://gridseal:{postgres}@postgres:5432/gridseal",
        "GRIDSEAL_REDIS_URL": f"redis://:{redis}@redis:6379/0",
        "GRIDSEAL_MONGO_URL": f"mongodb://gridseal:{mongo}@mongo:27017/?authSource=admin",
        "MLFLOW_BACKEND_STORE_URI": f"postgresql+psycopg://gridseal:{postgres}@postgres:5432/mlflow",
    }


def clock_settings(state: Path, settings: Path, scale: float, now: float) -> dict[str, str]:
    """The clock of this start: goes on where the last one ended; unchanged while the stack runs."""
    saved = state / "clock.json"
    there = settings / "GRIDSEAL_TIME_ANCHOR"
    if there.exists() and saved.exists() and now - saved.stat().st_mtime < RUNNING_S:
        return {}
    return DomainTime.resume(saved, scale).environment()


def set_up(layout: Layout, settings: Path, secrets: Path) -> None:
    """Everything; safe to repeat.

    Raises:
        StackError: A secret is missing, or what is there cannot be used.
    """
    layout.make()
    wanted = stores(secrets)
    devices = fleet(Path(sys.executable), layout.state)
    try:
        authority = SiteAuthority(layout.tls)
        authority.ensure(device.device_id for device in devices)
        ensure_receipt_key(layout.keys, layout.tls)
        ensure_model_key(layout.keys, layout.tls)
    except ConfigError as error:
        raise StackError(str(error)) from error
    ensure_keystores(layout)
    write_broker_files(layout, authority, devices, BrokerFiles(port=8883, plugin=BROKER_PLUGIN, bound_client_ids=True))
    write_private(layout.config / "redis.conf", _redis_configuration(secret(secrets, "redis_password")).encode())
    wanted |= clock_settings(layout.run, settings, scale_from_environment(), time.time())
    settings.mkdir(parents=True, exist_ok=True)
    for name, value in wanted.items():
        write_private(settings / name, value.encode())


def keep_clock(layout: Layout, settings: Path) -> None:
    """Save the domain time now and then, until the process is ended."""
    domain = read_clock(settings)
    file = layout.run / "clock.json"
    while True:
        domain.save(file, ahead_s=SAVE_EVERY_S * 2)
        time.sleep(SAVE_EVERY_S)


def read_clock(settings: Path) -> DomainTime:
    """The clock that the processes were given.

    Raises:
        StackError: There is none yet.
    """
    try:
        scale, origin, anchor = ((settings / f"GRIDSEAL_TIME_{n}").read_text() for n in ("SCALE", "ORIGIN", "ANCHOR"))
        return DomainTime(_moment(origin), _moment(anchor), float(scale))
    except (OSError, ValueError) as error:
        raise StackError(f"{settings} has no clock ({error}): the setup service writes it") from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _redis_configuration(password: str) -> str:
    lines = (
        "bind 0.0.0.0",
        "port 6379",
        "dir /data",
        'save ""',
        "appendonly yes",
        f"requirepass {json.dumps(password)}",
    )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run one command; a failure is one sentence and a non-zero exit."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.containers", description=__doc__)
    parser.add_argument("command", choices=("setup", "clock"))
    command = parser.parse_args().command
    state = Path(os.environ.get("GRIDSEAL_STATE_DIR", "/var/lib/gridseal"))
    layout = Layout(state, state)
    try:
        if command == "setup":
            set_up(layout, SETTINGS, SECRETS)
            print("keys, certificates, configuration and clock are in place")
        else:
            keep_clock(layout, SETTINGS)
    except (StackError, OSError) as error:
        print(f"gridseal: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
