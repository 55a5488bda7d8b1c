"""``gridseal audit``: every run of a window, against the chain, from the outside.

Asks a node for every batch and score, the store for the runs, and settlement-service for their openings. Nothing that
any of them says is taken for granted: batches, leaves, roots, signatures and scores are computed again here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from gridseal.client.chain_book import PlayedRound, Rounds, Seals
from gridseal.client.json_rpc import JsonRpcChain
from gridseal.errors import GridsealError, UnavailableError
from gridseal.notary.audit import (
    Difference,
    Notarized,
    chain_differences,
    revealed_gain,
    round_score,
    store_differences,
)
from gridseal.notary.batch import SigningDomain, batch_hash
from gridseal.notary.check import check_offline
from gridseal.notary.leaf import name_hash
from gridseal.notary.proof_file import read_proof
from gridseal.notary.registry_code import is_registry
from gridseal.notary.score import ONE
from gridseal.wire.fields import format_utc
from gridseal.wire.forecasts import ForecastRun

CLEAN, NOT_CLEAN, NOT_CHECKED = 0, 1, 2
_RUNS = "SELECT document FROM forecast.runs WHERE slot >= %s AND slot < %s ORDER BY slot, product_id, version"


@dataclass(frozen=True, slots=True)
class Window:
    """What is audited. ``settlement_url`` unset: roots are not opened again."""

    since: datetime
    until: datetime
    rpc: str
    deployment: Path
    dsn: str | None
    settlement_url: str | None

    def holds(self, slot: int) -> bool:
        """Whether a slot, Unix seconds, is in it."""
        return int(self.since.timestamp()) <= slot < int(self.until.timestamp())


@dataclass
class Findings:
    """What was looked at, and what should not be."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    scores: int = 0
    runs: int = 0


def audit_window(window: Window, console: Console) -> int:
    """Print each seal and each difference; 0 none, 1 some, 2 it could not be checked."""
    try:
        findings = _audit(window)
    except (GridsealError, OSError, ValueError, KeyError, psycopg.Error, httpx.HTTPError) as error:
        console.print(f"not audited: {_one_line(error)}", highlight=False)
        return NOT_CHECKED
    table = Table("product", "slot", "version", "authority", "sealed", "score")
    for row in findings.rows:
        table.add_row(*row)
    console.print(table)
    told = f"{len(findings.rows)} seals, {findings.runs} stored runs, {findings.scores} scores computed again"
    console.print(f"[{format_utc(window.since)}, {format_utc(window.until)}): {told}", highlight=False)
    for difference in findings.differences:
        console.print(f"[red]{difference.what}[/]: {difference.where}", highlight=False)
    if findings.differences:
        console.print(f"NOT CLEAN: {len(findings.differences)} differences", style="bold red")
        return NOT_CLEAN
    if not findings.rows and not findings.runs:
        console.print("not audited: the window holds no seal and no run", highlight=False)
        return NOT_CHECKED
    console.print("CLEAN: everything in this window is as it was sealed", style="bold green")
    return CLEAN


def _audit(window: Window) -> Findings:
    deployed = json.loads(window.deployment.read_text())
    with JsonRpcChain(window.rpc) as chain:
        return _compare(window, deployed, chain)


def _compare(window: Window, deployed: dict[str, Any], chain: JsonRpcChain) -> Findings:
    if chain.chain_id() != deployed["chain_id"]:
        raise UnavailableError(f"the node serves another chain than {window.deployment} names")
    findings = Findings()
    if not is_registry(chain.code(deployed["registry"])):
        findings.differences.append(Difference("not the registry of this release", deployed["registry"]))
    domain = SigningDomain(chain_id=deployed["chain_id"], registry=deployed["registry"])
    seals = Seals(chain, deployed["registry"], deployed["deployed_block"])
    mine = [event for event in seals.notarized if window.holds(event.slot)]
    # The hash chain runs through all of time; what is told is about the window.
    slots = {event.name for event in mine}
    findings.differences += [
        d for d in chain_differences(seals.notarized, domain, seals.contract_signers) if d.where in slots
    ]
    runs = _stored_runs(window) if window.dsn else []
    if window.dsn:
        authority = str(deployed["authority"]).lower()
        sealed = {(e.product_id, e.slot, e.version): e for e in mine if e.authority == authority}
        findings.differences += store_differences(runs, sealed, chain.block_time(chain.height()))
        if window.settlement_url:
            findings.differences += _openings(window.settlement_url, runs, sealed)
    findings.runs = len(runs)
    scores = _scores(chain, deployed, window, findings)
    names = {"0x" + name_hash(run.product_id).hex(): run.product_id for run in runs}
    findings.rows = [_row(event, names, scores) for event in mine]
    return findings


