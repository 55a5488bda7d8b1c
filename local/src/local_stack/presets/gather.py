"""Asks a running preset for its figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.rows import dict_row

from gridseal.runtime.settings import CoreSettings
from local_stack.presets.figures import PresetFigures, ProductFigures
from local_stack.report.gather import Gatherer, accuracy_of
from local_stack.report.seals import SealVerifier, primary_series

T = TypeVar("T")
AT_MOST = 40
_COUNTS: LiteralString = """
SELECT (SELECT count(*) FROM telemetry.feed_demand) AS stored,
       (SELECT count(*) FROM telemetry.window_rows) AS windows,
       (SELECT count(*) FROM forecast.scores) AS scored
"""
_PRODUCTS: LiteralString = """
SELECT r.product_id, count(*) AS runs, count(*) FILTER (WHERE s.state IN ('mined', 'final')) AS sealed,
       count(*) FILTER (WHERE s.state = 'late') AS late,
       (array_agg(r.model_name || '/' || r.model_version ORDER BY r.slot DESC))[1] AS model,
       (array_agg(r.run_id ORDER BY r.slot DESC))[1] AS newest
FROM forecast.runs r LEFT JOIN forecast.seals s USING (run_id) GROUP BY r.product_id ORDER BY r.product_id
"""
_RUNG: LiteralString = "SELECT max(rung) FROM forecast.values WHERE run_id = %s"


@dataclass
class PresetGatherer:
    """Reads what every part shows to anybody, and the operator's database."""

    core: CoreSettings
    trained: Callable[[str], bool]
    """Whether a run's model is a trained one, by its name."""
    _gatherer: Gatherer = field(init=False)
    _verifier: SealVerifier | None = None

    def __post_init__(self) -> None:
        self._gatherer = Gatherer(self.core, "", "")

    def look(self, elapsed_s: float) -> PresetFigures:
        """Everything once; verifies what was sealed meanwhile."""
        gatherer = self._gatherer
        gatherer.silent.clear()
        counts = gatherer.ask("store", self._counts) or {}
        products = gatherer.ask("forecast-service", self._products) or ()
        if self._verifier is None and products:
            primary = gatherer.ask("asset-service", lambda: primary_series(self.core))
            self._verifier = SealVerifier(self.core, primary) if primary else None
        verifier = self._verifier
        seals = gatherer.ask("settlement-service", lambda: verifier.advance(at_most=AT_MOST)) if verifier else None
        summary = gatherer.summary() if products else None
        return PresetFigures(
            elapsed_s=elapsed_s,
            values=counts.get("stored"),
            windows=counts.get("windows"),
            products=products,
            verified=sum(seals.verified.values()) if seals else 0,
            failures=seals.failures if seals else (),
            scored=counts.get("scored", 0),
            training=gatherer.training(),
            champions=sum(self.trained(p.model) for p in products),
            accuracy=accuracy_of(summary),
            silent=tuple(gatherer.silent),
        )

    def _counts(self) -> Mapping[str, int]:
        with psycopg.connect(self.core.postgres_dsn, connect_timeout=5, row_factory=dict_row) as db:
            return db.execute(_COUNTS).fetchone() or {}

    def _products(self) -> tuple[ProductFigures, ...]:
        with psycopg.connect(self.core.postgres_dsn, connect_timeout=5, row_factory=dict_row) as db:
            rows: list[dict[str, Any]] = db.execute(_PRODUCTS).fetchall()
            out = []
            for row in rows:
                rung = db.execute(_RUNG, (row.pop("newest"),)).fetchone()
                out.append(ProductFigures(**row, rung=int(rung["max"] or 0) if rung else 0))
        return tuple(out)
