"""The gateway's admin routes about identity, as the command line uses them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import UnavailableError
from gridseal.wire.signing import key_id


@dataclass(frozen=True, slots=True)
class GatewayAdmin:
    """One gateway by its address."""

    url: str
    timeout_s: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Who asks, where there is a login."""

    def receipt_keys(self) -> dict[str, Ed25519PublicKey]:
        """Every key that ever signed receipts, by key id."""
        items = self._ask("GET", "/api/v1/gateway/receipt-keys")["items"]
        keys = [
            Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(item["public_key"] + "=")) for item in items
        ]
        return {key_id(key): key for key in keys}

    def enroll(self, device: str, public_key: Ed25519PublicKey | None) -> dict[str, Any]:
        """Admit a device."""
        raw = None if public_key is None else base64.urlsafe_b64encode(public_key.public_bytes_raw())
        text = None if raw is None else raw.rstrip(b"=").decode()
        return self._ask("PUT", f"/api/v1/gateway/devices/{device}", {"public_key": text})

    def revoke(self, device: str, reason: str) -> dict[str, Any]:
        """Have the device's messages refused."""
        return self._ask("POST", f"/api/v1/gateway/devices/{device}/revoke", {"reason": reason})

    def devices(self) -> list[dict[str, Any]]:
        """Devices enrolled with a key, or revoked."""
        items: list[dict[str, Any]] = self._ask("GET", "/api/v1/gateway/devices")["items"]
        return items

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = httpx.request(
                method, self.url.rstrip("/") + path, json=body, headers=dict(self.headers), timeout=self.timeout_s
            )
            answer.raise_for_status()
            content: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(f"the gateway at {self.url} did not do it: {error}") from error
        return content
