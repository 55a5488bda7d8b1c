"""What is told, in which shape, signed how, and where a request may never go."""

import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from forecast_service.notify.address import ForbiddenAddressError, judged, networks_of, reachable
from forecast_service.notify.deliver import LONGEST_WAIT_S, wait_s
from forecast_service.notify.events import Event, of_alert, of_model_event, of_resolution, of_round, of_seal
from forecast_service.notify.post import judged_answer
from forecast_service.notify.shapes import body_of
from forecast_service.notify.signature import signed_headers
from forecast_service.notify.targets import Target, read_targets
from gridseal.errors import ConfigError, UnavailableError
from gridseal.wire.forecasts import Seal
from gridseal.wire.rounds import RoundChange

from .builders import SLOT
from .insight_world import an_alert

PAGE = "https://gridseal.example"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def a_target(**changes: object) -> Target:
    given = {"name": "desk", "shape": "generic", "url": "https://hooks.example/x"}
    return Target.model_validate(given | changes)


def an_event(**changes: object) -> Event:
    return of_alert(an_alert(1)).model_copy(update=changes)


def a_seal(state: str) -> Seal:
    return Seal.model_validate(
        {
            "schema": "seal/1", "run_id": "r1", "product_id": "site-6h", "slot": SLOT, "version": 1, "state": state,
            "root": "0x" + "1" * 64, "authority": "0x" + "2" * 40, "chain_id": 1, "registry": "0x" + "3" * 40,
        }
    )  # fmt: skip


def a_round(state: str) -> RoundChange:
    return RoundChange.model_validate(
        {
            "schema": "round/1", "product_id": "site-6h", "slot": SLOT, "state": state, "chain_id": 1,
            "settlement": "0x" + "3" * 40,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "severity", "says"),
    [
        (of_alert(an_alert(1, severity="critical")), "critical", "stuck"),
        (of_model_event(7, "rolled_back", "site", "3", "worse", "watch", SLOT), "warning", "was taken back"),
        (of_model_event(7, "published", "site", "3", "new", "gate", SLOT), None, ""),
        (of_seal(a_seal("late"), SLOT), "warning", "missed its gate"),
        (of_seal(a_seal("failed"), SLOT), "critical", "could not be sealed"),
        (of_seal(a_seal("final"), SLOT), None, ""),
        (of_round(a_round("disputed"), SLOT), "warning", "disputed"),
        (of_round(a_round("settled"), SLOT), None, ""),
    ],
)
def test_only_what_somebody_must_know_is_told(event: Event | None, severity: str | None, says: str) -> None:
    assert (event.severity if event else None) == severity
    assert event is None or says in event.title


def test_a_target_hears_what_it_asked_for() -> None:
    night = a_target(least="critical", kinds=["alert"])

    assert not night.wants(an_event())
    assert night.wants(an_event(severity="critical"))
    assert not a_target(kinds=["model"]).wants(an_event())
    end = of_resolution(1, "a1", "eve", "", SLOT)
    assert not night.wants(end)
    assert a_target(shape="pagerduty", url="", routing_key="k" * 32).wants(end)


def test_slack_reads_no_mention_and_no_link_out_of_a_device_s_words() -> None:
    event = an_event(title="<!channel> & <http://evil.example|free>", severity="critical")

    told = json.loads(body_of(event, a_target(shape="slack"), PAGE))

    assert told["text"].startswith("&lt;!channel&gt; &amp; &lt;http://evil.example|free&gt;")
    assert "<!channel>" not in json.dumps(told)
    assert f"<{PAGE}|dashboard>" in told["blocks"][1]["elements"][0]["text"]


