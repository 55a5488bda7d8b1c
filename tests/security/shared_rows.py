"""The rows and documents of a tenant on shared servers, as its loops, its devices and its people would write them."""

from datetime import timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pymongo import AsyncMongoClient

from asset_service.mongo_store import MongoCatalogStore
from asset_service.reconcile import Target
from forecast_service.jobs.flows import STANDARD
from forecast_service.store.database import Pool, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import LATEST, Pages
from forecast_service.store.runs import RunStore
from forecast_service.store.seals import SealStore
from gridseal.access.tenant_rows import SERVICE, tenant_options
from gridseal.notary.batch import Batch
from gridseal.wire.codec import encode_dict
from settlement_service.runs import Runs
from streaming_processor.reference import reference_from
from streaming_processor.store.numbers import assign_numbers
from tests.api.pieces import NOW

from .shared_world import MADE, SLOT, VAULT, Tenant

_ROWS: Final = """
INSERT INTO telemetry.reading_rows SELECT device_no, 1, %(hour_ago)s, 900, 1, 0, 1, now() FROM telemetry.devices
  WHERE device_id = %(asset_id)s;
INSERT INTO telemetry.window_rows SELECT series_no, 3600, %(target)s, 4321, 3600, 1, 1, 1, 1, 4321, 1, now()
  FROM telemetry.series WHERE series_id = %(series_id)s;
INSERT INTO telemetry.quality_hits SELECT %(hour_ago)s, device_no, 1, %(canary)s, 1, 900, 1, 'stream', now()
  FROM telemetry.devices WHERE device_id = %(asset_id)s;
INSERT INTO telemetry.refused (device_id, quantity, period_start, reason, detail, payload, digest)
  VALUES (%(asset_id)s, 'active_power', %(hour_ago)s, %(canary)s, '', '', sha256(convert_to(%(canary)s, 'UTF8')));
INSERT INTO forecast.scores (run_id, series_id, target_start, kind, model, actual_milli, window_version, range_milli,
  level_ratios, pinball_ratio, baseline_ratio)
  VALUES (%(run_id)s, %(series_id)s, %(target)s, 'home_net', %(canary)s, 1, 1, 1, '{1,1,1}', 1, 1);
INSERT INTO forecast.requests (request_id, requested_at, state, body, detail)
  VALUES (%(job_id)s, %(at)s, 'failed', %(request)s, %(canary)s);
INSERT INTO forecast.job_runs (job_id, kind, flow, state, reason, domain_at)
  VALUES (%(job_id)s, 'flow', 'drift-check', 'done', %(canary)s, %(at)s);
INSERT INTO forecast.model_events (model_name, version, model_hash, kind, reason, by)
  VALUES (%(model)s, '1', 'h', 'published', %(canary)s, 'test');
INSERT INTO forecast.alert_actions (alert_id, at, action, by, note)
  VALUES (%(alert_id)s, %(at)s, 'acknowledge', 'test', %(canary)s);
INSERT INTO energy_mlops.prediction_log ("timestamp", predicted_demand, actual_demand, model_version, features_json)
  VALUES (%(hour_ago)s, 1, 1, %(canary)s, jsonb_build_object('respondent', %(canary)s::text));
INSERT INTO energy_mlops.drift_log (dataset_drift_detected, drift_share, n_drifted_features, n_total_features,
  drift_details) VALUES (true, 1, 1, 1, jsonb_build_object(%(canary)s::text, '{}'::jsonb));
INSERT INTO settlement.signings (batch_hash, run_id, nonce, prev_batch, batch, signature)
  VALUES (%(tx_hash)s, %(run_id)s, %(number)s, '', %(batch)s, '');
INSERT INTO settlement.transactions (tx_hash, run_id, batch_hash, tx_nonce, max_fee, raw)
  VALUES (%(tx_hash)s, %(run_id)s, %(tx_hash)s, 1, 1, '');
UPDATE settlement.batches SET state = 'failed', detail = %(canary)s, tx_hash = %(tx_hash)s WHERE run_id = %(run_id)s;
INSERT INTO settlement.rounds (product_id, slot, deployment, due_at, state, detail)
  VALUES (%(product_id)s, %(slot)s, 'shared', %(at)s, 'waiting', %(canary)s);
INSERT INTO settlement.actuals (product_id, slot, version, root, secret, items)
  VALUES (%(product_id)s, %(slot)s, 1, %(canary)s, decode(repeat('ab', 32), 'hex'), '[]');
INSERT INTO settlement.overrides (deployment, request_id, product_hash, operator, reason_hash, reason, asked_at,
  tx_hash)
  VALUES ('shared', %(number)s, %(tx_hash)s, %(address)s, %(tx_hash)s, %(canary)s, %(at)s, %(tx_hash)s);
INSERT INTO settlement.orders (deployment, key_name, contract, method, calldata, idempotency_key, state, detail,
  tx_hash)
  VALUES ('shared', 'keeper', 'Settlement', 'settle', '', %(canary)s, 'none', %(canary)s, %(tx_hash)s);
INSERT INTO settlement.attempts (tx_hash, deployment, key_name, order_id, nonce, gas, max_fee, priority_fee, raw)
  SELECT %(tx_hash)s, 'shared', 'keeper', id, %(number)s, 1, 1, 1, '' FROM settlement.orders WHERE detail = %(canary)s;
INSERT INTO access.audit (tenant_id, service, actor, role, action, method, path, status, address, trace_id)
  VALUES (%(tenant)s, 's', 'a', 'admin', 'x', 'GET', %(canary)s, 200, '', '')
"""


