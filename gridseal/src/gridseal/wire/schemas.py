"""JSON Schema of every message, for readers in other languages. ``make schemas`` writes the files."""

import json
import sys
from pathlib import Path

from gridseal.wire.alerts import Alert
from gridseal.wire.catalog import CatalogMessage
from gridseal.wire.demand import Demand
from gridseal.wire.features import FeatureVector
from gridseal.wire.fields import Message
from gridseal.wire.forecasts import ForecastRun, Seal
from gridseal.wire.market import MarketPrice
from gridseal.wire.receipts import Receipt
from gridseal.wire.rounds import RoundChange
from gridseal.wire.telemetry import Telemetry
from gridseal.wire.weather import Weather
from gridseal.wire.windows import Window

MESSAGES: dict[str, type[Message]] = {
    "telemetry-1": Telemetry,
    "receipt-2": Receipt,
    "catalog-1": CatalogMessage,
    "window-1": Window,
    "feature-vector-1": FeatureVector,
    "alert-1": Alert,
    "forecast-run-1": ForecastRun,
    "seal-1": Seal,
    "round-1": RoundChange,
    "demand-1": Demand,
    "weather-1": Weather,
    "market-1": MarketPrice,
}


def schema_texts() -> dict[str, str]:
    """File name → text of each schema, stable from run to run."""
    return {
        f"{name}.json": json.dumps(message.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
        for name, message in MESSAGES.items()
    }


def revisions(folder: Path, name: str) -> list[Path]:
    """The recorded texts of one schema, oldest first: ``history/<name>/<n>.json``, never changed once committed."""
    return sorted((folder / "history" / name).glob("*.json"), key=lambda path: int(path.stem))


def record(folder: Path, name: str, text: str) -> None:
    """Keep a text that differs from the newest recorded one as a further revision."""
    known = revisions(folder, name)
    if known and known[-1].read_text() == text:
        return
    path = folder / "history" / name / f"{len(known) + 1}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    """Write every schema into the folder given as the only argument, and record those that changed."""
    folder = Path(sys.argv[1])
    for name, text in schema_texts().items():
        (folder / name).write_text(text)
        record(folder, name.removesuffix(".json"), text)


if __name__ == "__main__":
    main()
