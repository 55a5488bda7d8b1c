"""structlog: JSON on stdout, the pretty form for a person at a terminal."""

import logging
import sys

import structlog


def configure_logs(service: str, level: str = "info") -> None:
    """Set up logging of this process. Called once, from ``__main__``."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stdout.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stdout, format="%(name)s %(message)s")
    structlog.contextvars.bind_contextvars(service=service)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; ``name`` is the module that speaks."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(module=name)
    return logger
