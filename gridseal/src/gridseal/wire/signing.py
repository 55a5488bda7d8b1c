"""Ed25519 over the RFC 8785 (JCS) form of a message: receipts of the gateway, payloads of devices."""

import base64
import hashlib
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FIELD: Final = "signature"


def key_id(public_key: Ed25519PublicKey) -> str:
    """First 8 bytes of SHA-256 over the raw public key, as hex."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def signing_bytes(content: dict[str, Any]) -> bytes:
    """What is signed: the canonical form of everything but the signature itself."""
    return rfc8785.dumps({name: value for name, value in content.items() if name != FIELD})


def sign(content: dict[str, Any], key: Ed25519PrivateKey) -> str:
    """The signature of a message given as a dictionary: base64url without padding, 86 characters."""
    return base64.urlsafe_b64encode(key.sign(signing_bytes(content))).rstrip(b"=").decode()


def verified(content: dict[str, Any], public_key: Ed25519PublicKey) -> bool:
    """Whether ``content["signature"]`` is that of this key over the rest."""
    signature = content.get(FIELD)
    if not isinstance(signature, str):
        return False
    try:
        public_key.verify(base64.urlsafe_b64decode(signature + "=="), signing_bytes(content))
    except (InvalidSignature, ValueError, rfc8785.CanonicalizationError):
        return False
    return True
