"""The admin face of the feeds: health, metrics, where each source stands."""

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gridseal import __version__
from gridseal.errors import UnavailableError
from gridseal.http.install import Conventions, install_conventions
from gridseal.runtime.health import Probe, install_health
from gridseal.wire.fields import Message, UtcTime
from ingestion_gateway.feeds.service import FeedService, Outcome
from ingestion_gateway.policies import POLICIES


class SourceView(Message):
    """One source in ``GET /api/v1/feeds``."""

    source_id: str
    feed: str
    region_id: str
    series_id: str | None
    content: str
    outcome: Outcome
    detail: str
    """What stands in its way, in words, without keys."""
    last_pull_at: UtcTime | None
    """Domain time."""
    newest: UtcTime | None
    """End of the newest period that came."""
    new: int
    revised: int
    """Since this process started."""


class SourcesView(Message):
    """Answer of ``GET /api/v1/feeds``."""

    sources: list[SourceView]


def create_app(
    service: FeedService, probes: dict[str, Probe], registry: CollectorRegistry, conventions: Conventions
) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="Gridseal feeds", version=__version__, docs_url=None, redoc_url=None)
    install_conventions(app, conventions, policies=POLICIES)

    async def sources() -> None:
        service.refresh()
        if service.states and all(s.outcome not in ("well", "waits") for s in service.states.values()):
            raise UnavailableError("no source answers")

    install_health(app, "feeds", {**probes, "sources": sources}, registry)

    @app.get("/api/v1/feeds", operation_id="list_feeds", tags=["feeds"])
    async def feeds() -> SourcesView:
        """Every source: whether it goes well, what stands in its way, how new its newest value is."""
        service.refresh()
        return SourcesView(
            sources=[
                SourceView(
                    source_id=name,
                    feed=state.source.feed,
                    region_id=state.source.region_id,
                    series_id=state.source.series_id,
                    content=state.source.content,
                    outcome=state.outcome,
                    detail=state.detail,
                    last_pull_at=state.last_pull_at,
                    newest=state.newest,
                    new=state.new,
                    revised=state.revised,
                )
                for name, state in service.states.items()
            ]
        )

    return app
