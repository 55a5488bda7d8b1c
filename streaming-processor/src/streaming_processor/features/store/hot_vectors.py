"""The newest vector under each key, in Redis: ``gs:vec:<group>:<version>:<region>:<series>:<horizon>``."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import redis

from gridseal.errors import UnavailableError
from gridseal.wire.codec import decode, encode
from gridseal.wire.features import FeatureVector
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.ports import VectorKey, key_of

_KEYS_PER_CALL: Final = 200
_SCRIPT: Final = Path(__file__).with_name("hot_vectors.lua")


def hot_vector_key(group: str, version: int, key: VectorKey) -> str:
    """Where a vector stands."""
    return f"gs:vec:{group}:{version}:{key.region_id}:{key.series_id}:{key.horizon_s}"


class RedisVectors:
    """Newer only: a batch told twice leaves the same state."""

    def __init__(self, client: "redis.Redis", groups: Sequence[FeatureGroup]) -> None:
        self._client = client
        self._hot_ms = {(g.name, g.version): g.hot_s * 1_000 for g in groups}
        self._put = client.register_script(_SCRIPT.read_text())

    def put(self, vectors: Sequence[FeatureVector]) -> list[FeatureVector]:
        """Overwrite what is older; leave what is newer.

        Raises:
            UnavailableError: Redis does not answer.
        """
        ordered = sorted(vectors, key=lambda v: (v.group, v.group_version, v.issued_at, v.version))
        try:
            for of, run in groupby(ordered, key=lambda v: (v.group, v.group_version)):
                # Only the newest under each key: the others would be written and replaced.
                newest = list({key_of(v): v for v in run}.values())
                for i in range(0, len(newest), _KEYS_PER_CALL):
                    chunk = newest[i : i + _KEYS_PER_CALL]
                    fields = [field for v in chunk for field in _fields(v)]
                    self._put(keys=[hot_vector_key(*of, key_of(v)) for v in chunk], args=[self._hot_ms[of], *fields])
        except redis.RedisError as error:
            raise UnavailableError(f"Redis does not answer: {type(error).__name__}") from error
        return list(vectors)

    def latest(self, group: FeatureGroup, keys: Sequence[VectorKey]) -> list[FeatureVector | None]:
        """What stands under each key.

        Raises:
            UnavailableError: Redis does not answer.
        """
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hget(hot_vector_key(group.name, group.version, key), "vector")
                found = pipeline.execute()
        except redis.RedisError as error:
            raise UnavailableError(f"Redis does not answer: {type(error).__name__}") from error
        return [None if payload is None else decode(FeatureVector, payload) for payload in found]


def _fields(vector: FeatureVector) -> tuple[int, int, bytes]:
    return int(vector.issued_at.timestamp()) * 1_000, vector.version, encode(vector)
