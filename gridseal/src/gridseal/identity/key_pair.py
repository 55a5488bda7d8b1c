"""A private signing key on disk beside a public file that also holds the public keys of its predecessors.

What an earlier key signed stays checkable after a rotation: the public file lists the key in use
first and the earlier ones after it.
"""

from pathlib import Path

from gridseal.identity.ed25519 import SigningKey, public_pem, read_public
from gridseal.identity.private_file import write_private, write_public


def ensure_pair(private: Path, public: Path, what: str) -> SigningKey:
    """Make the key if it is not there, and see that its public key is the first of the public file.

    Args:
        private: PEM file that only its owner may read.
        public: PEM file that everybody may read.
        what: How an error calls the key.

    Raises:
        ConfigError: The private file holds no Ed25519 key.
    """
    if not private.exists():
        private.parent.mkdir(parents=True, exist_ok=True)
        write_private(private, SigningKey.new().private_pem())
    key = SigningKey.read(private, what)
    publish(key, public)
    return key


def rotate_pair(private: Path, public: Path) -> SigningKey:
    """Replace the key. Its public key is published before anything can be signed with it."""
    key = SigningKey.new()
    publish(key, public)
    write_private(private, key.private_pem())
    return key


def publish(key: SigningKey, path: Path) -> None:
    """Put the public key first in the file, before those that are there."""
    known = read_public(path.read_bytes()) if path.exists() else {}
    if next(iter(known), None) == key.key_id:
        return
    others = [public_pem(other) for name, other in known.items() if name != key.key_id]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_public(path, public_pem(key.public) + b"".join(others))
