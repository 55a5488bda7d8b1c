"""Where feature vectors are kept, and what the step needs around it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from gridseal.wire.features import FeatureVector
from streaming_processor.features.entities import Lane
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.sync import Outlook
from streaming_processor.features.tracks import Track


class VectorKey(NamedTuple):
    """Under which a group keeps its vectors."""

    region_id: str
    series_id: str
    horizon_s: int


def key_of(vector: FeatureVector) -> VectorKey:
    """The key of a vector."""
    return VectorKey(vector.region_id, vector.series_id, vector.horizon_s)


class FeatureStore(Protocol):
    """The newest vector under each key. Another kind of store is another class with these methods."""

    def put(self, vectors: Sequence[FeatureVector]) -> list[FeatureVector]:
        """Keep vectors, and return them with the version that each has now.

        The same vectors again change nothing, and what is older never replaces what is newer.
        """
        ...

    def latest(self, group: FeatureGroup, keys: Sequence[VectorKey]) -> list[FeatureVector | None]:
        """The vector issued last under each key, in its newest version; None where there is none."""
        ...


class FeatureHistory(FeatureStore, Protocol):
    """A store that also remembers what was known when."""

    def get_historical(
        self,
        group: FeatureGroup,
        rows: Sequence[tuple[VectorKey, datetime]],
        known: Literal["then", "now"] = "then",
    ) -> list[FeatureVector | None]:
        """Point-in-time join: for each key and moment the newest vector issued no later, if it is fresh enough.

        Args:
            group: Whose vectors.
            rows: Key and moment of each wanted vector.
            known: ``then`` sees only versions that were available at the moment, so a correction
                never changes an answer; ``now`` takes the newest version, for history that was
                back-filled later. Neither sees a vector issued after the moment.
        """
        ...


class VectorPublisher(Protocol):
    """News on Kafka."""

    def vectors(self, vectors: Sequence[FeatureVector]) -> None:
        """To ``features.vectors``, acknowledged when the call returns."""
        ...


class WindowHistory(Protocol):
    """Stored windows."""

    def read(self, spans: Mapping[Lane, Iterable[tuple[int, int]]]) -> dict[Lane, Track]:
        """Windows of each lane that start in one of its half-open spans of seconds."""
        ...


class OutlookHistory(Protocol):
    """Published forecasts of the weather."""

    def read(self, region_id: str, begin_s: int, end_s: int) -> Mapping[str, Outlook]:
        """Forecasts of each quantity for the periods that start in a half-open span of seconds, every issue of them."""
        ...


@dataclass(frozen=True, slots=True)
class DueWindow:
    """A window whose vectors have to be computed."""

    lane: Lane
    start_s: int
    changes: int
    """Counts its changes: one that came while it was worked on is not forgotten."""
