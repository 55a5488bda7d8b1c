"""The dashboards as a list of panels; ``python k8s/observability/grafana/make.py`` writes them as Grafana reads them.

A row is a title and its panels; a panel is a title, a kind, and a PromQL expression or an SQL query each with a legend.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("dashboards")
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
POSTGRES = {"type": "grafana-postgresql-datasource", "uid": "postgres"}
BAD, GOOD = "red", "green"


@dataclass(frozen=True)
class Panel:
    """One panel. ``asks`` is from legend to expression; SQL where it begins with SELECT or WITH."""

    title: str
    kind: str
    asks: dict[str, str]
    unit: str = "short"
    red_above: float | None = None
    red_below: float | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Dashboard:
    """One file."""

    file: str
    title: str
    rows: dict[str, tuple[Panel, ...]]


def rate(metric: str, by: str = "") -> str:
    """Per second over five minutes."""
    return f"sum{f' by ({by}) ' if by else ''}(rate({metric}[5m]))"


def quantile(metric: str, q: float, by: str = "le") -> str:
    """Of a histogram over five minutes."""
    return f"histogram_quantile({q}, sum by ({by}) (rate({metric}_bucket[5m])))"


def quantiles(metric: str) -> dict[str, str]:
    """Median and tails."""
    return {"p50": quantile(metric, 0.5), "p95": quantile(metric, 0.95), "p99": quantile(metric, 0.99)}


FAN = """WITH newest AS (SELECT DISTINCT ON (v.target_start) v.target_start, v.values_milli, r.levels_bps
  FROM forecast.values v JOIN forecast.runs r USING (run_id)
  WHERE v.series_id = '$series' AND $__timeFilter(v.target_start) ORDER BY v.target_start, v.issued_at DESC)
