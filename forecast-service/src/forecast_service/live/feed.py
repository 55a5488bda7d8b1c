"""Kafka into the hub: runs, seals, alerts, windows and rounds, from now on."""

import asyncio
from collections import OrderedDict
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter

from forecast_service.catalog import Catalog
from forecast_service.live.hub import Hub
from forecast_service.live.narrow import alert_event, forecast_event, round_event, seal_event, window_event
from forecast_service.store.views import ForecastViews
from gridseal.access.tenant_rows import FIRST
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.clock import Clock
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import decode, encode_dict
from gridseal.wire.forecasts import ForecastRun, Seal
from gridseal.wire.rounds import RoundChange
from gridseal.wire.topics import ALERTS, FEATURES_WINDOWS, FORECASTS_ISSUED, FORECASTS_SEALED, ROUNDS_CHANGED
from gridseal.wire.windows import Window

log = get_logger(__name__)
TOPICS = (FORECASTS_ISSUED, FORECASTS_SEALED, ALERTS, FEATURES_WINDOWS, ROUNDS_CHANGED)
RUNS_KNOWN = 2_000
ROUNDS_BACK = 256
"""So many messages about rounds are read again at the start: no table here has them, so they are the snapshot."""
ACTUALS = timedelta(hours=24)


class LiveFeed:
    """Follows the topics without a group: every API process shows everything."""

    def __init__(
        self, bootstrap: str, hub: Hub, views: ForecastViews, catalog: Catalog, clock: Clock,
        registry: CollectorRegistry, tenant: str = FIRST,
    ) -> None:  # fmt: skip
        self._bootstrap = bootstrap
        self._tenant = tenant
        self._hub = hub
        self._views = views
        self._catalog = catalog
        self._clock = clock
        self._series_of: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._at_end = asyncio.Event()
        self._refused = Counter(
            "gridseal_live_refused_total", "Messages that are not of the contract", ["topic"], registry=registry
        )
        self._of_others = Counter(
            "gridseal_live_of_others_total", "Messages of other tenants, passed over", ["topic"], registry=registry
        )

    async def probe(self) -> None:
        """Ready once the topics are followed.

        Raises:
            UnavailableError: They are not.
        """
        if not self._at_end.is_set():
            raise UnavailableError("the live topics are not followed yet")

    async def run(self) -> None:
        """Follow until cancelled.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        consumer = AIOKafkaConsumer(
            *TOPICS, **client_options(self._bootstrap), enable_auto_commit=False, auto_offset_reset="latest"
        )
        try:
            await consumer.start()
            partitions = list(consumer.assignment())
            await consumer.seek_to_end(*partitions)
            for partition in partitions:
                end = await consumer.position(partition)
                if partition.topic == ROUNDS_CHANGED:
                    begin = (await consumer.beginning_offsets([partition]))[partition]
                    consumer.seek(partition, max(begin, end - ROUNDS_BACK))
            self._at_end.set()
            while True:
                for records in (await consumer.getmany(timeout_ms=500, max_records=500)).values():
                    for record in records:
                        await self._take(record)
        except KafkaError as error:
            raise UnavailableError("Kafka does not answer, or lacks a topic of live data") from error
        finally:
            await consumer.stop()

    async def _take(self, record: ConsumerRecord) -> None:
        value = record.value or b""
        try:
            if not await self._show(record.topic, value):
                self._of_others.labels(record.topic).inc()
        except WireError as error:
            self._refused.labels(record.topic).inc()
            log.warning("live_message_refused", topic=record.topic, reason=error.reason, detail=str(error))

    async def _show(self, topic: str, value: bytes) -> bool:
        """False for what is another tenant's: by its own word, or that of the run, series or product it is about."""
        if topic == FORECASTS_ISSUED:
            run = decode(ForecastRun, value)
            if mine := run.tenant_id == self._tenant:
                await self._run_issued(run)
        elif topic == FORECASTS_SEALED:
            mine = await self._sealed(decode(Seal, value))
        elif topic == ALERTS:
            alert = decode(Alert, value)
            if mine := alert.tenant_id == self._tenant:
                self._hub.publish(alert_event(encode_dict(alert)))
        elif topic == ROUNDS_CHANGED:
            change = decode(RoundChange, value)
            if mine := self._catalog.product(change.product_id) is not None:
                self._hub.publish(round_event(encode_dict(change)))
        else:
            window = decode(Window, value)
            if mine := self._catalog.has_series(window.series_id):
                self._hub.publish(window_event(encode_dict(window)))
        return mine

    async def _run_issued(self, run: ForecastRun) -> None:
        known = self._catalog.series
        self._remember(run)
        # A chart shows one product of a series; runs of the others are on REST.
        speaking, now = self._catalog.speaking, self._clock.now()
        mine = (s.series_id for s in run.series if speaking.get(s.series_id, run.product_id) == run.product_id)
        series = [self._catalog.as_forecast(known[name], run.product_id) for name in mine if name in known]
        shown = dict.fromkeys((s.series_id for s in series), run.product_id)
        for view in await self._views.latest(series, self._catalog.sites, now - ACTUALS, now, products=shown):
            if view.run_id == run.run_id:
                self._hub.publish(forecast_event(encode_dict(view)))

    async def _sealed(self, seal: Seal) -> bool:
        if seal.run_id not in self._series_of:
            run = await self._views.run(seal.run_id)
            if run is None:
                return False
            self._remember(run)
        self._hub.publish(seal_event(encode_dict(seal), self._series_of[seal.run_id]))
        return True

    def _remember(self, run: ForecastRun) -> None:
        self._series_of[run.run_id] = frozenset(s.series_id for s in run.series)
        while len(self._series_of) > RUNS_KNOWN:
            self._series_of.popitem(last=False)
