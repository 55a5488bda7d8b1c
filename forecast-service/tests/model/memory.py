"""History and registry in memory, with the promises of the real ones."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forecast_service.inference.registry import (
    REPLACES_TAG,
    ROLLED_BACK_TAG,
    Alias,
    NothingToRollBackError,
    Registered,
    TrainingRecord,
)
from forecast_service.ports import SeriesHistory
from gridseal.errors import UnavailableError
from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.catalog import Series


class MemoryHistory:
    def __init__(self, histories: Sequence[SeriesHistory]) -> None:
        self.histories = {history.series.series_id: history for history in histories}

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        out = []
        for one in series:
            history = self.histories[one.series_id]
            low = max(0, -(-(int(start.timestamp()) - history.start_s) // one.resolution_s))
            high = max(low, (int(until.timestamp()) - history.start_s) // one.resolution_s)
            out.append(SeriesHistory(one, history.start_s + low * one.resolution_s, history.values[low:high]))
        return out


KEY = SigningKey.new()
"""Signs the models of these tests."""


def trusted() -> dict[str, Ed25519PublicKey]:
    return {KEY.key_id: KEY.public}


class FolderRegistry:
    model_name = "gridseal-test"

    def __init__(self, folder: Path) -> None:
        self.folder, self.down = folder, False
        self.versions: list[Registered] = []
        self.records: list[TrainingRecord] = []
        self.aliases: dict[str, Registered] = {}

    @property
    def serving(self) -> Registered | None:
        return self.aliases.get("champion")

    def champion(self) -> Registered | None:
        return self.aliased("champion")

    def aliased(self, alias: Alias) -> Registered | None:
        if self.down:
            raise UnavailableError("registry is down")
        return self.aliases.get(alias)

    def fetch(self, registered: Registered, into: Path) -> Path:
        return Path(shutil.copytree(self.folder / registered.version, into / "model"))

    def publish(self, folder: Path, model_hash: str, record: TrainingRecord) -> Registered:
        self.records.append(record)
        registered = Registered(str(len(self.versions) + 1), model_hash, "memory", dict(record.tags))
        shutil.copytree(folder, self.folder / registered.version)
        self.versions.append(registered)
        self.aliases["challenger"] = registered
        return registered

    def record(self, record: TrainingRecord) -> None:
        self.records.append(record)

    def stage(self, registered: Registered) -> None:
        self.aliases["staging"] = registered

    def tag(self, registered: Registered, tags: Mapping[str, str]) -> None:
        self._tags(registered.version).update(tags)

    def promote(self, registered: Registered) -> None:
        serving = self.serving
        if serving == registered:
            return
        if serving is not None:
            self._tags(registered.version)[REPLACES_TAG] = serving.version
            self.aliases["previous"] = serving
        self.aliases["champion"] = registered
        for alias in ("staging", "challenger"):
            if self.aliases.get(alias) == registered:
                del self.aliases[alias]

    def rollback(self, reason: str) -> tuple[Registered, Registered]:
        bad, good = self.serving, self.aliases.pop("previous", None)
        if bad is None or good is None:
            raise NothingToRollBackError("nothing to roll back to")
        self.aliases["champion"] = good
        self._tags(bad.version)[ROLLED_BACK_TAG] = reason
        older = self._tags(good.version).get(REPLACES_TAG)
        if older and ROLLED_BACK_TAG not in self._tags(older):
            self.aliases["previous"] = self.versions[int(older) - 1]
        return bad, good

    def _tags(self, version: str) -> dict[str, str]:
        tags = self.versions[int(version) - 1].tags
        assert isinstance(tags, dict)
        return tags
