"""``/healthz`` (the process turns), ``/readyz`` (each dependency and its state), ``/version``, ``/metrics``."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from gridseal import __version__

Probe = Callable[[], Awaitable[None]]
"""Returns when the dependency answers, raises when it does not."""


def install_health(app: FastAPI, service: str, probes: Mapping[str, Probe], registry: CollectorRegistry) -> None:
    """Add the operational routes to ``app``; its figures are those of ``registry`` and of its own guard."""
    access = getattr(app.state, "access", None)
    if access is not None:
        registry.register(access.refused)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        states: dict[str, str] = {}
        for name, probe in probes.items():
            try:
                await probe()
                states[name] = "ok"
            except Exception as error:  # a probe may fail in any way its client can
                states[name] = f"down: {type(error).__name__}"
        ready = all(state == "ok" for state in states.values())
        return JSONResponse({"ready": ready, "dependencies": states}, status_code=200 if ready else 503)

    @app.get("/version", include_in_schema=False)
    async def version() -> dict[str, str]:
        return {"service": service, "version": __version__} | ({"auth": access.authenticator.mode} if access else {})

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
