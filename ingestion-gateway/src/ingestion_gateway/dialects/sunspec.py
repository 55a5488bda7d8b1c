"""SunSpec models as JSON: ``{"models": [{"ID": 103, "W": 512, "W_SF": 1, …}]}``, points with their scale factors.

Inverters (101 to 103 whole numbers, 111 to 113 floats) and DER measurements (701) count generation as positive, as we
do. Meters (201 to 204, 211 to 214) give registers; their power has no agreed sign and needs a setting. Storage: 713,
802. Other models hold settings and curves and say nothing here. There is no time in the form: a message counts as of
its receipt.
"""

from collections.abc import Iterator
from typing import Any, Final

from ingestion_gateway.dialects.base import MappedDialect
from ingestion_gateway.dialects.dialect import Adapted, DialectError
from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Metric, Said, Sample
from ingestion_gateway.dialects.payloads import MAX_ITEMS, number, parse_object
from ingestion_gateway.dialects.units import scaled

KNOWN: Final[dict[str, Metric]] = {
    "W": Metric("active_power"),
    "VA": Metric("apparent_power"),
    "Var": Metric("reactive_power"),
    "PF": Metric("power_factor"),
    "A": Metric("current"),
    "Hz": Metric("frequency"),
    "LNV": Metric("voltage"),
    "WhInj": Metric("energy_export_register"),
    "WhAbs": Metric("energy_import_register"),
    "SoC": Metric("state_of_charge"),
    "TmpAmb": Metric("air_temperature"),
}
Point = tuple[str, str, str, str]
"""Name in the model, name of its scale factor, name here, unit."""
_AC: Final[tuple[Point, ...]] = (
    ("W", "W_SF", "W", "W"),
    ("VA", "VA_SF", "VA", "V.A"),
    ("A", "A_SF", "A", "A"),
    ("Hz", "Hz_SF", "Hz", "Hz"),
)
_INVERTER: Final[tuple[Point, ...]] = (
    *_AC,
    ("VAr", "VAr_SF", "Var", "var"),
    ("PF", "PF_SF", "PF", "%"),
    ("PhVphA", "V_SF", "PhVphA", "V"),
    ("WH", "WH_SF", "WhInj", "W.h"),
)
_DER: Final[tuple[Point, ...]] = (
    *_AC,
    ("Var", "Var_SF", "Var", "var"),
    ("PF", "PF_SF", "PF", "1"),
    ("LNV", "V_SF", "LNV", "V"),
    ("TotWhInj", "TotWh_SF", "WhInj", "W.h"),
    ("TotWhAbs", "TotWh_SF", "WhAbs", "W.h"),
    ("TmpAmb", "Tmp_SF", "TmpAmb", "Cel"),
)
_METER: Final[tuple[Point, ...]] = (
    ("W", "W_SF", "meter.W", "W"),
    ("PhV", "V_SF", "LNV", "V"),
    ("Hz", "Hz_SF", "Hz", "Hz"),
    ("TotWhExp", "TotWh_SF", "WhInj", "W.h"),
    ("TotWhImp", "TotWh_SF", "WhAbs", "W.h"),
)
_MODELS: Final[dict[int, tuple[Point, ...]]] = {
    **dict.fromkeys((101, 102, 103, 111, 112, 113), _INVERTER),
    **dict.fromkeys((201, 202, 203, 204, 211, 212, 213, 214), _METER),
    701: _DER,
    713: (("SoC", "Pct_SF", "SoC", "%"),),
    802: (("SoC", "SoC_SF", "SoC", "%"),),
}
_NOT_IMPLEMENTED: Final = frozenset({-32_768, 65_535, -2_147_483_648, 4_294_967_295})


class SunSpec(MappedDialect):
    """One entry of dialect ``sunspec``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry, KNOWN)

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message."""
        name = self._mapper.name_in(topic)
        models = parse_object(payload).get("models")
        if not isinstance(models, list) or len(models) > MAX_ITEMS:
            raise DialectError("models should be a list")
        samples = [sample for model in models if isinstance(model, dict) for sample in _samples(model)]
        return self._mapper.messages(topic, name, Said(received_at_ms, received_at_ms), samples)


def _samples(model: dict[str, Any]) -> Iterator[Sample]:
    kind = model.get("ID")
    for point, factor, name, unit in _MODELS.get(kind, ()) if isinstance(kind, int) else ():
        value = number(model.get(point))
        if value is None or value in _NOT_IMPLEMENTED:
            continue
        power = model.get(factor)
        power = 0 if power is None else power
        if type(power) is not int or not -10 <= power <= 10:
            raise DialectError("a scale factor should be a whole number from -10 to 10")
        yield Sample(name, *scaled(value, power, unit))
