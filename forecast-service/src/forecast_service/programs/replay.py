"""``python -m forecast_service replay RUN_ID``: one stored run, once more."""

import sys

from forecast_service.commands import replay_run
from forecast_service.programs.start import started
from gridseal.errors import ConfigError


async def run() -> None:
    """Compute it again; the exit code says what came out."""
    if len(sys.argv) != 3:
        raise ConfigError("say which run: python -m forecast_service replay RUN_ID")
    await replay_run(*started("replay"), sys.argv[2])