async def fill(tenant: Tenant, dsn: str, mongo: str) -> None:
    """What the tenant's loops and people would have written."""
    slow: Pool = open_pool(dsn, 1, tenant_options(tenant.name))
    RunStore(slow).write(tenant.run, tenant.run.series, "")
    SealStore(slow).upsert([MADE.a_seal(tenant.run)])
    Pages(slow).keep(LATEST, tenant.canary)
    FlowRuns(slow).seed(STANDARD)
    slow.close()
    rows = {"row_factory": dict_row, "autocommit": True, "options": tenant_options(tenant.name, SERVICE)}
    pool: Any = AsyncConnectionPool(dsn, open=False, min_size=1, max_size=1, kwargs=rows)
    async with pool:
        await Runs(pool, VAULT).add(tenant.run)
    given: dict[str, Any] = tenant.ids | {"canary": tenant.canary, "tenant": tenant.name, "number": tenant.number}
    hour_ago, target = NOW - timedelta(hours=1), SLOT - timedelta(hours=1)
    request = Jsonb({"series_ids": [tenant.ids["series_id"]], "product_id": tenant.ids["product_id"]})
    hashes = ("root", "product_id", "region_id", "levels_hash", "model_hash", "feature_hash", "prev_batch")
    batch = dict.fromkeys(Batch.model_fields, 1) | dict.fromkeys(hashes, tenant.ids["tx_hash"])
    moments = {
        "batch": Jsonb(batch),
        "at": NOW,
        "slot": SLOT,
        "target": target,
        "hour_ago": hour_ago,
        "request": request,
    }
    with psycopg.connect(dsn, options=tenant_options(tenant.name), cursor_factory=psycopg.ClientCursor) as db:
        for statement in _ROWS.strip().split(";"):
            db.execute(statement.encode(), given | moments)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo)
    store = MongoCatalogStore(client, "gridseal", tenant.name)
    for record in (tenant.site, tenant.asset, tenant.series, tenant.product):
        await store.save(Target(record.key, record, 1, True))
    await store.edit(tenant.asset, 1, {"name": tenant.canary}, "test", NOW)
    await client["gridseal"]["alerts"].insert_one({"_id": tenant.alert.alert_id, **encode_dict(tenant.alert)})
    await client.close()


def number(dsn: str, tenants: list[Tenant]) -> None:
    """As the stream numbers what the catalog says."""
    records = {record.key: record for one in tenants for record in (one.asset, one.series)}
    with psycopg.connect(dsn, options="-c search_path=telemetry,public") as db:
        db.execute("SELECT ensure_month('2026-06-01'), ensure_hits_month('2026-06-01')")
        assign_numbers(db, reference_from(records))
