"""Results on disk as Markdown tables, for docs/forecasting.md."""

import json
from pathlib import Path

from gridseal.errors import ConfigError

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
COLUMNS = {
    "rcrps": "rCRPS", "rcrps_peak": "peak-weighted", "twcrps_p99": "twCRPS@P99", "rmae": "rMAE", "mape": "MAPE %",
    "coverage80": "cover 80", "coverage90": "cover 90", "mace": "MACE", "crossings": "crossings",
}  # fmt: skip
OWN = "champion"


def markdown(folder: Path) -> str:
    """One table a set, champion first, then by rCRPS; sets of several kinds get one of kinds as well."""
    return "\n\n".join(_set(path) for path in sorted(folder.glob("*.json")))


def put(file: Path, text: str) -> None:
    """Replace what stands between the marks of a file.

    Raises:
        ConfigError: It has no such marks.
    """
    whole = file.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise ConfigError(f"{file}: the lines {BEGIN} and {END} are missing")
    before, after = whole.split(BEGIN)[0], whole.split(END)[1]
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _set(path: Path) -> str:
    rows = json.loads(path.read_text(encoding="utf-8"))
    value = {(r["model"], r["metric"], r["slice"]): r["value"] for r in rows}
    models = sorted({r["model"] for r in rows}, key=lambda m: (m != OWN, value[m, "rcrps", "all"] or 0.0))
    lines = [f"### {path.stem} (weather: {rows[0]['weather']})", "", _line(["model", *COLUMNS.values()])]
    lines.append(_line(["---"] * (1 + len(COLUMNS))))
    lines += [_line([m, *(_number(value.get((m, c, "all")), c) for c in COLUMNS)]) for m in models]
    kinds = list(dict.fromkeys(r["slice"] for r in rows if r["slice"].startswith(("kind:", "part:"))))
    if kinds:
        lines += ["", _line(["rCRPS", *kinds]), _line(["---"] * (1 + len(kinds)))]
        lines += [_line([m, *(_number(value.get((m, "rcrps", k)), "rcrps") for k in kinds)]) for m in models]
    versus = sorted({r["metric"] for r in rows if r["model"] == OWN and r["metric"].startswith("skill_vs_")})
    if versus:
        own = [r["slice"] for r in rows if r["model"] == OWN and r["metric"] == "rcrps"]
        series = [label for label in own if label.startswith("series:")]
        said = [f"{100 * (value[OWN, s, 'all'] or 0.0):.1f} % against {s.removeprefix('skill_vs_')}" for s in versus]
        lines += ["", f"Champion's skill: {', '.join(said)}."]
        won = {s: _won(value, s, series) for s in versus}
        if series and any(won.values()):
            told = [f"{k} of {len(series)} against {s.removeprefix('skill_vs_')}" for s, k in won.items()]
            lines.append(f"Series on which it is better with Diebold-Mariano p < 0.05: {', '.join(told)}.")
    return "\n".join(lines)


def _won(value: dict[tuple[str, str, str], float | None], skill: str, series: list[str]) -> int:
    p = skill.replace("skill_vs_", "dm_p_vs_")
    return sum(
        (value.get((OWN, skill, s)) or 0.0) > 0 and (found := value.get((OWN, p, s))) is not None and found < 0.05
        for s in series
    )


def _number(value: float | None, column: str) -> str:
    if value is None:
        return "–"
    digits = {"mape": 2, "coverage80": 3, "coverage90": 3, "mace": 3, "crossings": 4}.get(column, 4)
    return f"{value:.{digits}f}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
