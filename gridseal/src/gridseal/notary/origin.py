"""What a forecast came from: checked where the proof file shows it, or where the reader has the inputs beside it."""

import base64
import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.notary.outcome import Check
from gridseal.notary.proof_file import ProofFile
from gridseal.wire.signing import key_id, verified


def check_origin(proof: ProofFile) -> Iterator[Check]:
    """One check for the inputs and one for the receipts, each only where the file has them."""
    origin = proof.origin
    if origin is None:
        return
    if origin.inputs is not None:
        yield check_inputs(proof, base64.b64decode(origin.inputs))
    if origin.receipts:
        keys = {key_id(key): key for key in map(_key, origin.receipt_keys)}
        known = [(receipt, keys.get(str(receipt.get("key_id")))) for receipt in origin.receipts]
        good = sum(key is not None and verified(receipt, key) for receipt, key in known)
        told = f"{good} of {len(known)} receipts are signed by keys {', '.join(sorted(keys))}"
        yield Check("receipts", good == len(known), told)


def check_inputs(proof: ProofFile, inputs: bytes) -> Check:
    """Whether these bytes are what the run was computed from."""
    same = "0x" + hashlib.sha256(inputs).hexdigest() == proof.batch.feature_hash
    told = f"{len(inputs)} bytes of inputs have the signed hash"
    return Check("inputs", same, told if same else "these are not the inputs that were signed")


def _key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text))
