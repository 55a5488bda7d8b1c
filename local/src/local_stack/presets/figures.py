"""What a preset's demo looks at, as plain numbers, and what is missing of the path. Pure."""

from dataclasses import dataclass

from local_stack.report.figures import Accuracy


@dataclass(frozen=True, slots=True)
class ProductFigures:
    """Runs of one product."""

    product_id: str
    runs: int
    sealed: int
    late: int
    model: str
    """Of the newest run, with its version."""
    rung: int
    """Of the newest run: 0 the model with all inputs, 3 the analogues, 4 the last stored forecast."""


@dataclass(frozen=True, slots=True)
class PresetFigures:
    """One look at a preset's path; none where a part does not answer."""

    elapsed_s: float
    values: int | None = None
    """Values of the providers that are stored, with their revisions."""
    windows: int | None = None
    products: tuple[ProductFigures, ...] = ()
    verified: int = 0
    failures: tuple[str, ...] = ()
    scored: int = 0
    training: str | None = None
    champions: int = 0
    """Products whose newest run is a trained model's."""
    accuracy: tuple[Accuracy, ...] = ()
    silent: tuple[str, ...] = ()


def missing_parts(figures: PresetFigures, *, trains: bool) -> list[str]:
    """One sentence for each part of the path that has not happened; empty when all has."""
    found = [*figures.silent, *(f"verify: {text}" for text in figures.failures[:5])]
    if not figures.values:
        found.append("store: no value of a provider is in PostgreSQL")
    if not figures.windows:
        found.append("windows: no window was made of them")
    if not trains:
        return found
    if not figures.products:
        found.append("forecasts: no run has been issued")
    if not figures.verified:
        found.append("seals: no run was sealed and verified against the chain")
    if figures.training is None:
        found.append("training: no training has ended")
    if not figures.champions:
        found.append("models: no run of a trained model yet")
    if not figures.scored:
        found.append("scores: no forecast has met its outcome")
    return found
