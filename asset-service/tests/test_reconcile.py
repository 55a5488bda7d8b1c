"""Revisions count up on change only, and never fall behind what was published."""

from hypothesis import given
from hypothesis import strategies as st

from asset_service.presets import Record
from asset_service.reconcile import Kept, Target, plan

from .builders import a_site

KEY = "site/here"
OLD, NEW = a_site(name="Old"), a_site(name="New")


def test_a_new_record_starts_at_revision_one() -> None:
    assert plan([NEW], {}, {}) == (Target(KEY, NEW, 1, published=False),)


def test_an_unchanged_record_keeps_its_revision_and_is_not_published_again() -> None:
    kept = {KEY: Kept(OLD, 4)}

    assert plan([OLD], kept, kept) == (Target(KEY, OLD, 4, published=True),)


def test_a_changed_record_counts_up() -> None:
    kept = {KEY: Kept(OLD, 4)}

    assert plan([NEW], kept, kept) == (Target(KEY, NEW, 5, published=False),)


def test_a_crash_before_publishing_publishes_the_same_revision() -> None:
    assert plan([NEW], {KEY: Kept(NEW, 5)}, {KEY: Kept(OLD, 4)}) == (Target(KEY, NEW, 5, published=False),)


def test_a_lost_store_learns_its_revisions_from_the_topic() -> None:
    assert plan([OLD], {}, {KEY: Kept(OLD, 7)}) == (Target(KEY, OLD, 7, published=True),)
    assert plan([NEW], {}, {KEY: Kept(OLD, 7)}) == (Target(KEY, NEW, 8, published=False),)


def test_a_lost_topic_is_filled_again_with_the_same_revisions() -> None:
    assert plan([OLD], {KEY: Kept(OLD, 4)}, {}) == (Target(KEY, OLD, 4, published=False),)


def test_a_removed_record_is_deleted_on_the_topic_and_counts_on_when_it_returns() -> None:
    kept = {KEY: Kept(OLD, 4)}
    (removed,) = plan([], kept, kept)
    assert removed == Target(KEY, None, 5, published=False)

    assert plan([], {KEY: Kept(None, 5)}, {}) == (Target(KEY, None, 5, published=True),)
    assert plan([OLD], {KEY: Kept(None, 5)}, {}) == (Target(KEY, OLD, 6, published=False),)


witness = st.none() | st.builds(Kept, st.sampled_from([OLD, NEW]), st.integers(1, 5))
in_store = witness | st.builds(Kept, st.none(), st.integers(1, 5))


@given(st.sampled_from([None, OLD, NEW]), in_store, witness)
def test_a_plan_carried_out_is_final_and_never_goes_back(
    wanted: Record | None, stored: Kept | None, published: Kept | None
) -> None:
    presets = [one for one in (OLD, NEW) if one is wanted]
    first = plan(presets, {KEY: stored} if stored else {}, {KEY: published} if published else {})
    for target in first:
        assert target.revision >= max(kept.revision for kept in (stored, published, Kept(None, 0)) if kept)
        on_topic = {KEY: Kept(target.record, target.revision)} if target.record else {}
        again = plan(presets, {KEY: Kept(target.record, target.revision)}, on_topic)
        assert again == (Target(KEY, target.record, target.revision, published=True),)
