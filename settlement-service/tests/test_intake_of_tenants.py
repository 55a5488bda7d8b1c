"""``forecasts.issued`` holds the runs of all tenants; each is sealed by its own tenant's service."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun
from settlement_service.intake import Intake
from settlement_service.metrics import SealMetrics


class Taken:
    """In the place of the outbox."""

    def __init__(self) -> None:
        self.tenants: list[str] = []

    async def add(self, run: ForecastRun) -> bool:
        self.tenants.append(run.tenant_id)
        return True


@pytest.mark.parametrize("tenant", ["demo", "north"])
async def test_the_runs_of_others_are_counted_and_left(tenant: str, make_run: Callable[..., ForecastRun]) -> None:
    taken, registry, nothing = Taken(), CollectorRegistry(), None
    parts: Any = (nothing, nothing, taken)
    intake = Intake(*parts, SealMetrics(registry), asyncio.Event(), asyncio.Event(), tenant=tenant)
    for owner in ("demo", "north", "south"):
        record: Any = SimpleNamespace(value=encode(make_run(tenant_id=owner)))
        await intake.take(record)

    assert taken.tenants == [tenant]
    assert registry.get_sample_value("gridseal_seal_messages_of_others_total") == 2
