"""``gridseal replay``: compute a stored run again with forecast-service, which must be installed beside it."""

import importlib.util
import os
import sys

import typer


def replay_run(run_id: str) -> None:
    """Become ``python -m forecast_service replay``: its words and its exit code are then those of the command."""
    if importlib.util.find_spec("forecast_service") is None:
        typer.echo("gridseal: forecast-service is not installed here: use the environment of a checkout", err=True)
        raise typer.Exit(2)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "forecast_service", "replay", run_id])
