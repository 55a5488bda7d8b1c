"""``python -m ingestion_gateway.feeds.replay --recordings FOLDER [--sets FOLDER]``: recorded providers on loopback."""

import argparse
import sys
from pathlib import Path

import uvicorn

from gridseal.errors import ConfigError
from gridseal.runtime.logs import configure_logs, get_logger
from ingestion_gateway.feeds.replay.long_series import CATALOG, LongSeries
from ingestion_gateway.feeds.replay.recordings import load
from ingestion_gateway.feeds.replay.server import create_app

log = get_logger(__name__)


def serve(folder: Path, port: int, sets: Path | None, sets_catalog: Path) -> None:
    """Serve until stopped. The date is the provider's, so uvicorn adds none.

    Raises:
        ConfigError: There is nothing to serve in a folder.
    """
    configure_logs("feeds-replay", "info")
    recordings = load(folder)
    series = None if sets is None else LongSeries.of(sets, sets_catalog)
    files = series.files if series is not None else ()
    log.info("replaying", recordings=len(recordings), sets=files, setting=f"FEEDS_REPLAY_URL=http://127.0.0.1:{port}")
    app = create_app(recordings, folder, series)
    uvicorn.run(app, host="127.0.0.1", port=port, date_header=False, log_level="warning")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m ingestion_gateway.feeds.replay", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True, help="a folder with manifest.json")
    parser.add_argument("--port", type=int, default=28_032)
    parser.add_argument("--sets", type=Path, help="a folder with long series, as --sets-catalog names them")
    parser.add_argument("--sets-catalog", type=Path, default=CATALOG, help="YAML: which column stands for what")
    asked = parser.parse_args()
    try:
        serve(asked.recordings, asked.port, asked.sets, asked.sets_catalog)
    except ConfigError as error:
        sys.exit(f"feeds-replay: {error}")
