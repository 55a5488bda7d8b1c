"""How far predictions lie from what came. Pure."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from forecast_service.tabular.table import FEATURES, DemandTable, Floats

Predict = Callable[[Floats], Floats]
"""``(n, 20)`` to ``(n,)`` MWh."""


@dataclass(frozen=True, slots=True)
class DemandFigures:
    """Under the names that the demand design logs."""

    mae: float
    """MWh."""
    rmse: float
    """MWh."""
    r2: float
    mape: float
    """Percent, over hours with demand."""

    def as_metrics(self, prefix: str = "") -> dict[str, float]:
        """For the registry; what cannot be said is left out."""
        return {prefix + name: value for name, value in asdict(self).items() if np.isfinite(value)}


def figures(actual: Floats, predicted: Floats) -> DemandFigures:
    """Figures over ``(n,)`` hours, at least one."""
    error = predicted - actual
    spread = float(((actual - actual.mean()) ** 2).sum())
    some = actual != 0
    return DemandFigures(
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt((error**2).mean())),
        r2=1 - float((error**2).sum()) / spread if spread > 0 else float("nan"),
        mape=float(100 * np.abs(error[some] / actual[some]).mean()) if some.any() else float("nan"),
    )


@dataclass(frozen=True, slots=True)
class Importance:
    """What is lost when one column tells nothing."""

    feature: str
    importance: float
    """Rise of the mean absolute error, MWh. Not above zero: the model does without it."""
    std: float
    """Over the shuffles."""


def permutation_importance(predict: Predict, table: DemandTable, shuffles: int = 5, seed: int = 0) -> list[Importance]:
    """Shuffle each column on its own and see how much worse the error gets; the greatest first.

    Breiman, Random Forests (2001), section 10, with the mean absolute error. Of columns that say the
    same, such as the temperature and its square, each alone looks dispensable.
    """
    rng, base = np.random.default_rng(seed), figures(table.demand_mwh, predict(table.features)).mae
    found = []
    for column, name in enumerate(FEATURES):
        rises = []
        for _ in range(shuffles):
            mixed = table.features.copy()
            mixed[:, column] = rng.permutation(mixed[:, column])
            rises.append(figures(table.demand_mwh, predict(mixed)).mae - base)
        found.append(Importance(name, float(np.mean(rises)), float(np.std(rises))))
    return sorted(found, key=lambda one: -one.importance)


CSV_FILE = "feature_importance.csv"


def importance_csv(found: list[Importance]) -> str:
    """``feature,importance,std``, the greatest first."""
    return "".join(
        ["feature,importance,std\n", *(f"{one.feature},{one.importance:.9g},{one.std:.9g}\n" for one in found)]
    )