def _stored_runs(window: Window) -> list[ForecastRun]:
    with psycopg.connect(window.dsn or "", connect_timeout=10) as db:
        rows = db.execute(_RUNS, (window.since, window.until)).fetchall()
    return [ForecastRun.model_validate(row[0]) for row in rows]


def _openings(url: str, runs: list[ForecastRun], sealed: dict[tuple[str, int, int], Notarized]) -> Iterator[Difference]:
    """Every leaf of every sealed run, opened and led to the root that is on the chain."""
    with httpx.Client(base_url=url, timeout=30) as http:
        for run in runs:
            key = ("0x" + name_hash(run.product_id).hex(), int(run.slot.timestamp()), run.version)
            if key in sealed and (wrong := _opening(http, run, sealed[key])):
                yield Difference(wrong, f"run {run.run_id[:12]} of {run.product_id} for {format_utc(run.slot)}")


def _opening(http: httpx.Client, run: ForecastRun, event: Notarized) -> str:
    for series in run.series:
        answer = http.get(f"/api/v1/settlements/runs/{run.run_id}/proof", params={"series_id": series.series_id})
        if answer.status_code != 200:
            return f"no proof of {series.series_id} is given ({answer.status_code})"
        proof = read_proof(answer.content)
        failed = [check.name for check in check_offline(proof) if not check.passed]
        if failed:
            return f"{series.series_id} fails: {', '.join(failed)}"
        if batch_hash(proof.batch) != event.batch_hash:
            return f"the proof of {series.series_id} is of another batch than the one on the chain"
        if [(p.target_start, p.values_milli) for p in proof.forecast.points] != [
            (p.target_start, p.values_milli) for p in series.points
        ]:
            return f"{series.series_id} was sealed with other values than are stored"
    return ""


def _scores(
    chain: JsonRpcChain, deployed: dict[str, Any], window: Window, findings: Findings
) -> dict[tuple[str, int, str], str]:
    """Scores of the window by product, slot and authority, as text; differences go into ``findings``."""
    addresses = {str(name): str(at) for name, at in deployed.get("contracts", {}).items()}
    if not {"Settlement", "ActualsRegistry", "ForecastRegistry"} <= addresses.keys():
        return {}
    texts: dict[tuple[str, int, str], str] = {}
    rounds = Rounds(chain, addresses, deployed["deployed_block"])
    for (product, slot), played in rounds.played.items():
        if not window.holds(slot):
            continue
        where = f"round of {product[:10]} for {format_utc(datetime.fromtimestamp(slot, UTC))}"
        findings.differences += [Difference("a reveal cannot be read", f"{where}, {tx}") for tx in played.unseen]
        for authority, score in played.scores.items():
            findings.scores += 1
            texts[product, slot, authority] = f"{score / ONE:.4f}"
            findings.differences += _score_differences(played, authority, score, f"{where}, {authority[:8]}")
    return texts


def _score_differences(played: PlayedRound, authority: str, score: int, where: str) -> Iterator[Difference]:
    shown = played.reveals.get(authority, [])
    gain, wrong = revealed_gain(shown, played.recorded.get(authority, ""), played.actuals_root)
    for what in dict.fromkeys(wrong):
        yield Difference(what, where)
    again = round_score(gain, played.actual_leaves, played.sealed_leaves.get(authority, 0))
    if again != score:
        yield Difference(f"the chain says a score of {score}, its leaves give {again}", where)


def _row(event: Notarized, names: dict[str, str], scores: dict[tuple[str, int, str], str]) -> tuple[str, ...]:
    sealed = f"{event.lead_s} s before its gate" if event.lead_s > 0 else f"LATE by {-event.lead_s} s"
    return (
        names.get(event.product_id, event.product_id[:10]),
        format_utc(datetime.fromtimestamp(event.slot, UTC)),
        str(event.version),
        event.authority[:10],
        sealed,
        scores.get((event.product_id, event.slot, event.authority), "none yet"),
    )


def _one_line(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the deployment file has no {error}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
