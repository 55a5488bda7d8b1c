"""Who may use which route: the least role."""

from typing import Final

from gridseal.access.policies import Policies

POLICIES: Final[Policies] = {
    "change_asset": "operator",
    "get_asset": "viewer",
    "get_asset_history": "viewer",
    "list_asset_performance": "viewer",
    "list_asset_quality": "viewer",
    "list_assets": "viewer",
    "list_products": "viewer",
    "list_series": "viewer",
    "list_sites": "viewer",
}
