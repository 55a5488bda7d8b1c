"""Signs messages of devices that were enrolled with a payload key, ``devices/<device_id>.sign.key``."""

import json
from collections.abc import Iterable
from pathlib import Path

from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.signing import signing_bytes


class PayloadSigner:
    """The payload keys of one agent's devices. Most have none: their messages go as they are."""

    def __init__(self, tls_dir: Path, device_ids: Iterable[str]) -> None:
        """Read the keys.

        Raises:
            ConfigError: A key file holds no Ed25519 key.
        """
        paths = {device_id: tls_dir / "devices" / f"{device_id}.sign.key" for device_id in device_ids}
        self._keys = {
            name: SigningKey.read(path, "EDGE_AGENT_TLS_DIR") for name, path in paths.items() if path.exists()
        }

    def signed(self, device_id: str, payload: bytes) -> bytes:
        """The message with its signature as last field; the bytes before it are unchanged."""
        key = self._keys.get(device_id)
        if key is None:
            return payload
        signature = key.sign(signing_bytes(json.loads(payload)))
        return payload.rstrip()[:-1] + b',"signature":"' + signature.encode() + b'"}'
