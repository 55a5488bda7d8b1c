"""Puts the conventions on an application, in the one order in which they work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI

from gridseal.access.guard import Access, install_guard
from gridseal.access.install import access_of
from gridseal.access.policies import Policies
from gridseal.access.tenant_rows import named_for
from gridseal.http.body import BodyMiddleware
from gridseal.http.counters import Counters
from gridseal.http.docs import install_docs
from gridseal.http.etags import ETagMiddleware
from gridseal.http.formats import Flatten, FormatMiddleware
from gridseal.http.keys import AnswerStore, KeyMiddleware
from gridseal.http.keys_store import PostgresAnswers
from gridseal.http.openapi import describe
from gridseal.http.rates import RateMiddleware, Rates
from gridseal.http.trace import TraceMiddleware
from gridseal.runtime.problems import install_problem_handlers
from gridseal.runtime.settings import CoreSettings


@dataclass(frozen=True, slots=True)
class Conventions:
    """What may differ between services."""

    rates: Rates = field(default_factory=Rates)
    answers: AnswerStore | None = None
    """Without: ``Idempotency-Key`` is for the routes that know it themselves."""
    rows: Mapping[str, Flatten] = field(default_factory=dict)
    access: Access | None = None
    """Without: development mode, and no audit log."""
    counters: Counters = field(default_factory=Counters)


def conventions_of(core: CoreSettings, service: str) -> Conventions:
    """As the settings say."""
    rates = Rates(core.api_reads_per_min, core.api_writes_per_min)
    access = access_of(core, service)
    answers = PostgresAnswers(core.postgres_dsn, named_for(service, core.tenant))
    return Conventions(rates, answers, access=access, counters=access.counters)


def install_conventions(
    app: FastAPI, chosen: Conventions, rows: Mapping[str, Flatten] | None = None, policies: Policies | None = None
) -> None:
    """Problems, pages, trace ids, limits, access, ETags, formats and keys. Call it before the routes are added.

    Of an application made with ``docs_url=None``. Without policies nobody is asked who they are, and the application
    can be served on this machine only.

    From outside in: trace, limits, access, body, ETag (of what goes out), format, key, routes.
    """
    install_problem_handlers(app)
    install_docs(app)
    if chosen.answers is not None:
        app.add_middleware(KeyMiddleware, store=chosen.answers)
    tables = {**chosen.rows, **(rows or {})}
    app.add_middleware(FormatMiddleware, rows=tables)
    app.add_middleware(ETagMiddleware)
    app.add_middleware(BodyMiddleware)
    if policies is not None:
        install_guard(app, chosen.access or Access(app.title), policies)
    app.add_middleware(RateMiddleware, rates=chosen.rates, counters=chosen.counters)
    app.add_middleware(TraceMiddleware)
    describe(app, frozenset(tables))
