"""A client that comes back gets what it missed, or is told that it cannot."""

from hypothesis import given
from hypothesis import strategies as st

from forecast_service.live.narrow import Event, passes, seal_event
from forecast_service.live.ring import Ring, Rings
from gridseal.wire.live import Filter


def an_event(number: int, site: str = "a") -> Event:
    return Event("forecasts", {"n": number}, frozenset({site}), frozenset({f"{site}/x"}), f"{site}/x")


@given(st.integers(1, 20), st.integers(0, 60), st.integers(0, 70), st.integers(0, 5))
def test_a_resume_gives_every_missed_event_once_in_order_or_nothing(
    size: int, events: int, last_seq: int, first: int
) -> None:
    ring = Ring(size, first)
    for n in range(events):
        ring.add(an_event(first + n + 1))

    missed = ring.since(last_seq)

    if missed is None:
        assert last_seq > ring.seq or ring.seq - last_seq > min(size, events)
    else:
        assert [seq for seq, _ in missed] == list(range(last_seq + 1, ring.seq + 1))
        assert [event.data["n"] for _, event in missed] == [seq for seq, _ in missed]


@given(st.lists(st.sampled_from("abc"), max_size=60), st.sampled_from([None, "a", "b"]))
def test_seq_rises_by_one_per_event_that_the_filter_lets_through(sites: list[str], site: str | None) -> None:
    rings = Rings(size=100, keep=8)
    ring = rings.ring("forecasts", Filter(site_id=site))

    seen = []
    for n, name in enumerate(sites):
        seen += [seq for key, seq in rings.add(an_event(n, name)) if key[1] == site]

    wanted = [name for name in sites if site in (None, name)]
    assert seen == list(range(1, len(wanted) + 1))
    assert ring.seq == len(wanted)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(0, 39))
def test_a_position_from_before_a_ring_was_forgotten_is_never_taken_for_valid(sites: list[str], cut: int) -> None:
    rings = Rings(size=100, keep=1)
    wanted = Filter(site_id="a")
    old = rings.ring("forecasts", wanted)
    for n, name in enumerate(sites[:cut]):
        list(rings.add(an_event(n, name)))
    position = old.seq
    rings.ring("forecasts", Filter(site_id="b"))  # the ring of "a" is forgotten
    for n, name in enumerate(sites[cut:]):
        list(rings.add(an_event(n, name)))

    again = rings.ring("forecasts", wanted)

    lost = [name for name in sites[cut:] if name == "a"]
    assert not lost or again.since(position) is None


def test_a_ring_in_use_is_not_forgotten() -> None:
    used = {("forecasts", "a", None): True}
    rings = Rings(size=10, keep=1, in_use=used.keys())  # type: ignore[arg-type]
    ring = rings.ring("forecasts", Filter(site_id="a"))
    rings.ring("forecasts", Filter(site_id="b"))
    rings.ring("forecasts", Filter(site_id="c"))

    list(rings.add(an_event(1)))

    assert ring.seq == 1


def test_a_seal_concerns_every_site_of_its_run() -> None:
    event = seal_event({"run_id": "1"}, frozenset({"a/x", "b/y"}))

    assert passes(Filter(site_id="b"), event)
    assert passes(Filter(series_id="a/x"), event)
    assert not passes(Filter(site_id="c"), event)
