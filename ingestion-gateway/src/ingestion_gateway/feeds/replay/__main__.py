"""``python -m ingestion_gateway.feeds.replay --recordings FOLDER [--port 28032]``: recorded providers on loopback."""

import argparse
from pathlib import Path

import uvicorn

from gridseal.runtime.logs import configure_logs, get_logger
from ingestion_gateway.feeds.replay.recordings import load
from ingestion_gateway.feeds.replay.server import create_app

log = get_logger(__name__)


def serve(folder: Path, port: int) -> None:
    """Serve until stopped. The date is the provider's, so uvicorn adds none."""
    configure_logs("feeds-replay", "info")
    recordings = load(folder)
    log.info("replaying", recordings=len(recordings), setting=f"FEEDS_REPLAY_URL=http://127.0.0.1:{port}")
    uvicorn.run(create_app(recordings, folder), host="127.0.0.1", port=port, date_header=False, log_level="warning")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m ingestion_gateway.feeds.replay", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True, help="a folder with manifest.json")
    parser.add_argument("--port", type=int, default=28_032)
    asked = parser.parse_args()
    serve(asked.recordings, asked.port)
