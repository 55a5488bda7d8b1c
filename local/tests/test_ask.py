"""Asking a running stack for a flow: the answer is how its run ended."""

import json

import httpx
import pytest

from local_stack import ask as module
from local_stack.ask import ask, main


def a_scheduler(*states: str) -> httpx.Client:
    left = list(states)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/nothing/runs"):
            return httpx.Response(404)
        return httpx.Response(200, text=json.dumps({"job_id": "j", "state": left.pop(0), "detail": "drift_share 0.1"}))

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://scheduler")


def test_the_run_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 0)

    assert ask(a_scheduler("queued", "running", "done"), "drift-check")["detail"] == "drift_share 0.1"
    with pytest.raises(httpx.HTTPStatusError):
        ask(a_scheduler(), "nothing")


def test_without_a_stack_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["ask", "drift-check"])
    monkeypatch.setenv("GRIDSEAL_PORT_BASE", "1100")

    assert main() == 1
    assert "make up starts the stack" in capsys.readouterr().err
