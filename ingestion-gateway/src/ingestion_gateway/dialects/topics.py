"""MQTT topic filters: which entry a topic belongs to, and which foreign device it names."""

from collections.abc import Sequence

from gridseal.wire.topics import MQTT_TELEMETRY_FILTER, mqtt_telemetry_topic


def check_filter(wanted: str) -> str | None:
    """What is wrong with a topic filter, if anything."""
    levels = wanted.split("/")
    if not wanted or len(wanted) > 1_024 or "\0" in wanted:
        return "should be an MQTT topic filter of 1 to 1024 characters"
    if wanted.startswith("$"):
        return "must not begin with $: shared subscriptions and $SYS are not for dialects"
    for number, level in enumerate(levels):
        if level == "#" and number != len(levels) - 1:
            return "may have # only as its last level"
        if level not in ("#", "+") and ("#" in level or "+" in level):
            return "may have + and # only as whole levels"
    if levels[0] == "v1" or named_by(levels, mqtt_telemetry_topic("tenant", "site", "device")) is not None:
        return f"must not match {MQTT_TELEMETRY_FILTER}: v1/… is the gateway's own protocol"
    return None


def named_by(wanted: Sequence[str], topic: str) -> str | None:
    """The foreign name in a topic, or None when the filter's levels do not match it.

    What ``+`` matched, joined by ``/``; without a ``+`` what ``#`` matched; without either the whole topic.
    """
    levels = topic.split("/")
    rest = wanted[-1] == "#"
    fixed = wanted[:-1] if rest else wanted
    if len(levels) < len(fixed) or (not rest and len(levels) != len(fixed)):
        return None
    plus = []
    for want, level in zip(fixed, levels, strict=False):
        if want == "+":
            plus.append(level)
        elif want != level:
            return None
    if plus:
        return "/".join(plus)
    return "/".join(levels[len(fixed) :]) or topic if rest else topic


def lane_of(topic: str) -> str:
    """What has to stay in order: the messages of a topic; of Sparkplug those of an edge node, on all its topics."""
    if not topic.startswith("spBv1.0/"):
        return topic
    levels = topic.split("/")
    return "/".join((*levels[:2], *levels[3:4]))
