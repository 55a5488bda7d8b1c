"""Each of the nine images builds from its Dockerfile as it is, and is what the compose file and a cluster need.

By Podman, on stand-ins made of Debian's packages and the Node of our Python environment (``podman.py``). Proven here:
user, entrypoint, health check, size, no keys, compilers or caches, and that changed sources leave the layers of
packages as they are. Not proven here: the official base images, whose sizes differ a little.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT
from tests.deploy.podman import Podman, built_here, facts, local_name

ASKED = os.environ.get("CONTAINER_TESTS") == "1"
pytestmark = [
    pytest.mark.skipif(not ASKED, reason="CONTAINER_TESTS=1 asks for it: it needs root, Podman and half an hour"),
    pytest.mark.timeout(5_400),
]
LARGEST_MB = {
    "gridseal/asset-service:dev": 700,
    "gridseal/chain:dev": 650,
    "gridseal/dashboard:dev": 420,
    "gridseal/edge-agent:dev": 1_000,
    "gridseal/forecast-service:dev": 7_600,
    "gridseal/ingestion-gateway:dev": 900,
    "gridseal/settlement-service:dev": 700,
    "gridseal/streaming-processor:dev": 2_200,
    "gridseal/tools:dev": 950,
}
"""A little above what was measured: an image that grows beyond it has taken in something new."""
ENTRY = {"gridseal/chain:dev": None}
NO_CHECK = {"gridseal/tools:dev"}
"""Runs commands that end."""
LOOK = """command -v gcc cc make git maven
find / -xdev '(' -name '*.key' -o -name '.env' -o -name '*.deb' ')' -not -path '*/site-packages/*' 2> /dev/null
find /root/.cache /root/.npm /root/.m2 /var/lib/apt/lists -type f 2> /dev/null; true"""


@pytest.mark.parametrize("image", sorted(LARGEST_MB))
def test_an_image_is_for_a_user_without_rights_and_says_how_it_is(
    engine: Podman, images: dict[str, float], image: str
) -> None:
    found = facts(engine, image)
    print(f"{image}: {found['Size'] / 1e6:.0f} MB, built in {images.get(image, 0):.0f} s")

    assert found["User"] == "10001:10001"
    assert found["Config"].get("Entrypoint") == ENTRY.get(image, ["gridseal-entrypoint"])
    test = found.get("Healthcheck", {}).get("Test", ["NONE"])
    assert (test == ["NONE"]) == (image in NO_CHECK), test
    assert found["Size"] < LARGEST_MB[image] * 1e6, f"{image} grew to {found['Size'] / 1e6:.0f} MB"


def test_no_image_of_the_compose_file_is_left_out() -> None:
    assert set(LARGEST_MB) == set(built_here())


def test_changed_sources_leave_the_packages_as_they_are(
    engine: Podman, images: dict[str, float], tmp_path: Path
) -> None:
    """Who pulls the next release gets the layer of our sources, not that of pandas."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0"):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    engine.build("asset-service", "localhost/changed", context=tmp_path)
    before = engine_layers(engine, "localhost/changed")
    with (tmp_path / "asset-service" / "src" / "asset_service" / "app.py").open("a") as source:
        source.write("\n")
    engine.build("asset-service", "localhost/changed", context=tmp_path)
    after = engine_layers(engine, "localhost/changed")
    engine.must("rmi", "localhost/changed")

    same = sum(1 for one, other in zip(before, after, strict=True) if one == other)
    assert before != after
    assert len(before) - same <= 3, f"{len(before) - same} of {len(before)} layers changed"


def engine_layers(engine: Podman, tag: str) -> list[str]:
    layers: list[str] = facts(engine, tag.removeprefix("localhost/"))["RootFS"]["Layers"]
    return layers


def test_images_carry_no_keys_no_compiler_and_no_cache(engine: Podman, images: dict[str, float]) -> None:
    for image in LARGEST_MB:
        words = ("--rm", "--user", "0", "--network", "none", "--entrypoint", "sh", local_name(image), "-c", LOOK)
        found = engine.must("run", *words)
        assert found == "", f"{image}: {found}"
