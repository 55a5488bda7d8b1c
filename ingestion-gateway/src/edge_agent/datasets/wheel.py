"""Wheels as data files: found by name, checked by SHA-256, read with zipfile, never installed."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gridseal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned release on the Python package index."""

    name: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """The file as the index serves it."""
        return f"{self.name}-{self.version}-py3-none-any.whl"


OPENOA: Final = Wheel("openoa", "3.2", "654c1a81c3c27d8caa84e861a7659090d0135f08350e2577e96e42025899f70f")
CITYLEARN: Final = Wheel("CityLearn", "2.1.2", "95730b1deed73b1f5a4d17eb8334be3c99efa4aef8677822378d62d8359511dd")
OPENDSM: Final = Wheel("opendsm", "1.2.7", "3c4637bdefb2b40b4d1ec6ae6308c42b03e491769e93cb5ee397ef2b86856780")
PVANALYTICS: Final = Wheel("pvanalytics", "0.2.2", "4e5022f60aecb5948148d0ca72ca7bf849e5468c78da572e1af17bf944cf44f6")


class Members:
    """Files inside a checked wheel."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)

    def read(self, member: str) -> bytes:
        """Bytes of one member."""
        return self._archive.read(member)

    def inner(self, member: str) -> zipfile.ZipFile:
        """A zip file that is itself a member."""
        return zipfile.ZipFile(io.BytesIO(self.read(member)))


def open_wheel(wheel: Wheel, folder: Path) -> Members:
    """Open a wheel after checking that it is exactly the pinned one.

    Raises:
        ConfigError: The file is absent or its content differs; the text says what to run.
    """
    remedy = f"run `make setup`, or `pip download --no-deps -d {folder} {wheel.name}=={wheel.version}`"
    wanted = wheel.filename.lower()
    found = [path for path in sorted(folder.glob("*.whl")) if path.name.lower() == wanted]
    if not found:
        raise ConfigError(f"data set {wheel.filename} is not in {folder} (EDGE_AGENT_WHEEL_DIR): {remedy}")
    with found[0].open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != wheel.sha256:
        raise ConfigError(f"data set {found[0]} is not the pinned file (its SHA-256 differs): delete it and {remedy}")
    return Members(found[0])
