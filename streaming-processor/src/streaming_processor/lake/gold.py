"""Gold: training sets. Windows of every series, and the vectors of every feature group, from Silver alone.

A table is written anew only when its content hash differs from that of its newest version, so the same
history gives the same version; the hash stands in the commit, beside the span it covers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridseal.errors import WireError
from gridseal.runtime.logs import get_logger
from streaming_processor.arrays import Ints
from streaming_processor.features.entities import Entity, entities_of
from streaming_processor.features.gold import WINDOWS, gold_function, gold_schema
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.vectors import reach_of
from streaming_processor.lake.manifest import content_hash
from streaming_processor.lake.silver import Silver
from streaming_processor.lake.tables import LakeTable, TableSpec
from streaming_processor.reference import Reference
from streaming_processor.transforms.windows import mean_half_even, window_deltas

log = get_logger(__name__)
_MONTH: Final = pa.field("in_month", pa.string())
"""UTC month of the window or of the target; ``month`` itself is a feature."""
_SAFE: Final = 2**62


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of one training set."""

    name: str
    version: int
    rows: int
    sha256: str
    fresh: bool
    """It was written now; else the newest version holds this content already."""


class Gold:
    """Builds the tables, and proves what an old version holds."""

    def __init__(self, lake_url: str, groups: Iterable[FeatureGroup]) -> None:
        self._groups = tuple(groups)
        windows = TableSpec("gold/windows", WINDOWS.append(_MONTH), ("in_month",))
        specs = {
            g.name: TableSpec(f"gold/{g.name}", gold_schema(g).append(_MONTH), ("in_month",)) for g in self._groups
        }
        self.tables = {name: LakeTable(lake_url, spec) for name, spec in {"windows": windows, **specs}.items()}

    def build(self, silver: Silver, reference: Reference, begin_s: int, end_s: int, now: datetime) -> list[Snapshot]:
        """Windows and vectors of what starts in ``[begin_s, end_s)``."""
        plans = [plan.series for plan in reference.plans]
        entities = entities_of(plans, reference.sites, self._groups)
        site_of = {series.series_id: series.site_id for series in plans}
        parts: dict[str, list[pa.Table]] = {name: [] for name in self.tables}
        for site in sorted(reference.sites):
            mine = [e for e in entities if site_of[e.series_id] == site]
            windows = site_windows(silver, reference, _lanes_of(site, mine, reference), begin_s - _reach_s(mine), end_s)
            inside = windows.filter(pc.greater_equal(windows["window_start_s"], begin_s))
            parts["windows"].append(inside.filter(pc.equal(inside["site_id"], site)))
            for group in self._groups:
                parts[group.name].append(gold_function(group, mine, begin_s, end_s, now)(windows))
        origin = {"from": _text(begin_s), "to": _text(end_s), "silver_version": str(silver.table.table().version())}
        return [self._keep(name, pa.concat_tables(tables), origin) for name, tables in parts.items() if tables]

    def _keep(self, name: str, rows: pa.Table, origin: dict[str, str]) -> Snapshot:
        table = self.tables[name]
        moment = rows["window_start_s"] if name == "windows" else rows["target_start"]
        rows = rows.append_column(_MONTH, _months(moment))
        digest = content_hash(rows)
        newest = self.manifest(name)
        if newest.get("sha256") == digest:
            return Snapshot(name, int(newest["version"]), rows.num_rows, digest, fresh=False)
        version = table.replace(rows, {"sha256": digest, "rows": str(rows.num_rows), **origin})
        return Snapshot(name, version, rows.num_rows, digest, fresh=True)

    def manifest(self, name: str, version: int | None = None) -> dict[str, Any]:
        """What the commit of a snapshot says; of the newest one without a version. Empty if there is none."""
        for commit in self.tables[name].table().history():
            if "sha256" in commit and version in (None, commit["version"]):
                return {k: commit[k] for k in ("version", "sha256", "rows", "from", "to", "silver_version")}
        return {}

    def verify(self, name: str, version: int) -> str:
        """Read a version again and compare its content with its manifest; returns the hash.

        Raises:
            WireError: It holds something else.
        """
        said, found = self.manifest(name, version).get("sha256"), content_hash(self.tables[name].as_of(version))
        if said != found:
            raise WireError(f"gold/{name} version {version} does not hold what its manifest says", reason="manifest")
        return found


