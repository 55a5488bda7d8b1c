"""Configuration files: a template of this package, filled in and written to the state folder."""

from importlib.resources import files
from pathlib import Path


def write_config(target: Path, template: str, **values: object) -> None:
    """Fill ``template`` and write it to ``target``."""
    text = files("local_stack").joinpath("config", template).read_text()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.format(**values))
