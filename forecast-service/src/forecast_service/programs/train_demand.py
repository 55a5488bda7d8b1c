"""``python -m forecast_service train-demand``: one training of the model of ``/predict``."""

from forecast_service.commands import demand_trained
from forecast_service.programs.start import started


async def run() -> None:
    """Train and say what came of it."""
    print(await demand_trained(*started("train-demand")), flush=True)