def test_teams_gets_a_card_without_markdown() -> None:
    told = json.loads(body_of(an_event(title="[x](http://evil.example)"), a_target(shape="teams"), PAGE))

    assert told["type"] == "message"
    assert told["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = told["attachments"][0]["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [part["type"] for part in card["body"]] == ["RichTextBlock", "RichTextBlock", "FactSet"]
    assert card["body"][0]["inlines"][0]["text"] == "[x](http://evil.example)"


def test_pagerduty_opens_and_ends_the_same_incident() -> None:
    target = a_target(shape="pagerduty", url="", routing_key="k" * 32)

    begun = json.loads(body_of(an_event(detail="d" * 5_000), target, PAGE))
    ended = json.loads(body_of(of_resolution(9, "a1", "eve", "fixed", SLOT), target, PAGE))

    assert target.address == "https://events.pagerduty.com/v2/enqueue"
    assert (begun["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert begun["dedup_key"] == ended["dedup_key"] == "alert:a1"
    assert begun["payload"]["severity"] == "warning"
    assert {"summary", "source", "severity", "timestamp"} <= set(begun["payload"])
    assert len(begun["payload"]["custom_details"]["detail"]) == 1_500


def test_a_signature_is_that_of_standard_webhooks() -> None:
    body = b'{"a":1}'

    headers = signed_headers(SECRET, "alert:a1", 1_700_000_000, body)

    made = hmac.new(bytes(range(32)), b'alert:a1.1700000000.{"a":1}', hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "alert:a1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1," + base64.b64encode(made).decode(),
    }
    assert "webhook-signature" not in signed_headers(None, "x", 1, body)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "ff02::1",
    ],
)  # fmt: skip
async def test_nothing_inside_is_reached(address: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14", address]  # one good address does not excuse the other

    assert not reachable(ipaddress.ip_address(address), ())
    with pytest.raises(ForbiddenAddressError, match="inside"):
        await judged("https://hooks.example/x", (), resolve)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "file:///etc/passwd", "gopher://hooks.example/", "https://u:p@hooks.example/", "https://",
        "https://hooks.example:99999/", "//hooks.example/x",
    ],
)  # fmt: skip
async def test_other_ways_than_https_are_refused(url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    with pytest.raises(ForbiddenAddressError):
        await judged(url, (), resolve)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "127.1"])
async def test_this_machine_by_any_other_name_is_refused(host: str) -> None:
    """Through the machine's own resolver, which knows these spellings; where it does not, there is no address."""
    with pytest.raises((ForbiddenAddressError, UnavailableError)):
        await judged(f"https://{host}/x", ())


async def test_a_network_that_is_named_may_be_reached_also_without_tls() -> None:
    place = await judged("http://127.0.0.1:9/x", networks_of("127.0.0.0/8, fd00::/8"))

    assert (place.ip, place.port, place.tls) == ("127.0.0.1", 9, False)
    with pytest.raises(ConfigError, match="FORECAST_NOTIFY_NETWORKS"):
        networks_of("10.0.0.0/33")


def test_waits_double_and_heed_the_receiver() -> None:
    assert [wait_s(n, None) for n in (1, 2, 3)] == [5, 10, 20]
    assert wait_s(1, 120) == 120
    assert wait_s(99, 1e9) == LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "delivered"), (202, "delivered"), (301, "refused"), (400, "refused"), (410, "refused"), (429, "again"),
        (503, "again"),
    ],
)  # fmt: skip
def test_what_a_status_means(status: int, outcome: str) -> None:
    assert judged_answer(status, None).outcome == outcome


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "file"),
        ('[{"name": "a", "shape": "slack"}]', "url is missing"),
        ('[{"name": "a", "shape": "pagerduty"}]', "routing_key"),
        ('[{"name": "a", "shape": "generic", "url": "https://x.example", "secret": "canary"}]', "24 characters"),
        ('[{"name": "a", "shape": "generic", "url": "https://x.example", "canary": 1}]', "Extra inputs"),
        ('[{"name":"a","shape":"slack","url":"u"},{"name":"a","shape":"slack","url":"u"}]', "alike"),
    ],
)
def test_a_wrong_file_is_refused_without_telling_its_secrets(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "targets.json"
    file.write_text(text)

    with pytest.raises(ConfigError, match=says) as refused:
        read_targets(file)
    assert '"canary"' not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(ConfigError, match="cannot be read"):
        read_targets(tmp_path / "none")
    assert read_targets(None) == ()
