"""The catalog as it is shipped: YAML presets turned into checked records.

A file may carry ``each``: a list of names to put in for ``{…}``; the rest of the file is then
repeated once per entry. ``templates`` only holds YAML anchors.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gridseal.errors import ConfigError
from gridseal.wire.catalog import Asset, Product, Series, Site

Record = Site | Asset | Series | Product
CATALOG_FOLDER = Path(__file__).parent / "catalog"
_SECTIONS = {"each", "templates", "site", "assets", "series", "products"}


def load_presets(tenant_id: str, folder: Path = CATALOG_FOLDER, optional: Sequence[str] = ()) -> tuple[Record, ...]:
    """Every record of every preset file, ordered by key.

    Args:
        tenant_id: Whose records.
        folder: Of the files that are always read.
        optional: Names of files in its folder ``optional`` to read as well.

    Raises:
        ConfigError: A file is missing, is not YAML, has an unknown section, or a record breaks its contract.
    """
    records: list[Record] = []
    for path in [*sorted(folder.glob("*.yaml")), *(_optional(folder, name) for name in sorted(set(optional)))]:
        try:
            content = yaml.safe_load(path.read_text())
        except yaml.YAMLError as error:
            raise ConfigError(f"catalog file {path.name} is not YAML: {error}") from error
        if not isinstance(content, dict) or not content.keys() <= _SECTIONS:
            raise ConfigError(f"catalog file {path.name} may only have the sections {', '.join(sorted(_SECTIONS))}")
        for names in content.get("each", [{}]):
            records.extend(_records_of(path.name, _filled_in(content, names), tenant_id))
    return tuple(sorted(records, key=lambda record: record.key))


def _optional(folder: Path, name: str) -> Path:
    known = {path.stem: path for path in (folder / "optional").glob("*.yaml")}
    if name not in known:
        raise ConfigError(f"ASSET_OPTIONAL names {name}, there are {', '.join(sorted(known)) or 'none'}")
    return known[name]


def _records_of(file: str, content: Mapping[str, Any], tenant_id: str) -> Iterator[Record]:
    try:
        owner = {"tenant_id": tenant_id}
        if "site" in content:
            site = Site.model_validate(content["site"] | owner)
            yield site
            owner["site_id"] = site.site_id
        for item in content.get("assets", ()):
            yield Asset.model_validate({"device_id": item["asset_id"]} | item | owner)
        for item in content.get("series", ()):
            yield Series.model_validate(item | owner)
        for item in content.get("products", ()):
            yield Product.model_validate(item | {"tenant_id": tenant_id})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ConfigError(f"catalog file {file}: {error.title} has a wrong {field}: {first['msg']}") from error


def _filled_in(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return value.format_map(names) if names else value
    if isinstance(value, dict):
        return {key: _filled_in(item, names) for key, item in value.items() if key != "each"}
    if isinstance(value, list):
        return [_filled_in(item, names) for item in value]
    return value
