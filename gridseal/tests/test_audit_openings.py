"""An audit opens every leaf again, and takes nothing for granted that the service says."""

from dataclasses import replace
from urllib.parse import unquote

import httpx
from eth_account import Account

from gridseal.cli.audit_window import _opening
from gridseal.notary.batch import ZERO_HASH, batch_of, sign_batch, tree_of
from gridseal.notary.envelope import envelope_of
from gridseal.notary.proof_file import FORMAT, ProofFile, open_forecast
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun

from .builders import a_run, a_series
from .test_audit_rules import DOMAIN, KEY, SECRET, an_event


def a_service(run: ForecastRun) -> httpx.Client:
    """Gives proof files of one run, as settlement-service does."""
    batch = batch_of(run, tree_of(run, SECRET).root, prev_batch=ZERO_HASH, nonce=0)
    authority = str(Account.from_key(KEY).address)
    place = envelope_of(
        batch.root, authority, DOMAIN.registry, chain_id=DOMAIN.chain_id, tx_hash="0x" + "33" * 32,
        block=(7, "0x" + "44" * 32), log_position=1,
    )  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            forecast = open_forecast(run, unquote(request.url.params["series_id"]), SECRET)
        except KeyError:
            return httpx.Response(404)
        signature = "0x" + sign_batch(batch, DOMAIN, KEY).hex()
        proof = ProofFile(
            format=FORMAT, forecast=forecast, batch=batch, authority=authority, signer="account",
            signature=signature, erc8281=place,
        )  # fmt: skip
        return httpx.Response(200, content=encode(proof))

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://settlement")


def test_a_run_that_opens_to_what_is_stored_is_in_order() -> None:
    with a_service(a_run()) as http:
        assert _opening(http, a_run(), an_event()) == ""


def test_a_run_that_opens_to_something_else_is_told() -> None:
    other_values = a_run(series=(a_series(periods=5), a_series("home-01/pv")))
    other_series = a_run(series=(a_series("home-02/load"), a_series("home-01/pv")))
    with a_service(a_run()) as http:
        assert "other values than are stored" in _opening(http, other_values, an_event())
        assert "no proof of home-02/load is given (404)" in _opening(http, other_series, an_event())
        strange = replace(an_event(), batch_hash="0x" + "99" * 32)
        assert "another batch than the one on the chain" in _opening(http, a_run(), strange)
    with a_service(a_run(issued_at=a_run().slot)) as http:
        assert "another batch" in _opening(http, a_run(), an_event())
