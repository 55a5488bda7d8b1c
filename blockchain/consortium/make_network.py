"""Make the files of a consortium chain: one folder per validator, ready for Hyperledger Besu with QBFT.

    python blockchain/consortium/make_network.py --validators 4 --account 0x… --account 0x… --out .local/consortium

Each folder gets a node key of its own, the common genesis with all validators in it, the permissions (the
nodes of this network, and the accounts that may send: the owner of the contracts and the relayers), and its
``config.toml``. Four validators are the least that survive one faulty among them.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import rlp
from eth_keys import keys
from eth_utils.address import is_address, to_checksum_address

HERE = Path(__file__).resolve().parent
VANITY = bytes(32)
FEWEST_VALIDATORS = 4
P2P_PORT, RPC_PORT = 30_303, 8_545


@dataclass(frozen=True, slots=True)
class Validator:
    """A node that proposes and signs blocks. ``number`` counts from 1 and tells its ports."""

    number: int
    key: bytes

    @property
    def address(self) -> bytes:
        """20 bytes, as they stand in the genesis."""
        return keys.PrivateKey(self.key).public_key.to_canonical_address()

    @property
    def enode(self) -> str:
        """Where the others find it."""
        public = keys.PrivateKey(self.key).public_key.to_bytes().hex()
        return f"enode://{public}@127.0.0.1:{P2P_PORT + self.number - 1}"


def extra_data(validators: Sequence[bytes]) -> str:
    """``extraData`` of a QBFT genesis: RLP of vanity, validators, no vote, round 0, no seals."""
    return "0x" + rlp.encode([VANITY, list(validators), [], 0, []]).hex()


def genesis(validators: Sequence[Validator], chain_id: int | None = None) -> dict[str, object]:
    """The first block, with the validators in it."""
    document: dict[str, object] = json.loads((HERE / "genesis.json").read_text())
    config = document["config"]
    if chain_id is not None and isinstance(config, dict):
        config["chainId"] = chain_id
    return document | {"extraData": extra_data([v.address for v in validators])}


def permissions(validators: Sequence[Validator], accounts: Sequence[str]) -> str:
    """Who may connect and who may send."""
    nodes = ",\n  ".join(json.dumps(v.enode) for v in validators)
    senders = ",\n  ".join(json.dumps(to_checksum_address(a)) for a in accounts)
    return f"nodes-allowlist = [\n  {nodes}\n]\naccounts-allowlist = [\n  {senders}\n]\n"


def write_network(validators: Sequence[Validator], accounts: Sequence[str], chain_id: int | None, out: Path) -> None:
    """Write all folders; an existing network is never overwritten."""
    first = json.dumps(genesis(validators, chain_id), indent=2) + "\n"
    allowed = permissions(validators, accounts)
    for validator in validators:
        folder = out / f"validator-{validator.number}"
        folder.mkdir(parents=True)
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_text("0x" + validator.key.hex() + "\n")
        (folder / "genesis.json").write_text(first)
        (folder / "permissions_config.toml").write_text(allowed)
        config = (HERE / "config.toml").read_text()
        config = config.replace(f"p2p-port = {P2P_PORT}", f"p2p-port = {P2P_PORT + validator.number - 1}")
        config = config.replace(f"rpc-http-port = {RPC_PORT}", f"rpc-http-port = {RPC_PORT + validator.number - 1}")
        (folder / "config.toml").write_text(config)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry; says in one sentence what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validators", type=int, default=FEWEST_VALIDATORS)
    parser.add_argument("--account", action="append", required=True, help="may send transactions; give it repeatedly")
    parser.add_argument("--chain-id", type=int)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(argv)
    strangers = [account for account in given.account if not is_address(account)]
    if strangers:
        print(f"make_network: {strangers[0]} is no address", file=sys.stderr)
        return 2
    if given.validators < FEWEST_VALIDATORS:
        print(f"make_network: {FEWEST_VALIDATORS} validators are the least that survive a faulty one", file=sys.stderr)
        return 2
    validators = [Validator(i + 1, secrets.token_bytes(32)) for i in range(given.validators)]
    try:
        write_network(validators, given.account, given.chain_id, given.out)
    except FileExistsError:
        print(f"make_network: {given.out} holds a network already, and its keys are not overwritten", file=sys.stderr)
        return 1
    print(f"{given.validators} validators in {given.out}: start each with besu --config-file=config.toml in its folder")
    return 0


if __name__ == "__main__":
    sys.exit(main())
