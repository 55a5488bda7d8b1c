"""The gas in docs/trust.md is that of blockchain/gas/snapshot.json, to the unit."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALLS = {
    "register_authority": "register an authority",
    "notarize": "seal a run",
    "notarize_again": "seal a later version of it",
    "notarize_many_10": "seal ten runs in one call",
    "stake": "stake for the first time",
    "join": "take part in a product",
    "propose_actuals": "propose measured values",
    "finalize_actuals": "make them final",
    "open_round_of_2": "open a round of two authorities",
    "score_one_period_of_9_levels": "score one period of nine levels",
    "score_day_of_96_periods_of_9_levels": "score a day of 96 periods of nine levels",
    "reveal_day_of_96_periods_of_9_levels": "reveal such a day",
    "settle_round_of_2": "settle the round",
    "start_unbonding": "ask for a stake back",
    "withdraw": "withdraw it",
    "withdraw_bond": "withdraw a bond",
}


def table() -> str:
    """What belongs between the marks."""
    gas = json.loads((ROOT / "blockchain" / "gas" / "snapshot.json").read_text())
    rows = [f"| {words} | {gas[name]:,} |" for name, words in CALLS.items()]
    return "\n".join(["| call | gas |", "| --- | ---: |", *rows])


def test_the_gas_in_the_document_is_that_of_the_snapshot() -> None:
    text = (ROOT / "docs" / "trust.md").read_text()
    told = text.partition("<!-- gas -->\n")[2].partition("\n<!-- /gas -->")[0]

    assert told == table(), f"write this between the marks of docs/trust.md:\n{table()}"
