"""Podman and our images, for the tests of containers; built once a session, on request only."""

from collections.abc import Iterator

import pytest

from tests.deploy.podman import Podman, build_all, prepared


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """Podman with the stand-ins; its storage is gone afterwards unless ``CONTAINER_STORAGE`` names one."""
    folder = tmp_path_factory.mktemp("engine")
    engine = prepared(folder)
    yield engine
    engine.run("rm", "--all", "--force", "--time", "5")
    if not engine.kept:
        engine.run("system", "reset", "--force")


@pytest.fixture(scope="session")
def images(engine: Podman) -> dict[str, float]:
    """All nine images; seconds of each that was built now."""
    return build_all(engine)
