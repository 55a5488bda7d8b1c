"""``/api/v1/models``: what a model pays heed to."""

import csv
import io
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from gridseal.runtime.problems import not_found

Top = Annotated[int, Query(ge=1, le=200, description="How many, the most important first")]


class ImportanceReader(Protocol):
    """``inference.importance.RegistryImportance`` is one."""

    async def read(self, model: str) -> tuple[str, str] | None:
        """Version that serves and its ``feature_importance.csv``; none where there is none.

        Raises:
            UnavailableError: The registry does not answer.
        """
        ...


class FeatureImportance(BaseModel):
    """One column of the file."""

    feature: str
    importance: float
    """Rise of the loss when the column is shuffled."""
    std: float


class ModelImportance(BaseModel):
    """The most important features of the version that serves."""

    model: str
    version: str
    items: tuple[FeatureImportance, ...]


class CsvResponse(Response):
    """A file of columns; the document says so."""

    media_type = "text/csv"


def model_routes(reader: ImportanceReader) -> APIRouter:
    """The routes on this registry."""
    router = APIRouter(prefix="/api/v1/models", tags=["models"])

    async def found(model: str) -> tuple[str, str]:
        known = await reader.read(model)
        if known is None:
            raise not_found(f"a serving version of {model} with an importance of its features")
        return known

    @router.get("/{model}/importance", operation_id="featureImportance")
    async def importance(model: str, top: Top = 5) -> ModelImportance:
        """How much worse the serving version gets when it is not told a feature, by permutation."""
        version, text = await found(model)
        rows = list(csv.DictReader(io.StringIO(text)))[:top]
        items = tuple(FeatureImportance.model_validate(row) for row in rows)
        return ModelImportance(model=model, version=version, items=items)

    @router.get("/{model}/feature_importance.csv", operation_id="featureImportanceFile", response_class=CsvResponse)
    async def file(model: str) -> CsvResponse:
        """The file as it was logged with the training."""
        _, text = await found(model)
        return CsvResponse(text)

    return router
