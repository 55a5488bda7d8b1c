"""Talks to Gridseal and to a chain from outside: forecasts, scores, alerts, seals; ``json_rpc`` for a node.

>>> with ForecastClient("http://127.0.0.1:28000") as client:
...     for item in client.latest(site_id="nrel-pv"):
...         print(item.name, item.points[0])
"""

from gridseal.client.rest import AsyncForecastClient, ForecastClient
from gridseal.client.stream import Lost, Update, stream

__all__ = ["AsyncForecastClient", "ForecastClient", "Lost", "Update", "stream"]
