"""What there is to forecast: the state that the records of ``assets.changed`` add up to."""

from datetime import datetime

from forecast_service.products.plan import forecast_series
from gridseal.wire.catalog import Asset, CatalogMessage, CatalogRecord, Product, Series, Site
from gridseal.wire.codec import decode


class Catalog:
    """Sites, series and products by id. Pure: feed it records, ask it questions."""

    def __init__(self, tenant: str | None = None) -> None:
        """With a tenant, records of others are passed over."""
        self._tenant = tenant
        self._records: dict[str, Site | Asset | Series | Product] = {}

    def apply(self, key: str, value: bytes | None) -> bool:
        """Take one record of the topic; no value deletes. False for another tenant's, which is none here.

        Raises:
            WireError: The value is no catalog record. The catalog stays as it was.
        """
        item = None if value is None else decode(CatalogMessage, value).item
        mine = item is None or self._tenant is None or item.tenant_id in (None, self._tenant)
        if item is None or not mine:
            self._records.pop(key, None)
        else:
            self._records[key] = item
        return mine

    @property
    def records(self) -> tuple[CatalogRecord, ...]:
        """Everything, as it stands now."""
        return tuple(self._records.values())

    @property
    def sites(self) -> dict[str, Site]:
        """Sites by id."""
        return {r.site_id: r for r in self._records.values() if isinstance(r, Site)}

    @property
    def assets(self) -> dict[str, Asset]:
        """Assets by id."""
        return {r.asset_id: r for r in self._records.values() if isinstance(r, Asset)}

    @property
    def series(self) -> dict[str, Series]:
        """All series by id, in the order of their ids."""
        found = {r.series_id: r for r in self._records.values() if isinstance(r, Series)}
        return dict(sorted(found.items()))

    def has_series(self, series_id: str) -> bool:
        """Whether there is such a series."""
        return f"series/{series_id}" in self._records

    @property
    def products(self) -> list[Product]:
        """Products in the order of their ids."""
        return sorted((r for r in self._records.values() if isinstance(r, Product)), key=lambda p: p.product_id)

    def product(self, product_id: str) -> Product | None:
        """One product, or none."""
        found = self._records.get(f"product/{product_id}")
        return found if isinstance(found, Product) else None

    def series_of(self, product: Product) -> list[Series]:
        """Series that the product forecasts."""
        chosen = [s for s in self.series.values() if s.forecast and s.kind in product.kinds]
        if product.region_ids is None:
            return chosen
        sites = self.sites
        return [s for s in chosen if s.site_id in sites and sites[s.site_id].region_id in product.region_ids]

    def series_due(self, product: Product, slot: datetime) -> list[Series]:
        """Series that take part in the run of one slot."""
        at = int(slot.timestamp())
        return [s for s in self.series_of(product) if at % s.issue_every_s == 0]

    @property
    def speaking(self) -> dict[str, str]:
        """Product by series id: ``product_of`` for all series at once."""
        found: dict[str, str] = {}
        for product in sorted(self.products, key=lambda p: p.horizon_s):
            for series in self.series_of(product):
                found.setdefault(series.series_id, product.product_id)
        return found

    def as_forecast(self, series: Series, product_id: str) -> Series:
        """The series at the resolution of a product's forecast."""
        product = self.product(product_id)
        return forecast_series(product, [series])[0] if product else series

    def product_of(self, series: Series) -> Product | None:
        """The product that speaks for the series where none is asked for: of all that forecast it, the shortest."""
        mine = [p for p in self.products if any(s.series_id == series.series_id for s in self.series_of(p))]
        return min(mine, key=lambda p: p.horizon_s, default=None)
