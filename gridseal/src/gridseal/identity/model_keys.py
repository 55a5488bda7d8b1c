"""The key that signs models, and the public keys without which none is loaded.

``keys/model-signing.key`` signs where models are trained; ``tls/model-signing.pub`` is all that a
process which serves them needs.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import ConfigError
from gridseal.identity.ed25519 import SigningKey, read_public
from gridseal.identity.key_pair import ensure_pair, rotate_pair

KEY_FILE: Final = "model-signing.key"
PUBLIC_FILE: Final = "model-signing.pub"


def ensure_model_key(keys: Path, tls: Path) -> SigningKey:
    """Make the key if it is not there, and see that its public key is the first of the public file."""
    return ensure_pair(keys / KEY_FILE, tls / PUBLIC_FILE, "model key")


def rotate_model_key(keys: Path, tls: Path) -> SigningKey:
    """Replace the key; models that earlier keys signed stay good."""
    return rotate_pair(keys / KEY_FILE, tls / PUBLIC_FILE)


def read_model_keys(path: Path, setting: str) -> dict[str, Ed25519PublicKey]:
    """Public keys of those who may sign models, by key id.

    Raises:
        ConfigError: The file is missing or holds no key; ``setting`` is named.
    """
    try:
        return read_public(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{setting}: {path} must hold public keys of those who may sign models ({error});"
            " the first training, or the start of the local stack, writes it"
        ) from error
