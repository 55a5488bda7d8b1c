"""A folder of model files under a manifest, and the manifest under a signature.

The manifest names the SHA-256 of every file and where the model comes from; ``signature.json`` holds
an Ed25519 signature of the manifest's bytes. Files are read once, checked, and used from memory:
what was checked is what is loaded. Nothing in them is executed while loading.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import GridsealError

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
T = TypeVar("T")
Keys = Mapping[str, Ed25519PublicKey]
"""Public keys by key id, as ``gridseal.identity.ed25519.read_public`` gives them."""


class ArtifactRefusedError(GridsealError):
    """The files of a model are not what was signed, or not a model of this version. Keep the old one."""


class Signer(Protocol):
    """A private key. ``gridseal.identity.ed25519.SigningKey`` is one."""

    @property
    def key_id(self) -> str:
        """Name of its public key."""
        ...

    def sign(self, content: bytes) -> str:
        """Signature in base64url without padding."""
        ...


def seal(
    folder: Path, kind: str, signer: Signer | None = None, provenance: Mapping[str, str | int | float] | None = None
) -> str:
    """Write manifest and signature for all files that lie in a folder.

    Args:
        folder: Holds the files of one model and nothing else.
        kind: Which code reads it, for example ``site-model/1``.
        signer: Without one there is no signature, and no process that serves will load the model.
        provenance: Data, code and environment the model was made from; part of what is signed.

    Returns:
        0x-prefixed SHA-256 of the manifest: the hash that stands for the whole model.
    """
    names = sorted(path.name for path in folder.iterdir() if path.name not in (MANIFEST, SIGNATURE))
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    content = _canonical({"format": kind, "files": files, "provenance": dict(provenance or {})})
    (folder / MANIFEST).write_bytes(content)
    (folder / SIGNATURE).unlink(missing_ok=True)
    if signer is not None:
        made = {"algorithm": "Ed25519", "key_id": signer.key_id, "signature": signer.sign(content)}
        (folder / SIGNATURE).write_bytes(_canonical(made))
    return _hash(content)


def manifest_hash(folder: Path) -> str:
    """Hash that stands for the whole model."""
    return _hash((folder / MANIFEST).read_bytes())


def provenance_of(folder: Path) -> dict[str, Any]:
    """What the manifest says about data, code and environment. Check the folder first."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes()).get("provenance", {})
    return found


def unseal(folder: Path, kind: str, expected_hash: str | None, keys: Keys | None) -> dict[str, bytes]:
    """Read every file of a model after checking every byte of it.

    Args:
        folder: What ``seal`` wrote, perhaps after a journey.
        kind: The one that the caller can read.
        expected_hash: What the registry says; ``None`` where there is no registry.
        keys: Who may sign. ``None`` skips the signature: only for files that this process wrote itself.

    Returns:
        Content by file name, manifest and signature left out.

    Raises:
        ArtifactRefusedError: A file is missing, changed or one too many; the signature is missing, wrong or
            by a stranger; or the model is of another kind.
    """
    try:
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        content = found.pop(MANIFEST)
        signature = found.pop(SIGNATURE, None)
        if expected_hash is not None and _hash(content) != expected_hash:
            raise ArtifactRefusedError("manifest does not have the registered hash")
        if keys is not None:
            _check_signature(content, signature, keys)
        manifest = json.loads(content)
        if manifest["format"] != kind:
            raise ArtifactRefusedError(f"a {manifest['format']} model, this version reads {kind}: train again")
        if set(manifest["files"]) != set(found):
            raise ArtifactRefusedError("files are missing, or there are files that nobody signed")
        for name, digest in manifest["files"].items():
            if hashlib.sha256(found[name]).hexdigest() != digest:
                raise ArtifactRefusedError(f"{name} was changed after it was written")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactRefusedError(f"model files cannot be read: {type(error).__name__}") from error
    return found


def opened(
    folder: Path, kind: str, expected_hash: str | None, keys: Keys | None, rebuild: Callable[[Mapping[str, bytes]], T]
) -> T:
    """What ``rebuild`` makes of the files of a model that ``unseal`` lets pass.

    Raises:
        ArtifactRefusedError: The files were refused, or ``rebuild`` stumbled over them in any way.
    """
    files = unseal(folder, kind, expected_hash, keys)
    try:
        return rebuild(files)
    except ArtifactRefusedError:
        raise
    except Exception as error:  # PyTorch, LightGBM, safetensors and JSON each fail in their own way
        raise ArtifactRefusedError(f"model files cannot be read: {type(error).__name__}") from error


def _check_signature(content: bytes, signature: bytes | None, keys: Keys) -> None:
    if signature is None:
        raise ArtifactRefusedError("manifest is not signed: train the model again, or have its trainer sign it")
    made = json.loads(signature)
    # One signature has one spelling: base64 and JSON would both forgive some changed bits.
    if _canonical(made) != signature or set(made) != {"algorithm", "key_id", "signature"}:
        raise ArtifactRefusedError("signature file was changed after it was written")
    raw = base64.urlsafe_b64decode(made["signature"] + "==")
    if made["algorithm"] != "Ed25519" or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != made["signature"]:
        raise ArtifactRefusedError("signature file was changed after it was written")
    key = keys.get(made["key_id"])
    if key is None:
        raise ArtifactRefusedError("manifest is signed by a key that is not trusted here")
    try:
        key.verify(raw, content)
    except InvalidSignature as error:
        raise ArtifactRefusedError("signature does not fit the manifest") from error


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode()


def _hash(content: bytes) -> str:
    return "0x" + hashlib.sha256(content).hexdigest()
