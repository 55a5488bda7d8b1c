"""A signature stands for one batch in one registry on one chain, and for nothing else."""

from typing import Any

import pytest
from eth_account import Account

from gridseal.notary.batch import BATCH_TYPE, Batch, SigningDomain, batch_hash, sign_batch, signer_of

KEY = b"\x42" * 32
DOMAIN = SigningDomain(chain_id=31337, registry="0x" + "ab" * 20)
OTHER_HASH = "0x" + "ee" * 32


def a_batch(**changes: Any) -> Batch:
    fields: dict[str, Any] = {
        "root": "0x" + "01" * 32,
        "leaf_count": 24,
        "product_id": "0x" + "02" * 32,
        "region_id": "0x" + "03" * 32,
        "slot": 1_780_272_000,
        "version": 1,
        "levels_hash": "0x" + "04" * 32,
        "model_hash": "0x" + "05" * 32,
        "feature_hash": "0x" + "06" * 32,
        "issued_at": 1_780_272_060,
        "gate_closure": 1_780_272_900,
        "delivery_start": 1_780_272_900,
        "prev_batch": "0x" + "00" * 32,
        "nonce": 0,
    }
    return Batch(**(fields | changes))


def test_the_authority_is_recovered() -> None:
    assert signer_of(a_batch(), DOMAIN, sign_batch(a_batch(), DOMAIN, KEY)) == Account.from_key(KEY).address


@pytest.mark.parametrize("field", Batch.model_fields)
def test_a_change_of_any_field_gives_another_signer_and_another_hash(field: str) -> None:
    signature = sign_batch(a_batch(), DOMAIN, KEY)
    old = getattr(a_batch(), field)
    changed = a_batch(**{field: OTHER_HASH if isinstance(old, str) else old + 1})

    assert signer_of(changed, DOMAIN, signature) != Account.from_key(KEY).address
    assert batch_hash(changed) != batch_hash(a_batch())


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"registry": "0x" + "cd" * 20}])
def test_a_signature_is_worth_nothing_on_another_chain_or_registry(change: dict[str, Any]) -> None:
    elsewhere = SigningDomain(**(DOMAIN.model_dump() | change))
    signature = sign_batch(a_batch(), DOMAIN, KEY)

    assert signer_of(a_batch(), elsewhere, signature) != Account.from_key(KEY).address


def test_the_type_string_is_the_struct_of_the_registry() -> None:
    assert BATCH_TYPE == (
        "ForecastBatch(bytes32 root,uint32 leafCount,bytes32 productId,bytes32 regionId,uint64 slot,uint32 version,"
        "bytes32 levelsHash,bytes32 modelHash,bytes32 featureHash,uint64 issuedAt,uint64 gateClosure,"
        "uint64 deliveryStart,bytes32 prevBatch,uint256 nonce)"
    )
