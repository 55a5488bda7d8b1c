"""What a replacement offers: an eighth more in both fields, never above the cap."""

from hypothesis import given
from hypothesis import strategies as st

from settlement_service.transactions.fees import FeePolicy, Fees, first_offer, next_offer

AMOUNTS = st.integers(0, 10**12)
POLICIES = st.builds(FeePolicy, priority_fee=AMOUNTS, cap=st.integers(1, 10**12))


@given(AMOUNTS, POLICIES)
def test_the_first_offer_keeps_the_cap_and_its_tip_fits_in(base_fee: int, policy: FeePolicy) -> None:
    offer = first_offer(base_fee, policy)

    assert offer.priority_fee <= offer.max_fee <= policy.cap


@given(AMOUNTS, AMOUNTS, POLICIES)
def test_every_replacement_would_be_taken(base_fee: int, later_base_fee: int, policy: FeePolicy) -> None:
    old = first_offer(base_fee, policy)
    new = next_offer(old, later_base_fee, policy)

    if new is not None:
        assert new.max_fee * 8 >= old.max_fee * 9
        assert new.priority_fee * 8 >= old.priority_fee * 9
        assert new.max_fee > old.max_fee
        assert new.priority_fee <= new.max_fee <= policy.cap


def test_at_the_cap_nothing_more_is_offered() -> None:
    assert next_offer(Fees(900, 100), 1, FeePolicy(100, 1_000)) is None
    assert next_offer(Fees(888, 100), 1, FeePolicy(100, 1_000)) == Fees(999, 113)


def test_a_chain_without_fees_is_not_outbid() -> None:
    free = FeePolicy(0, 10**12)

    assert first_offer(0, free) == Fees(0, 0)
    assert next_offer(Fees(0, 0), 0, free) is None
    assert next_offer(Fees(0, 0), 5, free) == Fees(10, 1)
