"""Which series get vectors of which group, and which weather belongs to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gridseal.wire.catalog import Series, Site
from streaming_processor.features.groups import FeatureGroup


@dataclass(frozen=True, slots=True)
class Lane:
    """Windows of one series at one width."""

    series_id: str
    width_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """A series in a group, with all that its vectors need to know of it. Equal only to itself."""

    group: FeatureGroup
    lane: Lane
    region_id: str
    timezone: str
    latitude: float
    longitude: float
    capacity_w: int | None
    weather: tuple[tuple[str, Lane], ...]
    """Quantity → the windows it is taken from, by quantity."""

    @property
    def series_id(self) -> str:
        """Id of the series."""
        return self.lane.series_id

    @property
    def horizons_s(self) -> tuple[int, ...]:
        """Horizons of its vectors."""
        return self.group.horizons_of(self.lane.width_s)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All that its vectors are computed from, its own first."""
        return (self.lane, *(lane for _, lane in self.weather))


def entities_of(
    series: Iterable[Series], sites: Mapping[str, Site], groups: Iterable[FeatureGroup]
) -> tuple[Entity, ...]:
    """Every series of a known site in every group that is for its kind."""
    listed = sorted((s for s in series if s.site_id in sites), key=lambda s: s.series_id)
    weather = _weather_by_place(listed, sites)
    return tuple(
        Entity(
            group=group,
            lane=Lane(each.series_id, group.width_s or each.resolution_s),
            region_id=sites[each.site_id].region_id,
            timezone=sites[each.site_id].timezone,
            latitude=sites[each.site_id].latitude,
            longitude=sites[each.site_id].longitude,
            capacity_w=each.capacity_w,
            weather=() if group.family in ("weather", "power") else _nearest(weather, sites[each.site_id]),
        )
        for group in groups
        for each in listed
        if each.kind in group.kinds and (group.width_s is None or each.resolution_s <= group.width_s)
    )


def _weather_by_place(series: Iterable[Series], sites: Mapping[str, Site]) -> dict[tuple[str, str], Lane]:
    """(site or region, quantity) → lane; the first series by id where there are several."""
    found: dict[tuple[str, str], Lane] = {}
    for each in series:
        if each.kind == "weather" and len(each.inputs) == 1:
            lane, quantity = Lane(each.series_id, each.resolution_s), each.inputs[0].quantity
            found.setdefault((f"site/{each.site_id}", quantity), lane)
            found.setdefault((f"region/{sites[each.site_id].region_id}", quantity), lane)
    return found


def _nearest(weather: Mapping[tuple[str, str], Lane], site: Site) -> tuple[tuple[str, Lane], ...]:
    """The site's own weather, quantity by quantity, else that of another site of the region."""
    best: dict[str, Lane] = {}
    for place in (f"region/{site.region_id}", f"site/{site.site_id}"):
        best.update({quantity: lane for (where, quantity), lane in weather.items() if where == place})
    return tuple(sorted(best.items()))
