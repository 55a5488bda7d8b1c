"""Did every part of the path happen? Pure: figures in, sentences out."""

from local_stack.report.figures import Figures


def missing_parts(figures: Figures, runs_per_site: int) -> list[str]:
    """One sentence for each part of the path that has not happened (yet); empty when all has."""
    found: list[str] = [*figures.silent]
    found += _flow(figures)
    if not figures.sites:
        found.append("catalog: asset-service lists no site")
    found += _seals(figures, runs_per_site)
    if figures.rounds is None or not figures.rounds.settled:
        found.append("rounds: no slot has been scored and settled on the chain")
    if figures.training is None:
        found.append("training: no training job has ended, so no model was judged against the baseline")
    if not figures.accuracy:
        found.append("scores: no forecast has matured and been scored")
    if figures.alerts is None:
        found.append("alerts: the alert list does not answer")
    return found


def _flow(figures: Figures) -> list[str]:
    flow = figures.flow
    if flow is None:
        return ["telemetry: no figures of device, gateway or store"]
    found = []
    if not flow.caught_up:
        found.append("back-fill: the devices have not caught up with domain time")
    if flow.readings_stored == 0:
        found.append("store: no reading is in PostgreSQL")
    if flow.readings_lost != 0 and flow.queued == 0:
        found.append(f"store: {flow.readings_lost} readings were sent but are neither stored nor refused")
    if flow.stored_twice:
        found.append(f"store: {flow.stored_twice} readings are stored twice")
    if flow.p50_ms is None:
        found.append("latency: no live reading was timed from device to queryable")
    return found


def _seals(figures: Figures, runs_per_site: int) -> list[str]:
    seals = figures.seals
    if seals is None:
        return ["seals: no figures of forecast-service or settlement-service"]
    found = [f"verify: {text}" for text in seals.failures[:5]]
    short = [site for site in figures.sites if seals.verified.get(site, 0) < runs_per_site]
    if short:
        worst = min(short, key=lambda site: seals.verified.get(site, 0))
        found.append(
            f"seals: {len(short)} of {len(figures.sites)} sites have fewer than {runs_per_site}"
            f" sealed and verified runs ({worst} has {seals.verified.get(worst, 0)})"
        )
    return found
