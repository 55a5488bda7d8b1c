"""What a person may change of an asset, over what the presets say. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from asset_service.presets import Record
from gridseal.wire.catalog import Asset
from gridseal.wire.fields import UtcTime

EDITABLE = ("name", "rating_w", "energy_wh")
"""Words and ratings. What decides which readings are believed and where they go stays in the presets."""


class AssetChange(BaseModel):
    """Only what is given changes; an explicit null of ``rating_w`` or ``energy_wh`` says that it is unknown."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Roof, south side", "rating_w": 5200}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    rating_w: Annotated[int, Field(gt=0, le=10**11)] | None = None
    energy_wh: Annotated[int, Field(gt=0, le=10**12)] | None = None

    @model_validator(mode="after")
    def _something(self) -> "AssetChange":
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        if "name" in self.model_fields_set and self.name is None:
            raise ValueError("an asset has a name")
        return self

    def given(self) -> dict[str, Any]:
        """The fields that were named."""
        return {name: getattr(self, name) for name in EDITABLE if name in self.model_fields_set}


class EditedBy(BaseModel):
    """One line of an asset's history."""

    at: UtcTime
    """Wall clock."""
    by: str
    changes: dict[str, Any]


def with_edits(record: Record, edits: Mapping[str, Any]) -> Record:
    """The record as people have changed it; fields that may no longer be changed are left as the preset says."""
    known = {name: value for name, value in edits.items() if name in EDITABLE}
    if not known or not isinstance(record, Asset):
        return record
    return Asset.model_validate(record.model_dump() | known)
