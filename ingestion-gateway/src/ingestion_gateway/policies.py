"""Who may use which route: the least role. Public keys of receipts are for anybody who holds a receipt."""

from typing import Final

from gridseal.access.policies import Policies

POLICIES: Final[Policies] = {
    "enroll_device": "operator",
    "get_gateway_in_flight": "viewer",
    "get_gateway_status": "viewer",
    "get_message_trail": "viewer",
    "list_dead_letters": "operator",
    "list_enrolled_devices": "viewer",
    "list_feeds": "viewer",
    "list_gateway_sessions": "viewer",
    "list_kept_receipts": "viewer",
    "list_quarantine": "operator",
    "list_receipt_keys": "public",
    "replay_dead_letters": "operator",
    "revoke_device": "operator",
}
"""Refused messages are shown to operators only: they hold what devices sent, as they sent it."""
