"""What batteries hold at a slot, from their state of charge. Pure."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from forecast_service.catalog import Catalog
from forecast_service.hierarchy.storage import Battery
from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import Series

CHARGE_REACH = timedelta(days=1)
"""A state of charge older than this says nothing about now."""


def charge_series(series: Sequence[Series], catalog: Catalog) -> list[Series]:
    """The series of the state of charge, in %, of each battery among ``series`` whose capacity the catalog knows."""
    assets = catalog.assets
    wanted = {s.asset_id for s in series if s.kind == "storage" and s.asset_id is not None}
    known = {a for a in wanted if a in assets and assets[a].energy_wh is not None}
    return [s for s in catalog.series.values() if s.asset_id in known and _is_charge(s)]


def batteries_of(series: Sequence[Series], catalog: Catalog, charges: Sequence[SeriesHistory]) -> dict[str, Battery]:
    """Per series of a battery, its limits with the newest state of charge; a battery without one is left out."""
    assets, out = catalog.assets, {}
    percent = {h.series.asset_id: last for h in charges if (last := _newest(h)) is not None}
    for one in series:
        asset = assets.get(one.asset_id or "")
        if one.kind == "storage" and asset is not None and asset.energy_wh is not None and one.asset_id in percent:
            held = asset.energy_wh * min(max(percent[one.asset_id], 0.0), 100.0) / 100
            out[one.series_id] = Battery(asset.energy_wh, held, asset.rating_w)
    return out


def _is_charge(series: Series) -> bool:
    return series.unit == "%" and [i.quantity for i in series.inputs] == ["state_of_charge"]


def _newest(history: SeriesHistory) -> float | None:
    known = history.values[np.isfinite(history.values)]
    return float(known[-1]) if len(known) else None
