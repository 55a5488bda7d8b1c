"""Which product a demo runs, on which answers, and in which year: read from ``presets.yaml`` and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from local_stack.errors import StackError
from local_stack.layout import Layout

FILE: Final = Path(__file__).with_name("presets.yaml")
CATALOG: Final = Path("asset-service/src/asset_service/catalog/optional")
RECORDINGS: Final = Path("ingestion-gateway/tests/feeds/recordings")
DEFAULT_SETS: Final = "../shared/data"
STEM: Final = "preset"
"""Name of the written source file, by which the feeds are told to take nothing else."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Recorded(_Strict):
    """Answers in the repository."""

    origin: AwareDatetime
    days: float
    says: str
    only: tuple[str, ...]
    """Sources of the gateway's own catalog."""


class Long(_Strict):
    """A file of a provider's series, and the source that reads it."""

    file: str
    origin: AwareDatetime
    days: float
    says: str
    period_s: int | None = None
    """Seconds of each of its values, where the meter of the catalog reports more often: meter and series follow it."""
    each: tuple[Mapping[str, str | float], ...] = ()
    """Places to put in for ``{…}`` in the catalog file and in the source; empty: as the files are."""
    source: Mapping[str, str | int]


class Preset(_Strict):
    """One entry of ``presets.yaml``."""

    title: str
    catalog: str
    """File in asset-service's folder of optional presets."""
    scale: float = Field(gt=0)
    products: tuple[str, ...] = ()
    """Those of the catalog file that are shown; empty: all."""
    recorded: Recorded | None = None
    long: Long


@dataclass(frozen=True, slots=True)
class Plan:
    """A preset with the data that there is for it."""

    name: str
    preset: Preset
    data: Recorded | Long
    sets: Path | None
    """Folder of the long series; none where recordings serve."""

    @property
    def origin(self) -> datetime:
        """Domain time at the start."""
        return self.data.origin

    @property
    def begin(self) -> datetime:
        """Where the back-fill begins."""
        return self.origin - timedelta(days=self.data.days)

    @property
    def trains(self) -> bool:
        """Whether there is enough to learn from."""
        return isinstance(self.data, Long)

    @property
    def sources(self) -> str:
        """``FEEDS_ONLY``."""
        return STEM if isinstance(self.data, Long) else ",".join(self.data.only)


def plan_for(name: str, sets: str, layout: Layout) -> Plan:
    """What ``PRODUCT=name SETS=sets`` asks for.

    Raises:
        StackError: There is no such product, or there are no data for it on this machine.
    """
    presets = _presets()
    if name not in presets:
        raise StackError(f"there is no product {name} to show: there are {', '.join(presets)}")
    preset = presets[name]
    folder = (layout.root / (sets or DEFAULT_SETS)).resolve()
    if (folder / preset.long.file).is_file():
        return Plan(name, preset, preset.long, folder)
    if sets:
        raise StackError(f"{folder} has no {preset.long.file}: docs/products.md says where it comes from")
    if preset.recorded is None:
        raise StackError(
            f"{name} has no recorded answers in the repository: give the folder that holds {preset.long.file}"
            f" (make demo PRODUCT={name} SETS=folder); docs/products.md says where it comes from"
        )
    return Plan(name, preset, preset.recorded, None)


def write_files(plan: Plan, layout: Layout, folder: Path) -> None:
    """The catalog that asset-service reads, and the sources that the feeds read, below ``folder``."""
    catalog: dict[str, Any] = yaml.safe_load((layout.root / CATALOG / f"{plan.preset.catalog}.yaml").read_text())
    wanted = plan.preset.products
    catalog["products"] = [p for p in catalog["products"] if not wanted or p["product_id"] in wanted]
    sources: list[dict[str, Any]] = []
    if isinstance(plan.data, Long):
        if plan.data.each:
            catalog["each"] = [{k: str(v) for k, v in one.items()} for one in plan.data.each]
        if plan.data.period_s is not None:
            _report_every(catalog, plan.data.period_s)
        sources = [_filled(plan.data.source, one) for one in plan.data.each or ({},)]
        # The gateway's own records have these ids, too: both are read, each id may stand once.
        sources = [source | {"source_id": f"{STEM}-{source['source_id']}"} for source in sources]
    for name, content in (("catalog", catalog), ("sources", {"sources": sources})):
        path = folder / name / f"{STEM}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def _report_every(catalog: dict[str, Any], period_s: int) -> None:
    """Meters that report so often, and what is forecast of them no finer."""
    for asset in catalog["assets"]:
        if asset["telemetry_class"] == "meter":
            asset["native_period_s"] = max(asset["native_period_s"], period_s)
    for series in catalog["series"]:
        if series.get("forecast", True):
            series |= {name: max(series[name], period_s) for name in ("resolution_s", "issue_every_s")}


def _presets() -> dict[str, Preset]:
    try:
        content: dict[str, Any] = yaml.safe_load(FILE.read_text())
        return {name: Preset.model_validate(each) for name, each in content.items()}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StackError(f"{FILE.name}: {error.title} has a wrong {where}: {first['msg']}") from error


def _filled(source: Mapping[str, str | int], names: Mapping[str, str | float]) -> dict[str, Any]:
    return {k: v.format_map(names) if isinstance(v, str) and names else v for k, v in source.items()}
