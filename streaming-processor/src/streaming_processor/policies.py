"""Who may use which route: the least role."""

from typing import Final

from gridseal.access.policies import Policies

POLICIES: Final[Policies] = {
    "get_stream_latency": "viewer",
    "get_stream_status": "viewer",
    "listRefusedReadings": "operator",
    "listStreamRates": "viewer",
    "readReadingTrail": "viewer",
    "readStreamStatus": "viewer",
}
