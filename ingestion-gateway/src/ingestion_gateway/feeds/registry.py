"""From the name of a feed in a source record to the feed."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from gridseal.errors import ConfigError
from ingestion_gateway.feeds.ports import Feed, Outside
from ingestion_gateway.feeds.sources import Source

PROVIDERS: Final = "ingestion_gateway.feeds.providers"


def feeds_for(sources: Iterable[Source], outside: Outside) -> dict[str, Feed]:
    """A feed for each name that the sources use: a file in ``providers``, or a module by its dotted path.

    Raises:
        ConfigError: There is no such module, or it has no ``make(outside)``.
    """
    return {name: _made(name, outside) for name in sorted({source.feed for source in sources})}


def _made(name: str, outside: Outside) -> Feed:
    path = name if "." in name else f"{PROVIDERS}.{name}"
    try:
        feed: Feed = import_module(path).make(outside)
    except ModuleNotFoundError as error:
        raise ConfigError(f"feed {name}: there is no module {path}") from error
    except AttributeError as error:
        raise ConfigError(f"feed {name}: module {path} has no make(outside)") from error
    return feed
