"""Ports, lock, clock, keys and certificates of one stack."""

import json
import os
import socket
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account

from gridseal.runtime.settings import CoreSettings, load_settings
from local_stack.authority import ensure_keystores
from local_stack.domain_time import FIRST_ORIGIN, DomainTime
from local_stack.environment import child_environment
from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.ports import Ports, require_free
from local_stack.stack import process_list, scale_from_environment
from local_stack.status import AlreadyRunningError, holder, the_only_one

ROOT = Path(__file__).parents[2]


def a_layout(tmp_path: Path) -> Layout:
    layout = Layout(ROOT, tmp_path / "state")
    layout.make()
    return layout


def test_a_taken_port_is_refused_with_the_name_of_its_owner() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(
            StackError, match=rf"port {port}, wanted by kafka, is taken by .*pid {os.getpid()}.*PORT_BASE"
        ):
            require_free([("kafka", port)])


@pytest.mark.parametrize("text", ["abc", "-5", "80", "65000"])
def test_an_impossible_port_base_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_PORT_BASE", text)

    with pytest.raises(StackError, match="GRIDSEAL_PORT_BASE must be a number"):
        Ports.from_environment()


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan", "100000"])
def test_an_impossible_time_scale_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_TIME_SCALE", text)

    with pytest.raises(StackError, match="GRIDSEAL_TIME_SCALE must be a number"):
        scale_from_environment()


def test_no_two_processes_share_a_port_and_every_need_exists(tmp_path: Path) -> None:
    specs = process_list(a_layout(tmp_path), Ports(20_000), servers_only=False)
    ports = [port for spec in specs for port in spec.ports]
    names = {spec.name for spec in specs}

    assert len(ports) == len(set(ports))
    assert all(set(spec.needs) <= names for spec in specs)


def test_a_second_supervisor_is_told_that_one_is_running(tmp_path: Path) -> None:
    layout = a_layout(tmp_path)

    assert holder(layout) is None
    with the_only_one(layout):
        assert holder(layout) == os.getpid()
        with pytest.raises(AlreadyRunningError, match=rf"already running \(pid {os.getpid()}\)"), the_only_one(layout):
            pass
    assert holder(layout) is None


def test_children_find_settings_that_every_service_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = a_layout(tmp_path)
    env = child_environment(layout, Ports(31_000), DomainTime.resume(tmp_path / "clock.json", 120))
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    core = load_settings(CoreSettings)

    assert core.postgres_dsn.endswith(":36432/gridseal")
    assert core.time_scale == 120
    assert core.state_dir == layout.state


def test_the_clock_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    first = DomainTime.resume(file, 3600)
    assert first.origin == FIRST_ORIGIN

    first.save(file)
    second = DomainTime.resume(file, 60)

    assert timedelta() <= second.origin - first.origin <= first.now() - first.origin


def test_after_a_crash_the_clock_skips_ahead_and_never_back(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    first = DomainTime.resume(file, 60)
    first.save(file, ahead_s=4)
    crashed_at = first.now()

    assert DomainTime.resume(file, 60).origin > crashed_at


def test_a_damaged_clock_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text("{")

    with pytest.raises(StackError, match=r"clock\.json is damaged"):
        DomainTime.resume(file, 60)


def test_keystores_open_with_their_passphrase_and_stay(tmp_path: Path) -> None:
    layout = a_layout(tmp_path)
    ensure_keystores(layout)
    store = layout.keys / "authority.json"
    before = store.read_text()
    ensure_keystores(layout)

    key = Account.decrypt(json.loads(before), (layout.keys / "authority.pass").read_text())

    assert store.read_text() == before
    assert Account.from_key(key).address[2:].lower() == json.loads(before)["address"].lower().removeprefix("0x")
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
