"""What adds up is read from the inputs of the series."""

from forecast_service.hierarchy.structure import hierarchies

from .builders import a_fleet, a_sum


def test_homes_of_a_region_and_the_region_are_one_hierarchy() -> None:
    (found,) = hierarchies(a_fleet(2))

    nodes = dict(zip(found.series_ids, found.sums.tolist(), strict=True))
    assert found.series_ids[: found.bottom] == ("home-1/load", "home-1/pv", "home-2/load", "home-2/pv")
    assert nodes["home-1/net"] == [-1, 1, 0, 0]
    assert nodes["region/net"] == [-1, 1, -1, 1]
    assert nodes["region/pv"] == [0, 1, 0, 1]


def test_homes_without_a_region_are_hierarchies_of_their_own() -> None:
    found = hierarchies([s for s in a_fleet(2) if s.site_id != "region"])

    assert [h.series_ids for h in found] == [
        ("home-1/load", "home-1/pv", "home-1/net"),
        ("home-2/load", "home-2/pv", "home-2/net"),
    ]


def test_a_sum_with_an_unknown_part_is_left_out() -> None:
    fleet = [s for s in a_fleet(2) if s.series_id != "home-2/pv"]

    (first, *others) = hierarchies(fleet)

    assert not others
    assert "region/net" not in first.series_ids
    assert first.series_ids == ("home-1/load", "home-1/pv", "home-1/net")


def test_series_of_another_grid_or_alone_are_in_no_hierarchy() -> None:
    fine = [s.model_copy(update={"resolution_s": 900}) for s in a_fleet(1) if s.series_id == "home-1/net"]

    assert hierarchies([*(s for s in a_fleet(1) if s.series_id == "home-1/pv"), *fine]) == []


def test_two_series_over_one_device_are_the_same_up_to_their_sign() -> None:
    twice = a_sum("home-1/export", [("home-1-meter", 1)])

    (found,) = hierarchies([*a_fleet(1), twice])

    nodes = dict(zip(found.series_ids, found.sums.tolist(), strict=True))
    assert nodes["home-1/load"] == [-x for x in nodes["home-1/export"]]