def site_windows(silver: Silver, reference: Reference, plans: frozenset[int], begin_s: int, end_s: int) -> pa.Table:
    """Windows of some series (positions in ``reference.plans``) that lie in ``[begin_s, end_s)``."""
    known = {asset.device_id: i for i, asset in enumerate(reference.assets)}
    wanted = {i.device_id for p in plans for i in reference.plans[p].series.inputs}
    # A period may begin before the first window that it fills.
    devices = {d: known[d] for d in wanted if d in known}
    rows = silver.rows(reference, devices, begin_s - 86_400, end_s)
    deltas = window_deltas(rows, reference.only(plans))
    width = reference.lanes.width_s[deltas.lane]
    kept = np.flatnonzero((deltas.window_start >= begin_s) & (deltas.window_start + width <= end_s))
    lane, plan = deltas.lane[kept], reference.lane_plan[deltas.lane[kept]]
    inputs = np.array([len(each.series.inputs) for each in reference.plans], np.int64)[plan]
    series = [each.series for each in reference.plans]
    return pa.table(
        {
            "site_id": pa.array([series[p].site_id for p in plan.tolist()], pa.string()),
            "series_id": pa.array([series[p].series_id for p in plan.tolist()], pa.string()),
            "width_s": reference.lanes.width_s[lane],
            "window_start_s": deltas.window_start[kept],
            "mean_milli": _means(deltas.weighted_sum[kept], inputs, deltas.covered_s[kept]),
            "covered_s": deltas.covered_s[kept],
            "expected_s": reference.lanes.width_s[lane] * inputs,
            "count": deltas.count[kept],
            "min_milli": deltas.min_milli[kept],
            "max_milli": deltas.max_milli[kept],
        },
        schema=WINDOWS,
    )


def _means(weighted_sum: Ints, inputs: Ints, covered_s: Ints) -> Ints:
    """``mean_half_even`` of many; by Python's integers where 64 bits may not hold the product."""
    large = np.abs(weighted_sum.astype(np.float64)) * inputs >= _SAFE
    quotient, remainder = np.divmod(np.where(large, 0, weighted_sum * inputs), covered_s)
    up = (2 * remainder > covered_s) | ((2 * remainder == covered_s) & (quotient % 2 == 1))
    means: Ints = quotient + up
    for i in np.flatnonzero(large):
        means[i] = mean_half_even(int(weighted_sum[i]), int(inputs[i]), int(covered_s[i]))
    return means


def _lanes_of(site: str, entities: Iterable[Entity], reference: Reference) -> frozenset[int]:
    """The site's own series, and those of elsewhere whose weather its vectors read."""
    read = {lane.series_id for entity in entities for lane in entity.lanes}
    return frozenset(i for i, p in enumerate(reference.plans) if p.series.site_id == site or p.series.series_id in read)


def _reach_s(entities: Iterable[Entity]) -> int:
    """How far back before their first moment vectors look."""
    reaches = [reach_of(entity, lane) for entity in entities for lane in entity.lanes]
    return max((max(r.span_s, -min(r.offsets_s, default=0)) for r in reaches), default=0)


def _months(moments: pa.ChunkedArray) -> pa.Array:
    seconds = moments.cast(pa.int64()).to_numpy()
    if pa.types.is_timestamp(moments.type):
        seconds = seconds // 1_000_000
    return pa.array(seconds.astype("datetime64[s]").astype("datetime64[M]").astype(str).tolist(), pa.string())


def _text(moment_s: int) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat()
