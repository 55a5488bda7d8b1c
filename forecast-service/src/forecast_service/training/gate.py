"""Decides from out-of-sample figures what serves which kind, and whether the whole may serve. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from forecast_service.model.predict import Choice
from forecast_service.training.evaluate import Figures

Table = Mapping[str, Mapping[str, Figures]]
"""Figures by rival, then kind."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the figures say."""

    choices: dict[str, Choice]
    promoted: bool
    blend: float
    """Mean rCRPS over kinds of what would be served."""
    baseline: float
    """Of the analogues."""
    sentence: str


def decide(table: Table) -> Decision:
    """Choose per kind, then compare the blend with the analogues.

    The network serves a kind only where it beats the reference, persistence and the analogues. Where
    it does not, the better of reference and analogues does: no kind gets worse for having been tried.
    """
    choices: dict[str, Choice] = {}
    for kind, own in table["lstm"].items():
        reference, analogue = table["reference"][kind].rcrps, table["analogue"][kind].rcrps
        if own.rcrps < min(reference, table["persistence"][kind].rcrps, analogue):
            choices[kind] = "lstm"
        else:
            choices[kind] = "reference" if reference < analogue else "analogue"
    if not choices:
        return Decision({}, False, float("nan"), float("nan"), "nothing to judge: no kind has a matured test window")
    blend = sum(table[choice][kind].rcrps for kind, choice in choices.items()) / len(choices)
    baseline = sum(table["analogue"][kind].rcrps for kind in choices) / len(choices)
    learned = sorted(kind for kind, choice in choices.items() if choice == "lstm")
    promoted = blend < baseline
    verdict = "beats" if promoted else "does not beat"
    sentence = (
        f"blend {blend:.4f} {verdict} analogues {baseline:.4f} (mean rCRPS out of sample); "
        f"lstm serves {', '.join(learned) or 'nothing'}"
    )
    return Decision(choices, promoted, blend, baseline, sentence)
