"""What was ever written can be read today; gridseal/schemas/history/README.md says the rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from gridseal.errors import WireError
from gridseal.wire.codec import decode, encode
from gridseal.wire.compatibility import differences
from gridseal.wire.receipts import Receipt
from gridseal.wire.schemas import MESSAGES, record, revisions, schema_texts
from gridseal.wire.telemetry import Telemetry

SCHEMAS = Path(__file__).parents[1] / "schemas"
EXAMPLES = Path(__file__).parent / "history"
RETIRED = {"receipt-1"}
ACCEPTED = {
    # Nothing ever sent a clock of 2^53 ms: that is in 285,000 years.
    ("telemetry-1", 1): ["$.sent_at_ms: maximum is narrower"],
}


def examples(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EXAMPLES / f"{name}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_newest_recorded_revision_is_what_the_code_says(name: str) -> None:
    known = revisions(SCHEMAS, name)

    assert [path.stem for path in known] == [str(number) for number in range(1, len(known) + 1)]
    assert known[-1].read_text() == schema_texts()[f"{name}.json"], "the schema changed, run: make schemas"


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_what_fitted_an_earlier_revision_fits_todays(name: str) -> None:
    today = json.loads(schema_texts()[f"{name}.json"])
    for number, path in enumerate(revisions(SCHEMAS, name), 1):
        assert differences(json.loads(path.read_text()), today) == ACCEPTED.get((name, number), [])


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_revision_has_messages_that_still_mean_the_same(name: str) -> None:
    recorded = examples(name)

    assert {line["revision"] for line in recorded} == set(range(1, len(revisions(SCHEMAS, name)) + 1))
    for line in recorded:
        message = decode(MESSAGES[name], json.dumps(line["message"]))
        assert json.loads(encode(message)) == line["message"]


def test_every_recorded_name_is_a_message_or_retired() -> None:
    recorded = {path.stem for path in EXAMPLES.glob("*.jsonl")}

    assert recorded == {path.name for path in (SCHEMAS / "history").iterdir() if path.is_dir()}
    assert recorded - set(MESSAGES) == RETIRED


def test_telemetry_from_before_signatures_passes_and_stays_without_one() -> None:
    old = [line["message"] for line in examples("telemetry-1") if line["revision"] == 1]

    for message in old:
        decoded = decode(Telemetry, json.dumps(message))
        assert decoded.signature is None
        assert b"signature" not in encode(decoded)


def test_an_unsigned_receipt_of_version_1_is_understood_by_nobody() -> None:
    for line in examples("receipt-1"):
        with pytest.raises(WireError, match="schema"):
            decode(Receipt, json.dumps(line["message"]))


def test_a_changed_schema_is_recorded_once_and_the_old_one_stays(tmp_path: Path) -> None:
    for text in ("1", "1", "2", "2"):
        record(tmp_path, "a", text)

    assert [path.read_text() for path in revisions(tmp_path, "a")] == ["1", "2"]


def closed(required: tuple[str, ...] = ("a",), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


INT: dict[str, Any] = {"type": "integer"}


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (closed(a=INT), closed(a=INT, b=INT), None),
        (closed(a=INT), closed((), a=INT), None),
        (closed(a=INT), closed(a={"type": "number"}), None),
        (closed(a=INT), closed(a={"anyOf": [INT, {"type": "null"}]}), None),
        (closed(a={"enum": ["x"]}), closed(a={"enum": ["x", "y"]}), None),
        (closed(a={"const": "x"}), closed(a={"type": "string"}), None),
        (closed(a=INT | {"minimum": 1}), closed(a=INT | {"exclusiveMinimum": 0}), None),
        (closed(a={"type": "array", "items": INT}), closed(a={"type": "array"}), None),
        (closed(a=INT, b=INT), closed(a=INT), "$.b: is refused now"),
        (closed(a=INT), closed(("a", "b"), a=INT, b=INT), "$.b: is asked for now"),
        (closed(a={"type": "number"}), closed(a=INT), "$.a: number became integer"),
        (closed(a={"anyOf": [INT, {"type": "null"}]}), closed(a=INT), "$.a|1: null became integer"),
        (closed(a={"enum": ["x", "y"]}), closed(a={"enum": ["x"]}), "$.a: value 'y' is gone"),
        (closed(a={"type": "string"}), closed(a={"const": "x"}), "$.a: only certain values are left"),
        (closed(a=INT | {"minimum": 0}), closed(a=INT | {"exclusiveMinimum": 0}), "$.a: minimum is narrower"),
        (closed(a=INT), closed(a=INT | {"maximum": 9}), "$.a: maximum is narrower"),
        (closed(a={"type": "string"}), closed(a={"type": "string", "pattern": "x"}), "$.a: pattern is another one"),
        ({"type": "object"}, closed((), a=INT), "$: further fields are refused now"),
        (closed(a=INT), closed(a=INT | {"multipleOf": 2}), "$.a: keyword multipleOf cannot be compared"),
    ],
)
def test_the_rules_of_compatibility(old: dict[str, Any], new: dict[str, Any], difference: str | None) -> None:
    assert differences(old, new) == ([] if difference is None else [difference])