SELECT target_start AS time, 'q' || (level / 10000.0)::float8 AS metric, value / 1000.0 AS value
FROM newest, unnest(levels_bps, values_milli) AS pair(level, value) ORDER BY 1"""

DASHBOARDS = (
    Dashboard("energy-demand.json", "Energy demand", {
        "Health": (
            Panel("Current MAE", "stat", {"MAE": "model_mae_mwh"}, "megwatth", red_above=1500),
            Panel("Current MAPE", "stat", {"MAPE": "model_mape_percent"}, "percent", red_above=10),
            Panel("Drift share", "stat", {"drift": "drift_share"}, "percentunit", red_above=0.3),
            Panel("Data freshness", "stat", {"age": "data_freshness_hours"}, "h", red_above=48),
        ),
        "Predictions": (
            Panel("Prediction rate", "timeseries", {"per second": rate("prediction_requests_total")}, "reqps"),
            Panel("Latency", "heatmap", {
                "{{le}}": "sum by (le) (increase(prediction_latency_seconds_bucket[5m]))"}, "s"),
            Panel("Predicted demand", "timeseries", {"{{le}}": rate("predicted_demand_mwh_bucket", "le")}, "short"),
        ),
        "Drift": (
            Panel("Drift share over time", "timeseries", {
                "drift share": "SELECT check_timestamp AS time, drift_share FROM energy_mlops.drift_log"
                " WHERE $__timeFilter(check_timestamp) ORDER BY 1"}, "percentunit", red_above=0.3),
            Panel("Per-feature drift", "table", {
                "": "SELECT f.key AS feature, f.value FROM (SELECT drift_details FROM energy_mlops.drift_log"
                " ORDER BY check_timestamp DESC LIMIT 1) d, jsonb_each_text(d.drift_details) f ORDER BY 1"}),
            Panel("Retrains", "stat", {"retrains": "sum(retrain_triggered_total)"}),
        ),
        "Data pipeline": (
            Panel("Actual vs predicted", "timeseries", {
                "": 'SELECT "timestamp" AS time, actual_demand, predicted_demand FROM energy_mlops.prediction_log'
                ' WHERE $__timeFilter("timestamp") ORDER BY 1'}, "megwatth"),
            Panel("Points ingested", "stat", {"": "SELECT count(*) AS points FROM energy_mlops.features"}),
        ),
    }),
    Dashboard("pipeline.json", "Pipeline", {
        "Field": (
            Panel("Messages in hand", "timeseries", {"in hand": "gridseal_gateway_in_flight_messages"}),
            Panel("Receipts a second", "timeseries", {"receipts": rate("gridseal_gateway_receipts_total")}, "ops"),
            Panel("MQTT to Kafka", "timeseries", quantiles("gridseal_gateway_kafka_ack_seconds"), "s"),
            Panel("Refused and quarantined", "timeseries", {
                "refused {{reason}}": rate("gridseal_gateway_refused_total", "reason"),
                "quarantined {{reason}}": rate("gridseal_gateway_quarantined_total", "reason")}, "ops"),
            Panel("Queue of the site", "timeseries", {"messages": "gridseal_agent_queue_messages"}),
            Panel("Freshness of sources", "timeseries", {"{{source}}": "gridseal_feed_freshness_seconds"}, "s"),
        ),
        "Stream": (
            Panel("Readings a second", "timeseries", {
                "{{outcome}}": rate("gridseal_stream_readings_total", "outcome")}),
            Panel("Lag", "timeseries", {"messages": "gridseal_stream_lag_messages"}, red_above=50_000),
            Panel("Batch", "timeseries", quantiles("gridseal_stream_batch_seconds"), "s"),
            Panel("Device to queryable", "timeseries", quantiles("gridseal_stream_device_to_queryable_seconds"), "s"),
            Panel("Quality hits", "timeseries", {"{{rule}}": rate("gridseal_quality_hits_total", "rule")}, "ops"),
            Panel("Silent devices", "stat", {"silent": "sum(gridseal_quality_silent_devices)"}),
        ),
    }),
    Dashboard("api.json", "API latency", {
        "Requests": (
            Panel("Requests a second", "timeseries", {
                "{{status}}": rate("gridseal_http_requests_total", "status")}, "reqps"),
            Panel("Latency", "timeseries", quantiles("gridseal_http_request_seconds"), "s"),
            Panel("p95 by route", "timeseries", {
                "{{route}}": quantile("gridseal_http_request_seconds", 0.95, "le, route")}, "s"),
        ),
        "Objectives": (
            Panel("Failed, 1 h", "stat", {"": "gridseal:answers_bad:ratio_1h"}, "percentunit", red_above=0.001),
            Panel("Over 0.5 s, 1 h", "stat", {"": "gridseal:latency_bad:ratio_1h"}, "percentunit", red_above=0.01),
        ),
        "Live channel": (
            Panel("Connections", "timeseries", {"open": "gridseal_live_connections"}),
            Panel("Events and conflated frames", "timeseries", {
                "{{channel}}": rate("gridseal_live_events_total", "channel"),
                "conflated {{channel}}": rate("gridseal_live_conflated_total", "channel")}, "ops"),
            Panel("Closed by us", "timeseries", {"{{code}}": rate("gridseal_live_closed_total", "code")}, "ops"),
        ),
    }),
    Dashboard("forecasts.json", "Forecasts", {
        "Runs": (
            Panel("Runs", "timeseries", {
                "{{product}} {{outcome}}": rate("gridseal_forecast_runs_total", "product, outcome")}),
            Panel("Stages, p95", "timeseries", {
                "{{stage}}": quantile("gridseal_forecast_stage_seconds", 0.95, "le, stage")}, "s"),
            Panel("Series by rung", "timeseries", {"rung {{rung}}": rate("gridseal_forecast_series_total", "rung")}),
            Panel("Fresh series", "stat", {"": "gridseal_series_fresh_ratio"}, "percentunit", red_below=0.5),
            Panel("Missed slots, 1 h", "stat", {
                "{{product}}": "sum by (product) (increase(gridseal_slots_missed_total[1h]))"}, red_above=1),
        ),
        "Skill": (
            Panel("Pinball loss", "timeseries", {"{{product}}": "gridseal_rolling_pinball_ratio"}),
            Panel("Coverage of 9 in 10", "timeseries", {
                "{{product}}": "gridseal_rolling_coverage_90_ratio"}, "percentunit", red_below=0.8),
            Panel("MAE", "timeseries", {"{{product}}": "gridseal_rolling_mae_watts"}, "watt"),
        ),
        "Bands of a series": (Panel("Newest forecast with its quantiles", "timeseries", {"": FAN}),),
    }),
    Dashboard("drift.json", "Drift", {
        "Data and errors": (
            Panel("Drift share", "timeseries", {"drift": "drift_share"}, "percentunit", red_above=0.3),
            Panel("Drift found", "stat", {"found": "drift_detected"}, red_above=1),
            Panel("Trainings", "timeseries", {"{{outcome}}": rate("gridseal_trainings_total", "outcome")}),
            Panel("Flows", "timeseries", {"{{flow}} {{outcome}}": rate("gridseal_flow_runs_total", "flow, outcome")}),
            Panel("Champions taken back, 1 d", "stat", {"{{model}}": "increase(gridseal_model_rollbacks_total[1d])"}),
        ),
        "Checks": (
            Panel("Last checks", "table", {
                "": "SELECT check_timestamp AS time, dataset_drift_detected, drift_share, n_drifted_features,"
                " n_total_features, triggered_retrain FROM energy_mlops.drift_log"
                " ORDER BY check_timestamp DESC LIMIT 100"}),
        ),
    }),
    Dashboard("chain.json", "Chain", {
        "Seals": (
            Panel("Runs by outcome", "timeseries", {"{{outcome}}": rate("gridseal_seals_total", "outcome")}, "ops"),
            Panel("Arrival to block", "timeseries", quantiles("gridseal_seal_seconds"), "s"),
            Panel("Late or failed, 6 h", "stat", {"": "gridseal:seals_bad:ratio_6h"}, "percentunit", red_above=0.005),
            Panel("Who seals", "stat", {"processes": "sum(gridseal_seal_writer)"}, red_below=1),
        ),
        "Transactions": (
            Panel("Sent", "timeseries", {"{{key}}": rate("gridseal_chain_transactions_total", "key")}, "ops"),
            Panel("Settled orders", "timeseries", {
                "{{key}} {{outcome}}": rate("gridseal_chain_orders_total", "key, outcome")}, "ops"),
            Panel("Replaced, reorganized, gaps, errors", "timeseries", {
                "replaced": rate("gridseal_chain_replacements_total"),
                "reorganized": rate("gridseal_chain_reorganized_total"),
                "gaps": rate("gridseal_chain_nonce_gaps_total"),
                "errors": rate("gridseal_chain_errors_total")}, "ops"),
        ),
        "Rounds": (
            Panel("Open rounds", "timeseries", {"open": "sum(gridseal_rounds_open)"}),
            Panel("Steps", "timeseries", {"per second": rate("gridseal_round_steps_total")}, "ops"),
        ),
    }),
)  # fmt: skip


def as_grafana(panel: Panel, number: int, x: int, y: int, width: int) -> dict[str, Any]:
    """One panel as Grafana reads it."""
    targets = []
    for letter, (legend, ask) in zip("ABCDEFGH", panel.asks.items(), strict=False):
        if ask.startswith(("SELECT", "WITH")):
            kind = "time_series" if panel.kind == "timeseries" else "table"
            targets.append({"refId": letter, "datasource": POSTGRES, "rawQuery": True, "rawSql": ask, "format": kind})
        else:
            kind = "heatmap" if panel.kind == "heatmap" else "time_series"
            target = {"refId": letter, "datasource": PROMETHEUS, "expr": ask, "legendFormat": legend, "format": kind}
            targets.append(target)
    steps: list[dict[str, Any]] = [{"color": GOOD, "value": None}]
    if panel.red_above is not None:
        steps.append({"color": BAD, "value": panel.red_above})
    if panel.red_below is not None:
        steps = [{"color": BAD, "value": None}, {"color": GOOD, "value": panel.red_below}]
    return {
        "id": number, "title": panel.title, "type": panel.kind, "targets": targets,
        "datasource": targets[0]["datasource"], "gridPos": {"x": x, "y": y, "w": width, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
                        "overrides": []},
        **panel.more,
    }  # fmt: skip


def as_json(dashboard: Dashboard) -> str:
    """The whole file."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in dashboard.rows.items():
        place = {"x": 0, "y": y, "w": 24, "h": 1}
        panels.append({"id": len(panels) + 1, "title": title, "type": "row", "gridPos": place, "panels": []})
        y += 1
        across = min(len(row), 4)
        width = 24 // across
        for place_in_row, panel in enumerate(row):
            x, below = (place_in_row % across) * width, (place_in_row // across) * 8
            panels.append(as_grafana(panel, len(panels) + 1, x, y + below, width))
        y += 8 * -(-len(row) // across)
    uid = dashboard.file.removesuffix(".json")
    series = {"type": "query", "name": "series", "datasource": POSTGRES, "refresh": 1,
              "query": "SELECT DISTINCT series_id FROM forecast.values ORDER BY 1"}  # fmt: skip
    listed = [series] if "$series" in json.dumps(panels) else []
    whole = {"uid": uid, "title": dashboard.title, "tags": ["gridseal"], "timezone": "utc", "refresh": "30s",
             "schemaVersion": 41, "time": {"from": "now-6h", "to": "now"}, "templating": {"list": listed},
             "panels": panels}  # fmt: skip
    return json.dumps(whole, indent=1) + "\n"


if __name__ == "__main__":
    for one in DASHBOARDS:
        (FOLDER / one.file).write_text(as_json(one))
