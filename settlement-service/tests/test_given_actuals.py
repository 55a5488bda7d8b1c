"""Values of another provider are taken if they lead to the root on the chain, and in the order of its tree."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from gridseal.notary.score import ActualLeaf
from settlement_service.actuals.leaves import committed
from settlement_service.rounds.given import EXAMPLE, GivenActuals, set_of

SLOT = datetime(2026, 6, 8, 13, tzinfo=UTC)
SECRET = b"\x07" * 32
ITEMS = [ActualLeaf(f"home-0{i}/net", int(SLOT.timestamp()), 3600, 1_000 * i, 5_000_000) for i in range(5)]


def given(**changes: object) -> GivenActuals:
    items = [
        {"series_id": i.series_id, "target_start": SLOT.isoformat(), "resolution_s": i.resolution_s,
         "value_milli": i.value_milli, "capacity_milli": i.capacity_milli}
        for i in reversed(ITEMS)
    ]  # fmt: skip
    fields: dict[str, object] = {"version": 2, "secret": "0x" + SECRET.hex(), "items": items}
    return GivenActuals.model_validate(fields | changes)


def test_the_same_values_and_secret_have_the_same_root_in_whatever_order_they_come() -> None:
    assert set_of(given()) == committed(2, ITEMS, SECRET)


def test_another_value_or_secret_has_another_root() -> None:
    other = set_of(given(secret="0x" + "08" * 32))

    assert other.root != committed(2, ITEMS, SECRET).root


@pytest.mark.parametrize("change", [{"items": []}, {"secret": "0x07"}, {"version": 0}, {"more": 1}])
def test_what_is_no_set_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        given(**change)


def test_the_example_is_one() -> None:
    assert len(set_of(GivenActuals.model_validate(EXAMPLE)).items) == 1
