"""Recorded providers → feeds → Kafka → Spark → windows, S3's tables and the demand vector, on real servers.

Then S3's loop on the same servers: features → training → /predict → ten degrees more → drift → retraining → promotion.
"""

import json
import math
import os
import random
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually

from .providers_way import KEY, Way

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
DAYS = ("2023-01-01", "2023-01-02", "2023-01-03")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2024, 3, 1, tzinfo=UTC)
BEFORE, AFTER = START + 60 * DAY, START + 81 * DAY
"""Ten degrees more from the one to the other."""
FEATURES = (
    "temperature", "apparent_temperature", "humidity", "wind_speed", "cloud_cover", "solar_radiation", "precipitation",
    "hour_of_day", "day_of_week", "month", "is_weekend", "is_holiday", "demand_lag_1h", "demand_lag_24h",
    "demand_lag_168h", "demand_rolling_mean_24h", "demand_rolling_std_24h", "temp_squared", "cooling_degree_hours",
    "heating_degree_hours",
)  # fmt: skip
SETS = """
sets:
  - {provider: eia, file: demand.parquet, time: at, key: who, values: {D: mwh}}
  - {provider: open-meteo, file: air.parquet, time: at, values: {temperature_2m: c}}
"""


def put_sets(folder: Path) -> Path:
    """New York as nobody measured it: demand that follows the clock and, above 18 degrees, the temperature."""
    draw, hours = random.Random(7), [START + n * HOUR for n in range(81 * 24)]
    air = [
        10 + 7 * math.sin((h.hour - 14) * math.pi / 12) + draw.gauss(0, 2) + (10 if h >= BEFORE else 0) for h in hours
    ]
    mwh = [
        17_000 + 3_000 * math.sin((h.hour - 16) * math.pi / 12) + 400 * max(c - 18.3, 0) + draw.gauss(0, 100)
        for h, c in zip(hours, air, strict=True)
    ]
    stamps = [h + HOUR for h in hours]
    folder.mkdir()
    pq.write_table(pa.table({"at": stamps, "who": ["NY"] * len(hours), "mwh": mwh}), folder / "demand.parquet")
    pq.write_table(pa.table({"at": hours, "c": air}), folder / "air.parquet")
    (folder / "sets.yaml").write_text(SETS)
    return folder


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    folder = tmp_path_factory.mktemp("way")
    servers = ScratchServers(folder / "state")
    way = Way(servers, put_sets(folder / "sets"))
    try:
        servers.start()
        way.start_all()
        eventually(lambda: way.answers(way.replay_port, "/nowhere/x"), 60, "the replay server answers")
        yield way
    finally:
        way.stop()
        servers.stop()


def test_recorded_demand_becomes_windows_tables_and_vectors(way: Way) -> None:
    done = way.backfill("eia-us-ny,eia-us-tex,entsoe-de-load", *DAYS[:2])
    assert way.backfill("eia-us-ny,eia-us-tex", *DAYS[1:]).returncode == 0

    # The feed without its token stands still, alone, and says what to do.
    assert done.returncode == 1
    assert "entsoe-de-load: ENTSOE_TOKEN is not set. Register" in " ".join(done.stderr.split())
    assert KEY not in done.stderr
    eventually(lambda: way.count("energy_mlops.raw_demand") >= 96, 120, "two days of two regions are stored")
    assert way.ask(
        "SELECT respondent, value FROM energy_mlops.raw_demand WHERE period = '2023-01-01T00:00Z' ORDER BY 1"
    ) == way.ask(
        "SELECT series_id, value FROM telemetry.feed_demand_now WHERE period_start = '2023-01-01T00:00Z' ORDER BY 1"
    )
    hours = "telemetry.windows WHERE series_id = 'us-ny/demand' AND width_s = 3600"
    assert way.count(f"{hours} AND covered_s = 3600 AND mean_milli > 0") == 48
    eventually(lambda: way.count("energy_mlops.features WHERE respondent = 'us-ny/demand'") >= 40, 120, "vectors")
    [(lag, target)] = way.ask(
        "SELECT demand_lag_1h, demand_mwh FROM energy_mlops.features"
        " WHERE respondent = 'us-ny/demand' AND \"timestamp\" = '2023-01-02T10:00Z'"
    )
    [(before, here)] = way.ask(
        "SELECT max(value) FILTER (WHERE period = '2023-01-02T09:00Z'), max(value) FILTER (WHERE period ="
        " '2023-01-02T10:00Z') FROM energy_mlops.raw_demand WHERE respondent = 'us-ny/demand'"
    )
    assert (lag, target) == (before, here)


