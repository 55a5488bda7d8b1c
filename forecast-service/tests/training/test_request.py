"""A training does what its job asked for, and refuses what it does not know."""

import pytest
from histories import a_series

from forecast_service.training import TrainingOptions, TrainingRequest, parse_request
from gridseal.errors import ConfigError


def test_nothing_asked_is_the_ordinary_training() -> None:
    request = parse_request("", "JOB")

    assert request == TrainingRequest()
    assert request.applied(TrainingOptions()) == TrainingOptions()


def test_parameters_reach_the_recipe() -> None:
    text = '{"mode": "sweep", "trials": 3, "options": {"learning_rate": 0.002, "fit_steps": 900}, "kinds": ["wind"]}'
    request = parse_request(text, "JOB")
    options = request.applied(TrainingOptions())

    assert (request.mode, request.trials) == ("sweep", 3)
    assert (options.learning_rate, options.fit_steps) == (0.002, 900)
    assert [one.kind for one in request.chosen([a_series("wind"), a_series("pv")])] == ["wind"]
    assert request.chosen([a_series("pv")]) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "must be a JSON object"),
        ("{", "must be a JSON object"),
        ('{"mod": "full"}', "no parameter mod"),
        ('{"mode": "fast"}', "mode must be one of"),
        ('{"trials": 0}', "trials must be"),
        ('{"trials": true}', "trials must be"),
        ('{"options": {"learning_rates": 1}}', "no option learning_rates"),
        ('{"options": {"fit_steps": 1.5}}', "whole number"),
        ('{"options": {"learning_rate": -1}}', "0 or more"),
        ('{"options": {"git_commit": 1}}', "no option git_commit"),
        ('{"kinds": "wind"}', "kinds must be a list"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"JOB.*{says}"):
        parse_request(text, "JOB")
