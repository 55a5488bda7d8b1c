"""Talks to Gridseal and to a chain from outside: forecasts, scores, alerts, seals; ``json_rpc`` for a node.

>>> with ForecastClient("http://127.0.0.1:28000") as client:
...     table = frames.forecasts(client.latest(site_id="nrel-pv"))
...     belief = client.at("nrel-pv/ac", as_at=nine_o_clock, before=[timedelta(hours=1)])
>>> verify(Path("proof.json").read_bytes(), "http://127.0.0.1:28545").verified
"""

from gridseal.client import frames
from gridseal.client.proofs import Verdict, verify
from gridseal.client.rest import ForecastClient
from gridseal.client.rest_async import AsyncForecastClient
from gridseal.client.stream import Lost, Update, stream

__all__ = ["AsyncForecastClient", "ForecastClient", "Lost", "Update", "Verdict", "frames", "stream", "verify"]