def test_the_same_back_fill_again_sends_and_changes_nothing(way: Way) -> None:
    before = way.ask("SELECT count(*), max(version) FROM telemetry.windows WHERE series_id LIKE 'us-%'")
    kept = way.count("telemetry.feed_demand")
    done = way.backfill("eia-us-ny,eia-us-tex", *DAYS[:2])

    assert done.returncode == 0, done.stderr
    assert way.ask("SELECT count(*), max(version) FROM telemetry.windows WHERE series_id LIKE 'us-%'") == before
    assert way.count("telemetry.feed_demand") == kept


def test_raw_answers_are_kept_with_hash_and_without_key(way: Way) -> None:
    rows = way.ask("SELECT url, status, octet_length(sha256) FROM gateway.feed_answers WHERE provider = 'eia'")

    assert rows
    assert {(status, size) for _, status, size in rows} == {(200, 32)}
    assert all("api_key=REDACTED" in url for url, _, _ in rows)
    files = list((way.servers.layout.state / "feeds" / "raw" / "eia").rglob("*.gz"))
    assert len(files) == len(way.ask("SELECT DISTINCT sha256 FROM gateway.feed_answers"))


class Forecasts:
    """Scheduler and API of forecast-service, at a moment of domain time."""

    def __init__(self, way: Way) -> None:
        self.way, self.port, self.scheduler_port = way, free_port(), free_port()

    def start(self, program: str, at: datetime) -> None:
        own = {
            "GRIDSEAL_TIME_ORIGIN": at.isoformat(),
            "GRIDSEAL_TIME_ANCHOR": datetime.now(UTC).isoformat(),
            "FORECAST_API_PORT": str(self.port),
            "FORECAST_SCHEDULER_PORT": str(self.scheduler_port),
            "FORECAST_DEMAND_RESPONDENT": "us-ny/demand",
            "FORECAST_CHAMPION_POLL_S": "1",
            # The catalog has no product here, so its series are no reason to wait for more rows.
            "FORECAST_RETRAIN_MIN_ROWS": "0",
            "FORECAST_RETRAIN_PAUSE_H": "0",
            "FORECAST_REFERENCE_HOLDOUT_D": "0",
            "FORECAST_TRAIN_MIN_DAYS": "100000",
            "FORECAST_ROLLBACK": "false",
        }
        self.way.start("forecast_service", program, name=program, more=own)
        port = self.port if program == "api" else self.scheduler_port
        eventually(lambda: self.way.answers(port, "/healthz"), 120, f"{program} answers")

    def get(self, path: str, port: int = 0) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=20) as answer:
            body = answer.read()
        return json.loads(body) if path.startswith(("/api", "/health")) else body.decode()

    def post(self, port: int, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def run(self, flow: str) -> str:
        """Ask for a flow; what its run came to."""
        job = eventually(lambda: self._asked(flow), 60, f"{flow} is taken")["job_id"]
        return self.ended(flow, lambda row: row["job_id"] == job)

    def ended(self, flow: str, wanted: Any) -> str:
        def look() -> Any:
            found = self.get(f"/api/v1/jobs/{flow}/runs", self.scheduler_port)["items"]
            rows = [row for row in found if wanted(row)]
            return next((row for row in rows if row["state"] not in ("queued", "running")), None)

        row = eventually(look, 300, f"{flow} ends")
        assert row["state"] == "done", row["detail"]
        return str(row["detail"])

    def _asked(self, flow: str) -> Any:
        try:
            return self.post(self.scheduler_port, f"/api/v1/jobs/{flow}/runs", {})
        except urllib.error.HTTPError:  # the flows stand there once the scheduler leads
            return None

    def predict(self, at: datetime) -> tuple[float, str]:
        """The hour at ``at`` from its stored features, and the version that answers."""
        names = ", ".join(FEATURES)
        [row] = self.way.ask(
            f"SELECT {names} FROM energy_mlops.features WHERE respondent = 'us-ny/demand' AND \"timestamp\" = '{at}'"
        )
        features = {name: value or 0 for name, value in zip(FEATURES, row, strict=True)}
        answer = self.post(self.port, "/predict", features | {"timestamp": at.isoformat()})
        return float(answer["predicted_demand_mwh"]), str(answer["model_version"])


@pytest.mark.skipif(os.environ.get("LEARNING_LOOP") != "1", reason="LEARNING_LOOP=1 asks for it: minutes of a core")
def test_the_loop_of_back_fill_training_drift_retraining_and_promotion(way: Way) -> None:
    rows = "energy_mlops.features WHERE respondent = 'us-ny/demand' AND demand_lag_168h IS NOT NULL AND temperature IS"
    rows += f" NOT NULL AND demand_mwh IS NOT NULL AND \"timestamp\" >= '{START}'"
    forecasts = Forecasts(way)

    # Back-fill, features.
    assert way.backfill("eia-us-ny,weather-us-ny", START.isoformat(), BEFORE.isoformat()).returncode == 0
    way.servers.start("mlflow")
    eventually(lambda: way.count(rows) >= 52 * 24, 180, "the features of sixty days")

    # Train, serve, predict.
    forecasts.start("scheduler", BEFORE)
    assert "serves as the first" in forecasts.run("retrain")
    forecasts.start("api", BEFORE)
    eventually(lambda: forecasts.get("/health")["model_loaded"], 60, "a champion serves")
    hour = BEFORE - 5 * HOUR
    predicted, version = forecasts.predict(hour)
    [(actual,)] = way.ask(
        f"SELECT value FROM energy_mlops.raw_demand WHERE respondent = 'us-ny/demand' AND period = '{hour}'"
    )
    assert version == "1"
    assert abs(predicted - actual) < 0.05 * actual
    eventually(lambda: way.count(f"energy_mlops.prediction_log WHERE \"timestamp\" = '{hour}'") == 1, 20, "the log")
    assert "drift_share 0.0" in forecasts.run("drift-check")
    way.stop("scheduler")

    # Ten degrees more for three weeks: drift, a retraining that nobody asked for, the gate, promotion.
    assert way.backfill("eia-us-ny,weather-us-ny", BEFORE.isoformat(), AFTER.isoformat()).returncode == 0
    eventually(lambda: way.count(rows) >= 73 * 24, 120, "the features of three warm weeks")
    forecasts.start("scheduler", AFTER)
    assert "was asked for" in forecasts.run("drift-check")
    gate = forecasts.ended("retrain", lambda row: row["cause"] == "drift")
    assert "on the same hours" in gate
    assert "does not serve" not in gate
    eventually(lambda: forecasts.predict(AFTER - 5 * HOUR)[1] == "2", 60, "the new champion answers")

    # The routes behind the pages tell the story.
    drift = forecasts.get("/api/v1/drift")
    model = forecasts.get("/api/v1/models/energy-demand-lgbm")
    trainings = forecasts.get("/api/v1/models/energy-demand-lgbm/trainings")["items"]
    assert [(c["detected"], c["triggered_retrain"]) for c in drift["items"]] == [(True, True), (False, False)]
    assert drift["items"][0]["share_ratio"] > 0.3
    assert drift["features"]["temperature"]["drifted"] is True
    assert model["aliases"]["champion"]["version"] == "2"
    assert len(trainings) == 2
    assert "drift detected" in forecasts.get("/reports/latest_drift.html")
    assert way.count("energy_mlops.drift_log WHERE triggered_retrain") == 1
