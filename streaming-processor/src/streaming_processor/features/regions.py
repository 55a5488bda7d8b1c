"""Which public holidays a region keeps: the country, and the part of it where holidays differ by part."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """Codes of the library ``holidays``: ISO 3166-1, and its name of the subdivision."""

    country: str
    subdivision: str | None = None


_PLACES: Final[dict[str, Place]] = {
    # Federal holidays only, as S3 asks: state holidays move little load.
    "us": Place("US"),
    "fr": Place("FR"),
    "gb": Place("GB", "ENG"),
    "gb-scotland": Place("GB", "SCT"),
    "gb-wales": Place("GB", "WLS"),
    "gb-northern-ireland": Place("GB", "NIR"),
    "de": Place("DE"),
    "nl": Place("NL"),
    "be": Place("BE"),
    "es": Place("ES"),
    "at": Place("AT"),
    "ch": Place("CH"),
    "dk": Place("DK"),
    "it": Place("IT"),
    "pt": Place("PT"),
    "au-nsw": Place("AU", "NSW"),
    "au-vic": Place("AU", "VIC"),
    "au-qld": Place("AU", "QLD"),
    "au-sa": Place("AU", "SA"),
    "au-tas": Place("AU", "TAS"),
    "au": Place("AU"),
}


@lru_cache(maxsize=10_000)
def place_of(region_id: str) -> Place | None:
    """The entry with the most leading parts in common: ``us-ca-fontana`` finds ``us``; None for a stranger."""
    parts = region_id.split("-")
    for n in range(len(parts), 0, -1):
        place = _PLACES.get("-".join(parts[:n]))
        if place is not None:
            return place
    return None
