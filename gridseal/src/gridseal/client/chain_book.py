"""What an auditor reads from a chain: every seal of a registry, every reveal and score of a settlement."""

from collections import defaultdict
from dataclasses import dataclass, field

from eth_abi.abi import decode as abi_decode
from eth_utils.crypto import keccak

from gridseal.client.json_rpc import Event, JsonRpcChain
from gridseal.notary.audit import Notarized, ShownReveal
from gridseal.notary.batch import batch_hash
from gridseal.notary.calls import batches_in, reveal_in
from gridseal.notary.check import BATCH_NOTARIZED, RECORD_SELECTOR

AUTHORITY_REGISTERED = keccak(b"AuthorityRegistered(address,uint8)")
CONTRACT_SIGNER = 2
REVEALED = keccak(b"Revealed(bytes32,uint64,address,uint32,uint256)")
SCORED = keccak(b"Scored(bytes32,uint64,address,uint256)")
ROUND_OPENED = keccak(b"RoundOpened(bytes32,uint64,uint32,uint64)")
ACTUALS_SELECTOR = keccak(b"actuals(bytes32,uint64,uint32)")[:4]
TALLY_SELECTOR = keccak(b"tally(bytes32,uint64,address)")[:4]

Round = tuple[str, int]
"""Product hash and slot."""


class Seals:
    """All batches of a registry, in the order of the chain."""

    def __init__(self, chain: JsonRpcChain, registry: str, from_block: int) -> None:
        self._chain = chain
        self._times: dict[int, int] = {}
        events = chain.events(registry, [BATCH_NOTARIZED], from_block)
        self.notarized = [self._notarized(event) for event in events]
        kinds = chain.events(registry, [AUTHORITY_REGISTERED], from_block)
        self.contract_signers = frozenset(
            _address(e.log.topics[1]) for e in kinds if int.from_bytes(e.log.data, "big") == CONTRACT_SIGNER
        )

    def _notarized(self, event: Event) -> Notarized:
        _, root, authority, product = event.log.topics
        kinds = ["uint64", "uint32", "uint32", "uint64", "bytes32"]
        slot, version, count, gate, digest = abi_decode(kinds, event.log.data)
        if event.block_number not in self._times:
            self._times[event.block_number] = self._chain.block_time(event.block_number)
        sent = self._chain.transaction(event.tx_hash)
        signed = {batch_hash(found.batch): found for found in batches_in(sent.data if sent else b"")}
        mine = signed.get("0x" + digest.hex())
        return Notarized(
            authority=_address(authority),
            product_id="0x" + product.hex(),
            slot=slot,
            version=version,
            leaf_count=count,
            gate_closure=gate,
            root="0x" + root.hex(),
            batch_hash="0x" + digest.hex(),
            tx_hash=event.tx_hash,
            block_time=self._times[event.block_number],
            batch=mine.batch if mine else None,
            signature=mine.signature if mine else b"",
        )


@dataclass
class PlayedRound:
    """What the chain holds of one round."""

    actuals_root: str
    actual_leaves: int
    reveals: dict[str, list[ShownReveal]] = field(default_factory=lambda: defaultdict(list))
    sealed_leaves: dict[str, int] = field(default_factory=dict)
    scores: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    """Transactions whose input is no call of the settlement: sent through another contract."""


class Rounds:
    """All rounds of a settlement."""

    def __init__(self, chain: JsonRpcChain, addresses: dict[str, str], from_block: int) -> None:
        self._chain, self._addresses, self._from = chain, addresses, from_block
        self.played: dict[Round, PlayedRound] = {}
        settlement = addresses["Settlement"]
        for event in chain.events(settlement, [ROUND_OPENED], from_block):
            version, _ = abi_decode(["uint32", "uint64"], event.log.data)
            self.played[_round(event)] = self._opened(event, version)
        for event in chain.events(settlement, [REVEALED], from_block):
            self._add_reveal(event)
        for event in chain.events(settlement, [SCORED], from_block):
            authority = _address(event.log.topics[3])
            self.played[_round(event)].scores[authority] = int.from_bytes(event.log.data, "big")

    def _opened(self, event: Event, version: int) -> PlayedRound:
        product, slot = event.log.topics[1:3]
        asked = ACTUALS_SELECTOR + product + slot + version.to_bytes(32, "big")
        answer = self._chain.call(self._addresses["ActualsRegistry"], asked)
        root, leaves = abi_decode(["bytes32", "uint32"], answer[:64])
        return PlayedRound("0x" + root.hex(), leaves)

    def _add_reveal(self, event: Event) -> None:
        played, authority = self.played[_round(event)], _address(event.log.topics[3])
        sent = self._chain.transaction(event.tx_hash)
        reveal = reveal_in(sent.data) if sent else None
        if sent is None or reveal is None:
            played.unseen.append(event.tx_hash)
            return
        played.reveals[authority].append(ShownReveal(sent.sender, reveal))
        if authority not in played.recorded:
            _, product, slot, word = event.log.topics
            recorded = self._chain.call(self._addresses["ForecastRegistry"], RECORD_SELECTOR + word + product + slot)
            played.recorded[authority] = "0x" + recorded.hex()
            tally = self._chain.call(self._addresses["Settlement"], TALLY_SELECTOR + product + slot + word)
            played.sealed_leaves[authority] = int(abi_decode(["uint32", "uint32"], tally[:64])[1])


def _round(event: Event) -> Round:
    return "0x" + event.log.topics[1].hex(), int.from_bytes(event.log.topics[2], "big")


def _address(word: bytes) -> str:
    return "0x" + word[-20:].hex()
