"""Who may use which route of the agent at the site: the least role."""

from typing import Final

from gridseal.access.policies import Policies

POLICIES: Final[Policies] = {"readAgentStatus": "viewer"}
