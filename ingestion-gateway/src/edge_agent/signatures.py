"""Signs messages of devices that were enrolled with a payload key, ``devices/<device_id>.sign.key``."""

import json
from collections.abc import Iterable
from pathlib import Path

from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.signing import signing_bytes

SETTING = "EDGE_AGENT_TLS_DIR"


class PayloadSigner:
    """The payload keys of one agent's devices. Most have none: their messages go as they are.

    Looks at the file for every message, so that a device enrolled or given a new key while the agent
    runs signs its next one.
    """

    def __init__(self, tls_dir: Path, device_ids: Iterable[str]) -> None:
        """Read the keys.

        Raises:
            ConfigError: A key file holds no Ed25519 key.
        """
        self._paths = {device_id: tls_dir / "devices" / f"{device_id}.sign.key" for device_id in device_ids}
        self._keys: dict[str, tuple[tuple[int, int], SigningKey]] = {}
        for device_id in self._paths:
            self._key(device_id)

    def signed(self, device_id: str, payload: bytes) -> bytes:
        """The message with its signature as last field; the bytes before it are unchanged."""
        key = self._key(device_id)
        if key is None:
            return payload
        signature = key.sign(signing_bytes(json.loads(payload)))
        return payload.rstrip()[:-1] + b',"signature":"' + signature.encode() + b'"}'

    def _key(self, device_id: str) -> SigningKey | None:
        path = self._paths[device_id]
        try:
            found = path.stat()
        except OSError:
            return None
        stamp = (found.st_mtime_ns, found.st_ino)
        held = self._keys.get(device_id)
        if held is None or held[0] != stamp:
            held = self._keys[device_id] = (stamp, SigningKey.read(path, SETTING))
        return held[1]
