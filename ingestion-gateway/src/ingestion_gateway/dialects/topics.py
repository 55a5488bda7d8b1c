"""MQTT topic filters: which entry a topic belongs to, and which foreign device it names."""

from collections.abc import Sequence

from gridseal.wire.topics import MQTT_TELEMETRY_FILTER


def check_filter(wanted: str) -> str | None:
    """What is wrong with a topic filter, if anything."""
    levels = wanted.split("/")
    if not wanted or len(wanted) > 1_024 or "\0" in wanted:
        return "should be an MQTT topic filter of 1 to 1024 characters"
    if wanted.startswith("$"):
        return "must not begin with $: shared subscriptions and $SYS are not for dialects"
    if levels[0] == "v1" or _overlap(levels, MQTT_TELEMETRY_FILTER.split("/")):
        return f"must not match {MQTT_TELEMETRY_FILTER}: v1/… is the gateway's own protocol"
    for number, level in enumerate(levels):
        if level == "#" and number != len(levels) - 1:
            return "may have # only as its last level"
        if level not in ("#", "+") and ("#" in level or "+" in level):
            return "may have + and # only as whole levels"
    return None


def _overlap(levels: Sequence[str], others: Sequence[str]) -> bool:
    for level, other in zip(levels, others, strict=False):
        if level == "#":
            return True
        if "+" not in (level, other) and level != other:
            return False
    return len(levels) == len(others) or levels[len(others) :] == ["#"]


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
