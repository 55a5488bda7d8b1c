"""``python -m forecast_service api|worker|scheduler|train|train-demand|replay``."""

import sys
from importlib import import_module

from gridseal.errors import ConfigError
from gridseal.runtime.serve import main

PROGRAMS = ("api", "worker", "scheduler", "train", "train-demand", "replay")


async def _choose() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in PROGRAMS:
        raise ConfigError(f"say which process: python -m forecast_service {'|'.join(PROGRAMS)}")
    # Imported when it is known which: the API needs none of what a worker or a training brings along.
    await import_module(f"forecast_service.programs.{sys.argv[1].replace('-', '_')}").run()


if __name__ == "__main__":
    main(_choose)
