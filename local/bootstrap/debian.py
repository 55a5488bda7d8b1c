"""Debian packages, installed without starting, enabling or configuring any service of the machine."""

import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

from context import Context
from failures import SetupError

POLICY = Path("/usr/sbin/policy-rc.d")
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.d/gridseal-set-up.conf")
POSTGRES = Path("/usr/lib/postgresql/15/bin/postgres")
OLDEST_JAVA = 17
UNITS = {
    "postgresql-15": "postgresql",
    "redis-server": "redis-server",
    "mosquitto": "mosquitto",
    "prometheus": "prometheus",
}
PYTHON_PACKAGES = ("python3-venv",)
"""On its own, so that the long Python downloads begin at once."""
RUN_PACKAGES = ("postgresql-15", "redis-server", "mosquitto", "openjdk-17-jre-headless", "maven")
TEST_PACKAGES = ("chromium", "fonts-dejavu-core", "prometheus")


def java_version(java: str | None) -> int:
    """Major version of a Java, 0 when it does not run."""
    if java is None:
        return 0
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0


def _has_venv() -> bool:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def is_there(package: str) -> bool:
    """Whether what the package is needed for works, wherever it came from."""
    match package:
        case "postgresql-15":
            return POSTGRES.exists()
        case "mosquitto":
            return Path("/usr/sbin/mosquitto").exists()
        case "openjdk-17-jre-headless":
            return java_version(shutil.which("java")) >= OLDEST_JAVA
        case "maven":
            return shutil.which("mvn") is not None
        case "python3-venv":
            return _has_venv()
        case "fonts-dejavu-core":
            return Path("/usr/share/fonts/truetype/dejavu").exists()
        case _:
            return shutil.which(package) is not None


def missing(packages: tuple[str, ...]) -> list[str]:
    """Packages whose purpose is not served yet."""
    return [package for package in packages if not is_there(package)]


def install(context: Context, step: str, packages: tuple[str, ...]) -> None:
    """Install what is missing.

    Raises:
        SetupError: There is no way to install, or apt-get fails.
    """
    wanted = missing(packages)
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(f"missing here: {', '.join(wanted)}; there is no apt-get, so install them by hand")
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and (shutil.which("sudo") is None or subprocess.run(["sudo", "-v"], check=False).returncode):
        raise SetupError(f"installing needs root: run 'apt-get install {' '.join(wanted)}' as root, then try again")
    print(f"         installing with apt-get: {' '.join(wanted)}", flush=True)
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    with ExitStack() as undo:
        _keep_services_off(as_root, wanted, undo)
        source = "the Debian mirror"
        stale = None
        try:
            context.call(step, [*apt, "-o", "APT::Update::Error-Mode=any", "update"], source=source)
        except SetupError as error:  # a broken list of somebody else's need not matter
            stale = error
        try:
            context.call(step, [*apt, "install", "-y", "--no-install-recommends", *wanted], source=source)
        except SetupError as error:
            raise stale or error from error
    if still := missing(packages):
        raise SetupError(f"after apt-get install, {still[0]} still does not work: see {context.log_of(step)}")


def _keep_services_off(as_root: list[str], wanted: list[str], undo: ExitStack) -> None:
    """Until ``undo``: nothing is started, no database cluster is made; afterwards nothing starts at boot."""
    if not POLICY.exists():
        _write(as_root, POLICY, "#!/bin/sh\nexit 101\n", "0755")
        undo.callback(_remove, as_root, POLICY)
    if "postgresql-15" in wanted:
        _write(as_root, CREATE_CLUSTER, "create_main_cluster = false\n", "0644")
        undo.callback(_remove, as_root, CREATE_CLUSTER)
    for unit in (unit for package, unit in UNITS.items() if package in wanted):
        undo.callback(subprocess.run, [*as_root, "update-rc.d", unit, "disable"], capture_output=True, check=False)


def _write(as_root: list[str], path: Path, text: str, mode: str) -> None:
    subprocess.run([*as_root, "mkdir", "-p", str(path.parent)], check=True)
    subprocess.run([*as_root, "tee", str(path)], input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    subprocess.run([*as_root, "chmod", mode, str(path)], check=True)


def _remove(as_root: list[str], path: Path) -> None:
    subprocess.run([*as_root, "rm", "-f", str(path)], check=False)
