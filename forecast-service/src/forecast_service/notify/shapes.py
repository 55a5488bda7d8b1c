"""The body of a webhook, as each kind of receiver reads it. Pure.

Slack: incoming webhooks, ``text`` as the fallback of ``blocks`` (docs.slack.dev/messaging/formatting-message-text).
Teams: an Adaptive Card in an attachment, as Workflows ("When a Teams webhook request is received") takes it.
PagerDuty: Events API v2, ``dedup_key`` at most 255 characters, ``summary`` at most 1,024.
"""

import json
from typing import Any

from forecast_service.notify.events import Event
from forecast_service.notify.targets import Target
from gridseal.wire.fields import format_utc

TITLE_MOST = 200
DETAIL_MOST = 1_500
_COLORS = {"info": "Default", "warning": "Warning", "critical": "Attention"}
_MARKS = {"info": ":information_source:", "warning": ":warning:", "critical": ":rotating_light:"}


def body_of(event: Event, target: Target, page: str) -> bytes:
    """What is posted.

    Args:
        event: What happened.
        target: To whom.
        page: Address of the dashboard, for a link.
    """
    if target.shape == "slack":
        made = _slack(event, page)
    elif target.shape == "teams":
        made = _teams(event, page)
    elif target.shape == "pagerduty":
        assert target.routing_key is not None
        made = _pagerduty(event, target.routing_key.get_secret_value(), page)
    else:
        made = {"type": f"gridseal.{event.kind}", "link": page, "data": event.model_dump(mode="json")}
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def cut(text: str, most: int) -> str:
    """At most so many characters, with a sign where something is missing."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _slack(event: Event, page: str) -> dict[str, Any]:
    title, detail = _mrkdwn(cut(event.title, TITLE_MOST)), _mrkdwn(cut(event.detail, DETAIL_MOST))
    facts = f"{_mrkdwn(event.source)} · {format_utc(event.at)} · <{page}|dashboard>"
    return {
        "text": f"{title}: {detail}",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"{_MARKS[event.severity]} *{title}*\n{detail}"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": facts}]},
        ],
    }


def _mrkdwn(text: str) -> str:
    """The three characters by which a text could mention everybody or pose as a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(event: Event, page: str) -> dict[str, Any]:
    facts = [{"title": "Where", "value": event.source}, {"title": "When", "value": format_utc(event.at)}]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            # RichTextBlock: a TextBlock would read Markdown, and so links, out of what devices and people wrote.
            _plain(cut(event.title, TITLE_MOST), weight="Bolder", size="Medium", color=_COLORS[event.severity]),
            _plain(cut(event.detail, DETAIL_MOST)),
            {"type": "FactSet", "facts": facts},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Dashboard", "url": page}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _plain(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _pagerduty(event: Event, routing_key: str, page: str) -> dict[str, Any]:
    begun = event.resolves or event.key
    made: dict[str, Any] = {"routing_key": routing_key, "dedup_key": cut(begun, 255)}
    if event.resolves is not None:
        return made | {"event_action": "resolve"}
    return made | {
        "event_action": "trigger",
        "client": "Gridseal",
        "client_url": page,
        "payload": {
            "summary": cut(event.title, 1_024),
            "source": event.source or "gridseal",
            "severity": event.severity,
            "timestamp": format_utc(event.at),
            "group": event.source,
            "class": event.kind,
            "custom_details": {"detail": cut(event.detail, DETAIL_MOST), "about": event.about},
        },
    }
