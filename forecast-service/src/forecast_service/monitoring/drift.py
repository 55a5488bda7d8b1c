"""Which features of the last days have drifted from the reference, and what share of them. Pure.

A feature has drifted where its PSI is large enough to matter and its Kolmogorov-Smirnov distance too large for
chance, given how few independent values a week of hours holds. Each respondent is compared with its own past: its
values are centered and scaled by its own reference first. The reference is that of the same season where it has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.monitoring.distribution import effective_size, shift
from forecast_service.ports import Floats

DAY_S, YEAR_DAYS = 86_400, 365.2425
PSI_MATTERS = 0.2
"""The usual limit of a "significant shift" (credit scoring practice; 0.1 is "moderate")."""
P_CHANCE = 0.01
LEAST_VALUES = 24
"""Values of a feature on either side below which it is not judged."""
SEASON_DAYS = 45
"""Days of the year on either side that count as the same season."""
LEAST_SEASON_DAYS = 14
CALENDAR = frozenset({"hour_of_day", "day_of_week", "month", "is_weekend", "is_holiday"})
"""Known for ever: a week in June differs from a year in ``month``, which says nothing about the data."""


@dataclass(frozen=True)
class FeatureTable:
    """Rows of features, one per respondent and hour, in the order of respondent and time."""

    names: tuple[str, ...]
    respondents: NDArray[np.str_]
    """``(N,)``."""
    times_s: NDArray[np.int64]
    """``(N,)`` Unix seconds."""
    values: Floats
    """``(N, F)``; NaN is unknown."""

    def __len__(self) -> int:
        return len(self.times_s)

    def where(self, rows: NDArray[np.bool_]) -> "FeatureTable":
        """Those rows only."""
        return FeatureTable(self.names, self.respondents[rows], self.times_s[rows], self.values[rows])

    @property
    def days(self) -> float:
        """Different days in it."""
        return float(len(np.unique(self.times_s // DAY_S)))


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One feature. Numbers are None where it was not judged."""

    drifted: bool
    psi: float | None = None
    ks: float | None = None
    p_value: float | None = None
    unjudged: str = ""
    reference_mean: float | None = None
    current_mean: float | None = None
    reference_missing: float = 0.0
    """Share of rows without a value."""
    current_missing: float = 0.0


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a check found."""

    features: Mapping[str, FeatureDrift]
    rows: int
    reference_rows: int
    seasonal: bool
    """Whether the reference was cut to the season of the checked days."""
    strangers: tuple[str, ...]
    """Respondents that the reference does not know: they are not judged."""
    threshold: float

    @property
    def n_total(self) -> int:
        """Features that were judged."""
        return sum(not f.unjudged for f in self.features.values())

    @property
    def n_drifted(self) -> int:
        """Of these, drifted."""
        return sum(f.drifted for f in self.features.values())

    @property
    def share(self) -> float:
        """``drift_share``; 0 where nothing could be judged."""
        return self.n_drifted / self.n_total if self.n_total else 0.0

    @property
    def detected(self) -> bool:
        """Whether the share is strictly above the threshold."""
        return self.share > self.threshold

    def details(self) -> dict[str, dict[str, object]]:
        """Per feature, as JSON keeps it."""
        return {name: {k: v for k, v in asdict(f).items() if v not in (None, "")} for name, f in self.features.items()}


@dataclass(frozen=True, slots=True)
class Judged:
    """A report and the two sides that it compares."""

    report: DriftReport
    reference: FeatureTable
    current: FeatureTable


def worst(reports: Mapping[str, DriftReport]) -> str:
    """The dataset whose ``drift_share`` counts: that of the largest; of equals the first."""
    return max(reports, key=lambda name: reports[name].share)


def judge(reference: FeatureTable, current: FeatureTable, threshold: float) -> DriftReport:
    """Compare the rows of some days with a reference.

    Args:
        reference: What the model was trained on; the same columns.
        current: The days in question.
        threshold: Share of drifted features above which the whole has drifted (``DRIFT_SHARE_THRESHOLD``).
    """
    cut, seasonal = same_season(reference, current)
    known = set(np.unique(cut.respondents).tolist())
    seen = np.unique(current.respondents).tolist()
    strangers = tuple(name for name in seen if name not in known)
    judged = current.where(np.isin(current.respondents, list(known)))
    cut = cut.where(np.isin(cut.respondents, seen))
    features = {name: _feature(name, i, cut, judged) for i, name in enumerate(reference.names)}
    return DriftReport(features, len(judged), len(cut), seasonal, strangers, threshold)


def same_season(reference: FeatureTable, current: FeatureTable) -> tuple[FeatureTable, bool]:
    """The rows of the reference within 45 days of the year around the current ones, if these are two weeks or more."""
    if len(current) == 0 or len(reference) == 0:
        return reference, False
    cut = reference.where(in_season(reference, current))
    return (cut, len(cut) < len(reference)) if cut.days >= LEAST_SEASON_DAYS else (reference, False)


def in_season(reference: FeatureTable, current: FeatureTable) -> NDArray[np.bool_]:
    """``(N,)`` which rows of the reference lie within 45 days of the year around the current ones."""
    middle = float(np.median(current.times_s))
    apart = np.abs((reference.times_s - middle) / DAY_S + YEAR_DAYS / 2) % YEAR_DAYS - YEAR_DAYS / 2
    return np.asarray(np.abs(apart) <= SEASON_DAYS)


def _feature(name: str, column: int, reference: FeatureTable, current: FeatureTable) -> FeatureDrift:
    old, new = reference.values[:, column], current.values[:, column]
    there, came = np.isfinite(old), np.isfinite(new)
    gaps = tuple(1 - float(known.mean()) if len(known) else 1.0 for known in (there, came))
    if name in CALENDAR:
        return FeatureDrift(False, unjudged="calendar", reference_missing=gaps[0], current_missing=gaps[1])
    if min(there.sum(), came.sum()) < LEAST_VALUES:
        return FeatureDrift(False, unjudged="too few values", reference_missing=gaps[0], current_missing=gaps[1])
    a, b = _own_scale(old, new, reference.respondents, current.respondents)
    n, m = _size(a, reference), _size(b, current)
    found = shift(a[np.isfinite(a)], b[np.isfinite(b)], n, m)
    drifted = found.psi > PSI_MATTERS and found.p_value < P_CHANCE
    means = float(old[there].mean()), float(new[came].mean())
    return FeatureDrift(drifted, found.psi, found.ks, found.p_value, "", *means, *gaps)


def _own_scale(old: Floats, new: Floats, old_of: NDArray[np.str_], new_of: NDArray[np.str_]) -> tuple[Floats, Floats]:
    """Both sides in interquartile ranges from the median of each respondent's own reference."""
    a, b = np.full(len(old), np.nan), np.full(len(new), np.nan)
    for respondent in np.unique(old_of):
        mine, theirs = old_of == respondent, new_of == respondent
        known = old[mine][np.isfinite(old[mine])]
        if len(known) == 0:
            continue
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        scale = (high - low) or float(np.std(known)) or 1.0
        a[mine], b[theirs] = (old[mine] - middle) / scale, (new[theirs] - middle) / scale
    return a, b


def _size(values: Floats, table: FeatureTable) -> float:
    """Independent values of the one respondent that has most: weather and demand of neighbors move together."""
    best = 1.0
    for respondent in np.unique(table.respondents):
        mine = table.respondents == respondent
        known = np.isfinite(values) & mine
        if known.any():
            best = max(best, effective_size(values[known], table.where(known).days))
    return best


def table_of(names: Sequence[str], rows: Sequence[tuple[str, int, Sequence[float | None]]]) -> FeatureTable:
    """A table from rows of respondent, Unix seconds and values."""
    ordered = sorted(rows, key=lambda row: (row[0], row[1]))
    values = np.array([[np.nan if v is None else v for v in row[2]] for row in ordered], dtype=np.float64)
    return FeatureTable(
        tuple(names),
        np.array([row[0] for row in ordered], dtype=np.str_),
        np.array([row[1] for row in ordered], dtype=np.int64),
        values.reshape(len(ordered), len(names)),
    )
