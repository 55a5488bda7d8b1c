"""History and registry in memory, with the promises of the real ones."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from forecast_service.inference.registry import Registered, TrainingRecord
from forecast_service.ports import SeriesHistory
from gridseal.errors import UnavailableError
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


class FolderRegistry:
    model_name = "gridseal-test"

    def __init__(self, folder: Path) -> None:
        self.folder, self.down = folder, False
        self.versions: list[Registered] = []
        self.records: list[TrainingRecord] = []
        self.serving: Registered | None = None

    def champion(self) -> Registered | None:
        if self.down:
            raise UnavailableError("registry is down")
        return self.serving

    def fetch(self, registered: Registered, into: Path) -> Path:
        return Path(shutil.copytree(self.folder / registered.version, into / "model"))

    def publish(self, folder: Path, model_hash: str, record: TrainingRecord) -> Registered:
        self.records.append(record)
        registered = Registered(str(len(self.versions) + 1), model_hash, "memory")
        shutil.copytree(folder, self.folder / registered.version)
        self.versions.append(registered)
        return registered

    def record(self, record: TrainingRecord) -> None:
        self.records.append(record)

    def promote(self, registered: Registered) -> None:
        self.serving = registered
