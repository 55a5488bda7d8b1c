"""Whether what was valid under an earlier schema still is under a later one. Pure.

Compares the JSON Schema that pydantic writes, keyword by keyword. A keyword that is not known here
counts as a difference: better a question too many than a message that nobody can read.
"""

from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

_SAYS_NOTHING: Final = {"title", "description", "default", "examples", "discriminator", "$defs"}
_TOLD: Final = {
    *("type", "const", "enum", "anyOf", "oneOf", "$ref", "format", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "items", "prefixItems", "minItems", "maxItems"),
    *("properties", "required", "additionalProperties"),
}
_KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_WIDENS: Final = {"integer": {"integer", "number"}}


def differences(old: Schema, new: Schema) -> list[str]:
    """Why a document that fits ``old`` might not fit ``new``; empty when every one of them does."""
    return list(_Comparison(old, new).compare(old, new, "$"))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_defs, self._new_defs = old.get("$defs", {}), new.get("$defs", {})

    def compare(self, old: Any, new: Any, path: str) -> Iterator[str]:
        old, new = _resolved(old, self._old_defs), _resolved(new, self._new_defs)
        strange = sorted(set(new) - _SAYS_NOTHING - _TOLD)
        if strange:
            yield f"{path}: keyword {strange[0]} cannot be compared"
            return
        branches = _branches(old)
        if branches:
            for number, branch in enumerate(branches):
                yield from self.compare(branch, new, f"{path}|{number}")
            return
        choices = _branches(new)
        if choices:
            fits = [list(self.compare(old, choice, path)) for choice in choices]
            if all(fits):
                yield min(fits, key=len)[0]
            return
        if not set(new) - _SAYS_NOTHING:
            return
        values = _finite(old)
        if values is not None:
            allowed = _finite(new)
            if allowed is not None:
                yield from (f"{path}: value {value!r} is gone" for value in values if value not in allowed)
                return
            old = {"type": sorted({_KINDS[type(value)] for value in values})} | old
        elif _finite(new) is not None:
            yield f"{path}: only certain values are left"
            return
        yield from self._types(old, new, path)
        yield from _bounds(old, new, path)
        yield from self._array(old, new, path)
        yield from self._object(old, new, path)

    def _types(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if "type" not in new:
            return
        had, has = _types(old), _types(new)
        if not had:
            yield f"{path}: anything was allowed, now {'/'.join(sorted(has))}"
        for kind in sorted(had):
            if not _WIDENS.get(kind, {kind}) & has:
                yield f"{path}: {kind} became {'/'.join(sorted(has))}"

    def _array(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        first, second = old.get("prefixItems", []), new.get("prefixItems", [])
        for number in range(max(len(first), len(second))):
            before = first[number] if number < len(first) else old.get("items", {})
            after = second[number] if number < len(second) else new.get("items", {})
            yield from self.compare(before, after, f"{path}[{number}]")
        if "items" in new:
            yield from self.compare(old.get("items", {}), new["items"], f"{path}[]")

    def _object(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield f"{path}.{name}: is asked for now"
        rest = new.get("additionalProperties", True)
        for name, schema in before.items():
            if name in after:
                yield from self.compare(schema, after[name], f"{path}.{name}")
            elif rest is False:
                yield f"{path}.{name}: is refused now"
            elif rest is not True:
                yield from self.compare(schema, rest, f"{path}.{name}")
        had_rest = old.get("additionalProperties", True)
        if had_rest is False or "object" not in _types(old):
            return
        if rest is False:
            yield f"{path}: further fields are refused now"
        elif rest is not True:
            yield from self.compare({} if had_rest is True else had_rest, rest, f"{path}.*")


def _resolved(schema: Any, definitions: Schema) -> Schema:
    if schema is True:
        return {}
    while "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")] | rest
    found: Schema = schema
    return found


def _branches(schema: Schema) -> list[Any]:
    found: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
    return found


def _finite(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for name, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        before, after = _bound(old, name, exclusive, sign), _bound(new, name, exclusive, sign)
        if after is not None and (before is None or before < after):
            yield f"{path}: {name} is narrower"
    for name, sign in (("minLength", 1), ("minItems", 1), ("maxLength", -1), ("maxItems", -1)):
        if (
            name in new
            and (name not in old or sign * old[name] < sign * new[name])
            and not (name in _FREE and new[name] == 0)
        ):
            yield f"{path}: {name} is narrower"
    for name in ("pattern", "format"):
        if name in new and new[name] != old.get(name):
            yield f"{path}: {name} is another one"


_FREE: Final = {"minLength", "minItems"}


def _bound(schema: Schema, name: str, exclusive: str, sign: int) -> tuple[float, bool] | None:
    """A bound that compares: the larger the narrower, an exclusive one narrower than its twin."""
    told = [(sign * schema[key], key == exclusive) for key in (name, exclusive) if key in schema]
    return max(told, default=None)
