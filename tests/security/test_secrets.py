"""Secrets of the stack are in files that only their owner reads: not in command lines, not in the repository."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from gridseal.access.api_keys import append_to_file, new_key
from gridseal.identity.authority import SiteAuthority
from gridseal.identity.model_keys import ensure_model_key
from gridseal.identity.receipt_keys import ensure_receipt_key
from local_stack.authority import ensure_keystores
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.stack import process_list
from local_stack.transport import ensure_client, server_certificate

ROOT = Path(__file__).resolve().parents[2]
KEYS = re.compile(rb"-----BEGIN (?:EC |RSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----|gs_[a-z0-9]{12}_[A-Za-z0-9_-]{43}")
FOR_TESTS = ("/tests/", "tests/", "docs/", "gridseal/vectors/")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The state folder of a stack with every secret that it makes."""
    made = Layout(ROOT, tmp_path_factory.mktemp("state"), secure=True)
    made.make()
    ensure_keystores(made)
    SiteAuthority(made.tls).ensure(["home-01-pv"])
    ensure_client(made)
    server_certificate(made, "redis")
    ensure_receipt_key(made.keys, made.tls)
    ensure_model_key(made.keys, made.tls)
    append_to_file(made.keys / "machines.json", new_key("m", "viewer", "demo").record)
    return made


def secrets_of(layout: Layout) -> list[Path]:
    files = [path for folder in (layout.keys, layout.tls) for path in folder.rglob("*") if path.is_file()]
    return [p for p in files if p.suffix in (".pass", ".key") or b"PRIVATE KEY" in p.read_bytes()]


def test_secrets_are_read_by_their_owner_alone(layout: Layout) -> None:
    found = secrets_of(layout)
    open_to_others = [str(p) for p in found if stat.S_IMODE(p.stat().st_mode) & 0o077]

    assert len(found) >= 10
    assert open_to_others == []


def test_no_secret_stands_in_a_command_line(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_POSTGRES_DSN", "postgresql://gridseal:C4n4ry@127.0.0.1/gridseal")
    monkeypatch.setenv("GRIDSEAL_REDIS_URL", "redis://:C4n4ry@127.0.0.1/0")
    lines = [" ".join(spec.argv) for spec in process_list(layout, Ports(20_000))]
    words = [p.read_text().strip() for p in secrets_of(layout)]

    assert len(lines) > 10
    assert not [line for line in lines if "C4n4ry" in line or "PRIVATE KEY" in line]
    assert not [line for line in lines for word in words if word in line]
    assert not [line for line in lines if re.search(r"://[^/\s:]*:[^/\s@]+@|--pass|password=", line)]


def test_containers_are_given_passwords_as_files() -> None:
    """Compose's commands hold no password, and its environment names files of secrets or nothing."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    said = {name: str(service.get("command", "")) for name, service in compose["services"].items()}

    assert compose["secrets"]
    assert not {name: text for name, text in said.items() if re.search(r"PASSWORD\}|:[^/@\s]+@", text)}
    for name, service in compose["services"].items():
        told = service.get("environment") or {}
        for variable, value in told.items() if isinstance(told, dict) else ():
            secret = re.search(r"PASSWORD|SECRET|PRIVATE_KEY|TOKEN", variable) and not variable.endswith("_FILE")
            assert not (secret and value and not str(value).startswith("/run/secrets")), (name, variable)


def test_the_repository_holds_no_key() -> None:
    """What git tracks, apart from tests and vectors: no private key, no key of a machine."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    found = []
    for name in (n.decode() for n in listed if n):
        path = ROOT / name
        if any(part in f"/{name}" for part in FOR_TESTS) or not path.is_file() or path.stat().st_size > 2**20:
            continue
        if KEYS.search(path.read_bytes()):
            found.append(name)

    assert len(listed) > 500
    assert found == []
