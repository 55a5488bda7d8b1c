"""Set-up: order, stamps, and one clear sentence for each way it can fail."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).parents[1] / "bootstrap"
sys.path.insert(0, str(BOOTSTRAP))

import context as setup_context  # noqa: E402
import debian  # noqa: E402
from failures import SetupError, excerpt, explain  # noqa: E402
from runner import Progress, Step, is_done, run_steps  # noqa: E402

APT_UNKNOWN = "Reading package lists...\nE: Unable to locate package postgresql-15\n"
APT_OFFLINE = "E: Failed to fetch http://mirror/dists/InRelease  Temporary failure resolving 'mirror'\n"
UV_OFFLINE = "error: Failed to fetch: `index/simple/torch/`\n  Caused by: dns error: failed to lookup address\n"
NPM_OFFLINE = "npm error code EAI_AGAIN\nnpm error request failed, reason: getaddrinfo EAI_AGAIN registry\n"
MAVEN_OFFLINE = "[ERROR] Could not transfer artifact org.apache:apache:pom:33 from/to central: central: Unknown host\n"
DISK_FULL = "error: failed to write to file: No space left on device (os error 28)\n"


@pytest.fixture
def context(tmp_path: Path) -> setup_context.Context:
    return setup_context.Context(tmp_path)


def a_step(name: str, run: Callable[[setup_context.Context], None], **more: object) -> Step:
    defaults: dict[str, object] = {"inputs": lambda c: "same", "there": lambda c: True}
    return Step(name, name, run=run, **(defaults | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "log", "sentence"),
    [
        ("the Debian mirror", APT_UNKNOWN, "Debian's package lists here have no postgresql-15"),
        ("the Debian mirror", APT_OFFLINE, "no network to the Debian mirror"),
        ("the Python package index", UV_OFFLINE, "no network to the Python package index"),
        ("the npm registry", NPM_OFFLINE, "no network to the npm registry"),
        ("Maven Central", MAVEN_OFFLINE, "no network to Maven Central"),
        ("the Python package index", DISK_FULL, "the disk is full: python needs more room"),
        ("", "something else", "python failed with exit code 7"),
    ],
)
def test_each_failure_becomes_one_sentence(source: str, log: str, sentence: str) -> None:
    assert explain("python", source, 7, log).startswith(sentence)


def test_an_excerpt_keeps_the_first_complaint_of_a_long_log() -> None:
    log = "start\nerror: the reason\n" + "\n".join(f"help {i}" for i in range(50))

    assert excerpt(log)[0] == "error: the reason"
    assert excerpt(log)[-1] == "help 49"


def test_steps_run_after_what_they_need_and_only_once(context: setup_context.Context) -> None:
    done: list[str] = []
    steps = [a_step("second", lambda c: done.append("second"), needs=("first",))]
    steps.append(a_step("first", lambda c: done.append("first")))

    assert run_steps(context, steps, Progress()) == 0
    assert run_steps(context, steps, Progress()) == 0
    assert done == ["first", "second"]


def test_a_step_is_done_again_when_its_inputs_or_result_change(context: setup_context.Context) -> None:
    step = a_step("jars", lambda c: None)
    run_steps(context, [step], Progress())

    assert is_done(context, step)
    assert not is_done(context, a_step("jars", lambda c: None, inputs=lambda c: "other"))
    assert not is_done(context, a_step("jars", lambda c: None, there=lambda c: False))


def test_a_failed_step_is_told_and_stops_the_others(
    context: setup_context.Context, capsys: pytest.CaptureFixture[str]
) -> None:
    never: list[str] = []
    steps = [
        a_step(
            "wheels", lambda c: c.call("wheels", ["sh", "-c", "echo 'no space left on device'; exit 4"], source="x")
        ),
        a_step("slow", lambda c: c.call("slow", ["sleep", "600"])),
        a_step("after", lambda c: never.append("ran"), needs=("wheels",)),
    ]

    assert run_steps(context, steps, Progress()) == 1
    assert "gridseal: the disk is full: wheels needs more room" in capsys.readouterr().err
    assert not never
    assert not context.stamp_of("wheels").exists()


def test_nothing_is_started_once_another_step_has_failed(context: setup_context.Context) -> None:
    context.log_of("late").parent.mkdir(parents=True)
    context.cancel()

    with pytest.raises(SetupError, match="sleep was not started any more"):
        context.call("late", ["sleep", "600"])


def test_a_missing_command_is_named(context: setup_context.Context) -> None:
    context.log_of("jars").parent.mkdir(parents=True)

    with pytest.raises(SetupError, match="jars needs the command no-such-mvn, which is not installed"):
        context.call("jars", ["no-such-mvn"])


def test_too_little_disk_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"GiB are free on the disk of .*the first set-up needs 1e\+09 GiB"):
        setup_context.require_disk(tmp_path, 1e9, "the first set-up")


def test_without_java_the_package_counts_as_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "openjdk-17-jre-headless" in debian.missing(debian.RUN_PACKAGES)

    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    assert "openjdk-17-jre-headless" in debian.missing(debian.RUN_PACKAGES)

    old.write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\" 2023-10-17' >&2\n")
    assert "openjdk-17-jre-headless" not in debian.missing(debian.RUN_PACKAGES)


def test_without_apt_the_missing_packages_are_listed(
    context: setup_context.Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SetupError, match=r"missing here: .*redis-server.*; there is no apt-get"):
        debian.install(context, "debian", debian.RUN_PACKAGES)


def test_the_set_up_of_this_checkout_can_be_asked_what_is_missing() -> None:
    asked = subprocess.run(
        [BOOTSTRAP / "run.sh", "--missing"], capture_output=True, text=True, env=dict(os.environ), check=False
    )

    assert asked.returncode == 0, asked.stderr
