"""``gridseal verify-receipt``: check what a gateway promised, with its public key and nothing else.

The file holds a receipt, a list of receipts (``python -m edge_agent proofs`` writes one), or
``{"receipts": […], "message": {…}}`` to ask about one message.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from rich.console import Console

from gridseal.client.gateway import GatewayAdmin
from gridseal.errors import UnavailableError
from gridseal.identity.ed25519 import read_public
from gridseal.notary.outcome import Check
from gridseal.wire.fields import format_utc
from gridseal.wire.receipts import Receipt
from gridseal.wire.signing import verified
from gridseal.wire.telemetry import Telemetry

VERIFIED, REFUTED, NOT_CHECKED = 0, 1, 2


def verify_receipts(path: Path, key: Path | None, gateway: str | None, console: Console) -> int:
    """Print each check and what is proven; 0 all passed, 1 a check failed, 2 file or keys cannot be read."""
    try:
        receipts, message = _read(path)
        keys = _keys(key, gateway)
    except (OSError, ValueError, UnavailableError) as error:
        console.print(f"not verified: {_one_line(error)}", highlight=False)
        return NOT_CHECKED
    checks = [_signature(content, keys) for content in receipts]
    proven = [Receipt.model_validate(c) for c, check in zip(receipts, checks, strict=True) if check.passed]
    if message is not None:
        checks.append(_covered(message, proven))
    for check in checks:
        mark = "[green]ok  [/]" if check.passed else "[red]FAIL[/]"
        console.print(f"{mark} {check.name}: {check.detail}", highlight=False)
    if not all(check.passed for check in checks):
        console.print("NOT VERIFIED: at least one check failed", style="bold red")
        return REFUTED
    for receipt in proven:
        console.print(f"VERIFIED: {what_it_proves(receipt)}", style="bold green", highlight=False)
    console.print("A receipt names the numbers of messages, not their content.", highlight=False)
    return VERIFIED


def what_it_proves(receipt: Receipt) -> str:
    """One sentence."""
    refused = {item.seq for item in receipt.refused}
    ranges = [*([(0, receipt.through)] if receipt.through >= 0 else []), *receipt.ranges]
    told = ", ".join(f"{first} to {last}" if first < last else str(first) for first, last in ranges) or "none"
    issued = format_utc(datetime.fromtimestamp(receipt.issued_at_ms / 1_000, UTC))
    text = f"by {issued} the gateway had stored messages {told} of {receipt.device_id}, boot {receipt.boot_id}"
    if refused:
        reasons = ", ".join(f"{item.seq} ({item.reason})" for item in receipt.refused)
        text += f"; of these refused: {reasons}"
    return text


def _read(path: Path) -> tuple[list[dict[str, Any]], Telemetry | None]:
    content = json.loads(path.read_bytes())
    if isinstance(content, dict) and "receipt" in content:
        content = content | {"receipts": [content["receipt"]]}
    if isinstance(content, dict) and "receipts" in content:
        receipts, message = content["receipts"], content.get("message")
    else:
        receipts, message = content if isinstance(content, list) else [content], None
    for receipt in receipts:
        Receipt.model_validate(receipt)
    if not receipts:
        raise ValueError(f"{path.name} holds no receipt")
    return receipts, None if message is None else Telemetry.model_validate_json(json.dumps(message))


def _keys(path: Path | None, gateway: str | None) -> dict[str, Ed25519PublicKey]:
    if path is not None:
        return read_public(path.read_bytes())
    if gateway is not None:
        return GatewayAdmin(gateway).receipt_keys()
    raise ValueError("give --key FILE with the gateway's public keys, or --gateway URL")


def _signature(receipt: dict[str, Any], keys: dict[str, Ed25519PublicKey]) -> Check:
    key = keys.get(str(receipt.get("key_id")))
    if key is None:
        return Check("signature", False, f"key {receipt.get('key_id')} is not among the gateway's")
    good = verified(receipt, key)
    name = f"receipt for {receipt['device_id']}, key {receipt['key_id']}"
    return Check("signature", good, name if good else f"{name}: it was changed, or another key made it")


def _covered(message: Telemetry, receipts: list[Receipt]) -> Check:
    number = f"message {message.seq} of {message.device_id}, boot {message.boot_id}"
    mine = [r for r in receipts if (r.device_id, r.boot_id) == (message.device_id, message.boot_id)]
    for receipt in mine:
        for item in receipt.refused:
            if item.seq == message.seq:
                return Check("coverage", True, f"{number} was refused: {item.reason}; its bytes are on dead-letter")
    for receipt in mine:
        for first, last in ((0, receipt.through), *receipt.ranges):
            if first <= message.seq <= last:
                return Check("coverage", True, f"{number} was stored")
    return Check("coverage", False, f"no verified receipt speaks of {number}")


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"not a receipt: check {'.'.join(map(str, first['loc']))}"
    return str(error)
