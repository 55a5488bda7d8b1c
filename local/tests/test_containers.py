"""What the stack of containers needs before it starts: made once, kept, never secret in the wrong place."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from local_stack.containers import RUNNING_S, clock_settings, read_clock, secret, set_up, stores
from local_stack.domain_time import FIRST_ORIGIN, DomainTime
from local_stack.errors import StackError
from local_stack.layout import Layout

WORD = "p@ss/w:o?r#d %"


def secrets_in(folder: Path) -> Path:
    folder.mkdir()
    for name in ("postgres", "redis", "mongo"):
        (folder / f"{name}_password").write_text(f"{WORD}{name}\n")
    return folder


def test_any_password_survives_the_way_into_an_address(tmp_path: Path) -> None:
    found = stores(secrets_in(tmp_path / "secrets"))

    assert unquote(urlsplit(found["GRIDSEAL_POSTGRES_DSN"]).password or "") == f"{WORD}postgres"
    assert unquote(urlsplit(found["GRIDSEAL_REDIS_URL"]).password or "") == f"{WORD}redis"
    assert unquote(urlsplit(found["GRIDSEAL_MONGO_URL"]).password or "") == f"{WORD}mongo"


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_missing_password_says_what_makes_it(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "redis_password").write_text(content)

    with pytest.raises(StackError, match="containers/make-secrets"):
        secret(tmp_path, "redis_password")


def test_the_clock_goes_on_where_the_last_start_ended_and_stays_while_the_stack_runs(tmp_path: Path) -> None:
    first = clock_settings(tmp_path, tmp_path, 60.0, time.time())
    assert first["GRIDSEAL_TIME_ORIGIN"] == FIRST_ORIGIN.isoformat()
    for name, value in first.items():
        (tmp_path / name).write_text(value)
    domain = read_clock(tmp_path)
    domain.save(tmp_path / "clock.json", ahead_s=3_600)

    assert clock_settings(tmp_path, tmp_path, 60.0, time.time()) == {}

    again = clock_settings(tmp_path, tmp_path, 60.0, time.time() + RUNNING_S + 1)
    assert DomainTime.resume(tmp_path / "clock.json", 60.0).origin.isoformat() == again["GRIDSEAL_TIME_ORIGIN"]
    assert again["GRIDSEAL_TIME_ORIGIN"] > first["GRIDSEAL_TIME_ORIGIN"]


def test_everything_is_made_once_and_kept(tmp_path: Path) -> None:
    state, settings = tmp_path / "state", tmp_path / "settings"
    layout, secrets = Layout(state, state), secrets_in(tmp_path / "secrets")

    set_up(layout, settings, secrets)
    kept = {
        f.relative_to(tmp_path): f.read_bytes() for f in tmp_path.rglob("*") if f.suffix in {".key", ".crt", ".pass"}
    }
    set_up(layout, settings, secrets)

    assert {f: (tmp_path / f).read_bytes() for f in kept} == kept
    assert {"ca.crt", "gateway.key", "server.crt", "authority.pass", "gateway-receipt.key"} <= {f.name for f in kept}
    private = [*settings.iterdir(), *layout.keys.glob("*.key"), layout.config / "redis.conf"]
    assert not [f for f in private if stat.S_IMODE(f.stat().st_mode) & 0o077]
    broker = (layout.config / "mosquitto.conf").read_text()
    assert "listener 8883 127.0.0.1" in broker
    assert "plugin /usr/lib/mosquitto_dynamic_security.so" in broker
    assert "user gateway" in (layout.config / "mosquitto.acl").read_text()


def test_without_secrets_it_ends_with_one_sentence(tmp_path: Path) -> None:
    env = {**os.environ, "GRIDSEAL_STATE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "local_stack.containers", "setup"], env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("gridseal: secret postgres_password cannot be read")
    assert done.stderr.count("\n") == 1
