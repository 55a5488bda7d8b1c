"""A small run as evidence, in which everything is as it should be until a test changes it."""

from tests.chaos.checker import Evidence, Key, Place, Row, Sent, WindowKey, WindowSum

BOOT = "00112233445566ff"
SERIES = "chaos/load-00.voltage"


def a_row(k: int, *, milli: int = 230_000, device_id: str = "load-00") -> Row:
    return Row(Place(device_id, "voltage", 1_780_876_800 + k), 1, milli)


def a_key(seq: int) -> Key:
    return Key("load-00", BOOT, seq)


def a_clean_run(messages: int = 10) -> Evidence:
    """Messages 0 to n-1 stored; then one on dead-letter, one refused by the stream, one stranger."""
    evidence = Evidence(series={SERIES: ("load-00", "voltage")})
    rows = [a_row(k) for k in range(messages)]
    for seq, row in enumerate(rows):
        evidence.sent[a_key(seq)] = Sent("good", f"sha-{seq}", (row,))
    evidence.sent[a_key(messages)] = Sent("poison", "sha-poison", ())
    evidence.sent[a_key(messages + 1)] = Sent("late-poison", "sha-late", (a_row(-9_999, milli=10**17),))
    evidence.strangers = {"sha-stranger"}
    evidence.receipted = set(evidence.sent)
    evidence.stored = rows
    evidence.refused = [a_row(-9_999).place]
    evidence.logged = [f"sha-{seq}" for seq in range(messages)] + ["sha-late"]
    evidence.dead = ["sha-poison", "sha-stranger"]
    evidence.windows = {
        WindowKey(SERIES, 900, 1_780_876_800): WindowSum(230_000 * messages, messages, messages),
    }
    return evidence
