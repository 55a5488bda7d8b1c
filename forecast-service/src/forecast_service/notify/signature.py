"""Signature of a webhook as the specification Standard Webhooks has it: HMAC-SHA256 over id, time and body. Pure."""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def signed_headers(secret: str | None, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Headers by which a receiver knows the sender, and a repeat.

    Args:
        secret: ``whsec_`` and the key in Base64, or any other text; None leaves the signature out.
        message_id: The same at every try.
        at_s: Wall clock, seconds since 1970; receivers refuse what is older than minutes.
        body: The bytes that are sent.
    """
    headers = {"webhook-id": message_id, "webhook-timestamp": str(at_s)}
    if secret is not None:
        digest = hmac.new(_key(secret), f"{message_id}.{at_s}.".encode() + body, hashlib.sha256).digest()
        headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    return headers


def _key(secret: str) -> bytes:
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
