"""Answers of the list routes. The items are the records of ``gridseal.wire.catalog``."""

from gridseal.wire.catalog import Asset, Product, Series, Site
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.views import AssetPerformance


class SitePage(Message):
    """Answer of ``GET /api/v1/sites``."""

    items: tuple[Site, ...]
    next_cursor: str | None = None


class AssetPage(Message):
    """Answer of ``GET /api/v1/assets``."""

    items: tuple[Asset, ...]
    next_cursor: str | None = None


class SeriesPage(Message):
    """Answer of ``GET /api/v1/series``."""

    items: tuple[Series, ...]
    next_cursor: str | None = None


class ProductPage(Message):
    """Answer of ``GET /api/v1/products``."""

    items: tuple[Product, ...]
    next_cursor: str | None = None


class PerformancePage(Message):
    """Answer of ``GET /api/v1/assets/performance``."""

    as_at: UtcTime
    items: tuple[AssetPerformance, ...]
    next_cursor: str | None = None
