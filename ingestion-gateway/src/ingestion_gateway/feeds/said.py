"""What one answer says, value by value: records of its source, and what was left out with why. Pure."""

from datetime import datetime
from typing import Literal

from gridseal.wire.demand import Demand
from gridseal.wire.market import MarketPrice
from ingestion_gateway.feeds.ports import Answer, Batch, FeedRecord
from ingestion_gateway.feeds.sources import Source


class Said:
    """The values of one answer. Of two values of one period the first counts."""

    def __init__(self, answer: Answer, source: Source, provider: str) -> None:
        self._answer, self._source, self._provider = answer, source, provider
        self._records: dict[tuple[datetime, int], FeedRecord] = {}
        self.left_out: dict[str, int] = {}

    def skip(self, why: str, count: int = 1) -> None:
        """Count what is no value of the source."""
        if count:
            self.left_out[why] = self.left_out.get(why, 0) + count

    def take(
        self,
        start: datetime,
        period_s: int,
        value: float,
        *,
        unit: Literal["MW", "MW.h"] = "MW",
        updated_at: datetime | None = None,
        auction: str = "",
        currency: str = "EUR",
    ) -> None:
        """A value of a period: a price where the source is one, else demand."""
        if (start, period_s) in self._records:
            self.skip("duplicate")
        elif self._source.content == "price":
            self._records[start, period_s] = self._price(start, period_s, value, updated_at, auction, currency)
        else:
            self._records[start, period_s] = self._demand(start, period_s, value, unit, updated_at)

    def batch(self) -> Batch:
        """Everything, oldest first."""
        records = [self._records[place] for place in sorted(self._records)]
        return Batch(records, self.left_out, self._answer.served_at)

    def _demand(
        self, start: datetime, period_s: int, value: float, unit: Literal["MW", "MW.h"], updated_at: datetime | None
    ) -> Demand:
        source = self._source
        return Demand(
            series_id=source.series,
            region_id=source.region_id,
            kind="day_ahead_forecast" if source.content == "day_ahead_forecast" else "actual",
            provider=self._provider,
            provider_code=source.code,
            period_start=start,
            period_s=period_s,
            unit=unit,
            value=value,
            known_at=self._answer.received_at,
            provider_updated_at=updated_at,
        )

    def _price(
        self, start: datetime, period_s: int, value: float, updated_at: datetime | None, auction: str, currency: str
    ) -> MarketPrice:
        source = self._source
        return MarketPrice(
            series_id=source.series,
            region_id=source.region_id,
            market="retail" if source.options.get("market") == "retail" else "day_ahead",
            auction=auction,
            provider=self._provider,
            provider_code=source.code,
            period_start=start,
            period_s=period_s,
            currency=currency,
            value=value,
            known_at=self._answer.received_at,
            provider_updated_at=updated_at,
        )
