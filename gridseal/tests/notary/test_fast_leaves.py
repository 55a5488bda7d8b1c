"""The quick way to a leaf gives what the ABI library and HMAC give, and refuses what they refuse."""

import hashlib
import hmac

import pytest
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak as slow_keccak
from hypothesis import given
from hypothesis import strategies as st

from gridseal.notary.keccak import keccak
from gridseal.notary.leaf import Leaf, leaf_hash, leaf_hashes, name_hash, salt_of

LEAVES = st.builds(
    Leaf,
    series_id=st.sampled_from(["home-01/net", "grid/ü"]),
    target_start=st.integers(0, 2**64 - 1),
    resolution_s=st.integers(0, 2**32 - 1),
    values_milli=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=12).map(tuple),
)


def by_the_book(leaf: Leaf, salt: bytes) -> bytes:
    kinds = ["bytes32", "uint64", "uint32", "int64[]", "bytes32"]
    series = name_hash(leaf.series_id)
    words = abi_encode(kinds, [series, leaf.target_start, leaf.resolution_s, list(leaf.values_milli), salt])
    return slow_keccak(slow_keccak(words))


@given(st.binary(max_size=600))
def test_keccak_is_keccak(data: bytes) -> None:
    assert keccak(data) == slow_keccak(data)


@given(st.lists(LEAVES, max_size=6), st.binary(max_size=100))
def test_a_batch_of_leaves_hashes_like_each_of_them(leaves: list[Leaf], secret: bytes) -> None:
    salts = [hmac.new(secret, i.to_bytes(8, "big"), hashlib.sha256).digest() for i in range(len(leaves))]

    assert [salt_of(secret, i) for i in range(len(leaves))] == salts
    assert leaf_hashes(leaves, secret) == [by_the_book(leaf, salt) for leaf, salt in zip(leaves, salts, strict=True)]


@pytest.mark.parametrize("leaf", [Leaf("a", -1, 1, ()), Leaf("a", 2**64, 1, ()), Leaf("a", 1, 2**32, ())])
def test_a_time_that_solidity_cannot_hold_is_refused(leaf: Leaf) -> None:
    with pytest.raises(ValueError, match="uint"):
        leaf_hash(leaf, b"\0" * 32)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_value_that_solidity_cannot_hold_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="int64"):
        leaf_hash(Leaf("a", 1, 1, (value,)), b"\0" * 32)
