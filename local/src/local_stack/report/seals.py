"""Verify seals as an auditor would: proof file from settlement-service, everything else from the chain."""

from collections import Counter
from dataclasses import dataclass, field

import httpx
import psycopg

from gridseal.client.json_rpc import JsonRpcChain
from gridseal.errors import GridsealError
from gridseal.notary.check import check_chain, check_offline
from gridseal.notary.proof_file import read_proof
from gridseal.runtime.settings import CoreSettings
from local_stack.report.figures import Seals

PRIMARY_MINED = """
SELECT DISTINCT v.run_id, v.series_id
FROM forecast.values AS v JOIN forecast.seals AS s USING (run_id)
WHERE s.state IN ('mined', 'final') AND v.series_id = ANY(%s)
"""


@dataclass
class SealVerifier:
    """Verifies each (run, site) once and remembers the outcome."""

    core: CoreSettings
    primary: dict[str, str]
    """Site id by the series id that stands for it."""
    verified: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def advance(self, at_most: int) -> Seals:
        """Verify up to ``at_most`` more and return where things stand."""
        with psycopg.connect(self.core.postgres_dsn, connect_timeout=5) as db:
            pairs = {(str(r), str(s)) for r, s in db.execute(PRIMARY_MINED, (list(self.primary),))}
            row = db.execute(
                "SELECT (SELECT count(*) FROM forecast.runs),"
                " (SELECT count(*) FROM forecast.seals WHERE state IN ('mined', 'final')),"
                " (SELECT count(*) FROM forecast.seals WHERE state = 'late')"
            ).fetchone()
        fresh = sorted(pairs - self._seen)[:at_most]
        with httpx.Client(base_url=self.core.settlement_url, timeout=10) as http:
            chain = JsonRpcChain(self.core.chain_rpc_url)
            for pair in fresh:
                self._verify(http, chain, pair)
        issued, mined, late = row if row is not None else (0, 0, 0)
        return Seals(int(issued), int(mined), int(late), dict(self.verified), tuple(self.failures.values()))

    def _verify(self, http: httpx.Client, chain: JsonRpcChain, pair: tuple[str, str]) -> None:
        run_id, series_id = pair
        try:
            answer = http.get(f"/api/v1/settlements/runs/{run_id}/proof", params={"series_id": series_id})
            proof = read_proof(answer.raise_for_status().content)
            failed = [c.name for c in (*check_offline(proof), *check_chain(proof, chain)) if not c.passed]
        except (httpx.HTTPError, GridsealError):
            return  # asked again next time: a part that restarts is not a failed seal
        self._seen.add(pair)
        if failed:
            self.failures[pair] = f"run {run_id}, {series_id}: {', '.join(failed)}"
        else:
            self.verified[self.primary[series_id]] += 1


def primary_series(core: CoreSettings) -> dict[str, str]:
    """Site id by the series id that stands for it."""
    answer = httpx.get(f"{core.asset_url}/api/v1/series", params={"limit": 500}, timeout=10).raise_for_status().json()
    return {s["series_id"]: s["site_id"] for s in answer["items"] if s["primary"]}
