"""Every environment variable of forecast-service, prefix ``FORECAST_``. Each default serves the local demo."""

import socket
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field

from gridseal.runtime.settings import PrefixedSettings, prefixed

Runtime = Literal["auto", "eager", "torchscript", "onnx"]
Device = Literal["auto", "cpu", "cuda"]


class ForecastSettings(PrefixedSettings):
    """What the api, worker, scheduler and train processes can be told."""

    model_config = prefixed("FORECAST_")

    api_port: int = 28_000
    worker_port: int = 28_001
    scheduler_port: int = 28_002

    allowed_origins: str = "http://127.0.0.1:23000,http://localhost:23000"
    """Comma-separated web origins that may open ``/ws/forecasts``. A client that sends no Origin is no browser."""
    mongo_database: str = "gridseal"
    mlflow_model: str = "gridseal-site-6h"
    """Name in the MLflow registry; its alias ``champion`` serves."""
    demand_model: str = "energy-demand-lgbm"
    """Model of ``/predict`` in the registry; its alias ``champion`` answers."""
    demand_respondent: str = ""
    """Whose demand it learns. Unset: the respondent with most complete hours."""
    prometheus_port: int | None = Field(
        default=None, validation_alias=AliasChoices("FORECAST_PROMETHEUS_PORT", "PROMETHEUS_PORT")
    )
    """Also serve the API's figures on a port of their own. Unset: only on ``/metrics`` of the API."""
    mlflow_experiment: str = "energy-demand-forecast"
    """Where trainings of every model are logged."""
    champion_poll_s: float = Field(default=5.0, gt=0)
    model_key: Path | None = None
    """Ed25519 key that signs models, PEM. Unset: ``GRIDSEAL_STATE_DIR``/keys/model-signing.key, made if missing."""
    model_public_keys: Path | None = None
    """Who may sign models, PEM. Unset: ``GRIDSEAL_STATE_DIR``/tls/model-signing.pub. Other models are refused."""

    gate_alpha: float = Field(default=0.05, gt=0, lt=1)
    """Level at which block bootstrap and Diebold-Mariano must both find the champion beaten."""
    gate_min_days: float = Field(default=5.0, gt=0)
    """Days of paired forecasts without which no champion is replaced."""
    gate_by_hand: bool = False
    """Whether a person must approve a challenger that passed: ``gridseal model approve``."""
    rollback: bool = True
    """Whether a champion whose live pinball loss became significantly worse is taken back without a person."""
    rollback_alpha: float = Field(default=0.01, gt=0, lt=1)
    """Level at which it must be worse."""
    rollback_worse_by: float = Field(default=0.05, ge=0)
    """Share of the loss of the version before by which it must at least have risen."""
    rollback_settle_h: float = Field(default=7, gt=0)
    """Domain hours after a slot until its outcomes count: the horizon and a little."""
    rollback_every_s: float = Field(default=300, gt=0)
    """Wall seconds between two looks."""

    worker_name: str = Field(default_factory=socket.gethostname)
    """Consumer name in the Redis group; two workers on one machine need two names."""
    history_days: int = Field(default=372, gt=0)
    """Days of windows that the worker keeps in memory and forecasts from: the analogues look a year back."""
    claim_idle_s: float = Field(default=15.0, gt=0)
    """A job that another worker has held this long without an answer is taken over."""

    issue_delay_s: float = Field(default=1.0, ge=0)
    """Wall seconds between a slot and its job: what is on its way from the devices may still arrive."""
    ready_share: float = Field(default=0.5, gt=0, le=1)
    """Share of series whose newest complete window must be fresh before the first job is sent."""
    ready_lag_s: int = Field(default=7_200, gt=0)
    """Domain seconds that count as fresh, beyond one period of the series."""

    train: bool = True
    """Whether the scheduler starts training runs."""
    train_min_days: float = Field(default=42, gt=0)
    """Days of history before the first training: six weeks, so that weekly features exist."""
    train_every_h: float = Field(default=168, gt=0)
    train_clock: Literal["domain", "wall"] = "domain"
    """Which clock ``train_every_h`` counts on."""
    train_retry_s: float = Field(default=60, gt=0)
    """Wall seconds before a failed training is tried again; doubles with every failure, up to an hour."""

    train_cause: str = ""
    """Set by the scheduler for the training it starts, as the next two: why, in one word."""
    train_reason: str = ""
    """The same in a sentence."""
    train_parameters: str = "{}"
    """JSON object of what was asked for with the training."""
    fine_tune_cron: str = ""
    """When to learn on from the champion, five fields on domain time (UTC), such as ``0 3 * * 0``. Each time costs a
    sixth of a training. Empty: off until ``PATCH /api/v1/jobs/fine-tune``; read when the flow is first listed."""
    retrain_min_rows: int = Field(default=1_000, ge=0)
    """Complete windows below which a training is skipped, and feature rows below which there is no reference."""
    retrain_pause_h: float = Field(default=24, ge=0)
    """Domain hours after a training in which neither drift nor errors ask for another."""

    drift_share_threshold: float = Field(
        default=0.3, ge=0, le=1,
        validation_alias=AliasChoices("FORECAST_DRIFT_SHARE_THRESHOLD", "DRIFT_SHARE_THRESHOLD"),
    )  # fmt: skip
    """Share of drifted features above which a training is asked for."""
    performance_mae_threshold: float = Field(
        default=1_500, gt=0,
        validation_alias=AliasChoices("FORECAST_PERFORMANCE_MAE_THRESHOLD", "PERFORMANCE_MAE_THRESHOLD"),
    )  # fmt: skip
    """MWh; a mean absolute error of the demand model above it asks for a training."""
    demand_region: str = Field(default="PJM", validation_alias=AliasChoices("FORECAST_DEMAND_REGION", "EIA_REGION"))
    """Region of a logged prediction that names none."""
    reports_dir: Path | None = None
    """Where ``latest_drift.html`` is written. Unset: ``GRIDSEAL_STATE_DIR``/reports."""
    reference_holdout_d: float = Field(default=30, ge=0)
    """Newest days that judge a training and so are no part of the reference of drift."""
    ingestion_command: str = ""
    """What ``data-ingestion`` starts, with ``{begin}`` and ``{end}``. Empty: telemetry arrives by itself."""
    flow_gap_s: float = Field(default=30, ge=0)
    """Wall seconds between two starts of a flow by its own trigger."""
    flow_limit_s: float = Field(default=3_600, gt=0)
    """Wall seconds after which a try of a flow is given up."""

    score_every_s: float = Field(default=10, gt=0)
    """Wall seconds between two looks for matured targets."""
    score_window_h: int = Field(default=48, gt=0)
    """Domain hours for which an actual may arrive late, or be corrected, and still count."""
    runtime: Runtime = "auto"
    """How networks run. ``auto`` gives the bits of eager PyTorch; ``onnx`` is faster for one series and rounds
    otherwise, so that a replay needs the same setting."""
    device: Device = "auto"
    """Where networks run: on CUDA where there is one. A replay needs a device of the same sort."""
    calibrate: bool = True
    """Whether outcomes move the bands that are served. Without, they stay as the model gives them."""
    calibrate_every_s: float = Field(default=30, gt=0)
    """Wall seconds between two looks for outcomes to learn from."""
    calibrate_settle_s: int = Field(default=3_600, ge=0)
    """Domain seconds after a period's end until its outcome is learned from: later ones teach nothing."""
    notify_file: Path | None = None
    """JSON list of webhooks that are told of what happens (docs/runbooks/monitor.md). Unset: nobody is."""
    notify_networks: str = ""
    """Networks by commas, such as ``10.1.0.0/16``, in which webhooks may be though they are not public."""
    notify_quiet_s: float = Field(default=3_600, ge=0)
    """Wall seconds in which a second finding of one rule about one subject is folded into the first."""
    postgres_pool: int = Field(default=6, gt=0)


SITE_PRODUCT = "site-6h"


def model_of(settings: ForecastSettings, product_id: str) -> str:
    """Registered model of a product: ``gridseal-<product>``, for the sites' product what ``mlflow_model`` says."""
    return settings.mlflow_model if product_id == SITE_PRODUCT else f"gridseal-{product_id}"


def origins(settings: ForecastSettings) -> frozenset[str]:
    """The allow-list as a set."""
    return frozenset(part.strip().rstrip("/") for part in settings.allowed_origins.split(",") if part.strip())
