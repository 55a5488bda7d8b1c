"""Decides from out-of-sample figures what serves which kind, and whether the whole may serve. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forecast_service.model.predict import Choice
from forecast_service.training.contest import Duel
from forecast_service.training.evaluate import Figures
from forecast_service.training.rules import GateRule
from forecast_service.training.statistics import Comparison, compare

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


@dataclass(frozen=True, slots=True)
class Windows:
    """What the challenger saw when, in Unix seconds. Targets count, not slots."""

    fitted_until: int
    calibrated_from: int
    calibrated_until: int
    test_from: int
    """First slot that is judged."""
    horizon_s: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a challenger may serve, and every reason why not."""

    accepted: bool
    faults: tuple[str, ...]
    comparison: Comparison
    rival: str
    """``champion 3``, or ``analogues`` where no champion serves yet."""

    @property
    def sentence(self) -> str:
        """For people and for the record."""
        found = self.comparison
        figures = (
            f"rCRPS {found.mine:.4f} against {found.theirs:.4f} of {self.rival} on {found.slots} slots,"
            f" p {found.p_bootstrap:.3f} (block bootstrap) and {found.p_dm:.3f} (Diebold-Mariano)"
        )
        return f"accepted: {figures}" if self.accepted else f"refused: {'; '.join(self.faults)} ({figures})"


def judge(
    duel: Duel, windows: Windows, leaks: Sequence[str], rule: GateRule, *, rival: str, first: bool = False
) -> Verdict:
    """Hold a challenger against what serves.

    Args:
        duel: Both on the test window.
        windows: When the challenger saw what.
        leaks: What the probes found.
        rule: Limits.
        rival: Name of what serves.
        first: Nothing was promoted yet: the rival is the baseline, and being better is enough.
    """
    found = compare(duel.mine, duel.theirs, duel.block)
    faults = [*(f"leak: {leak}" for leak in leaks), *_window_faults(windows)]
    if first:
        if not found.mine < found.theirs:
            faults.append("no better than the baseline")
    else:
        if duel.days < rule.min_days:
            faults.append(f"only {duel.days:.1f} days could be judged, {rule.min_days:g} are needed")
        if not found.better(rule.alpha):
            faults.append(f"not significantly better at {rule.alpha:g}")
        faults += _kind_faults(duel, rule)
    faults += _coverage_faults(duel, rule)
    return Verdict(not faults, tuple(faults), found, rival)


def _window_faults(windows: Windows) -> list[str]:
    faults = []
    if windows.calibrated_from < windows.fitted_until:
        faults.append("calibrated on targets that it was fitted on")
    if windows.test_from < max(windows.calibrated_until, windows.fitted_until) + windows.horizon_s:
        faults.append("judged less than a horizon after what it had seen")
    return faults


def _kind_faults(duel: Duel, rule: GateRule) -> list[str]:
    return [
        f"{kind} gets worse by {mine / theirs - 1:.0%}"
        for kind, (mine, theirs) in sorted(duel.kinds.items())
        if theirs > 0 and mine > theirs * (1 + rule.kind_slack)
    ]


def _coverage_faults(duel: Duel, rule: GateRule) -> list[str]:
    faults = []
    for nominal, (mine, theirs) in ((0.8, duel.coverage80), (0.9, duel.coverage90)):
        off, theirs_off = abs(mine - nominal), abs(theirs - nominal)
        if off > rule.coverage_slack and not off <= theirs_off:
            faults.append(f"{mine:.0%} of outcomes lie in the {nominal:.0%} band")
    return faults
