"""One slot of a running local stack all the way: seal, values, doubt, ruling, other values, reveal, score, money.

Knows nothing but what REST tells and what the node answers. The wallet is an account of the local node, which holds
its key; no chain that counts has such accounts.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from gridseal.errors import ChainError, ConfigError, UnavailableError
from gridseal.notary.leaf import name_hash, salt_of
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.score import ActualLeaf, actual_leaf_hash
from gridseal.wire.fields import format_utc

ADMIN, CHALLENGER, ARBITER = 0, 1, 2
"""Accounts of the local node."""
FOR_CHALLENGER: Final = 2
PROVIDER: Final = keccak(b"PROVIDER_ROLE")
EVIDENCE: Final = "a trial of the whole way: the same values are put up again by a second provider"
MARKS: Final = {
    "proposed": "ActualsProposed",
    "disputed": "ActualsDisputed",
    "void": "ActualsVoid",
    "settled": "Settled",
}
"""Of the states that are waited for, the event that begins each."""
Json = Mapping[str, Any]


@dataclass
class SlotWalk:
    """A wallet on its way through one slot."""

    service: httpx.AsyncClient
    """settlement-service, with whatever it wants to know of who asks."""
    node: httpx.AsyncClient
    tell: Callable[[str], None]
    patience_s: float = 900.0
    """Wall seconds for each wait."""
    look_every_s: float = 0.5
    _ids: "count[int]" = field(default_factory=count)
    _accounts: list[str] = field(default_factory=list)

    async def run(self) -> Json:
        """Take the first slot whose values are proposed to its end, and return what REST says of it then.

        Raises:
            ConfigError: The node holds no keys: it is no local chain.
            ChainError: The chain refused a step.
            UnavailableError: Something does not answer, or did not come about in time.
        """
        self._accounts = await self._ask("eth_accounts")
        if len(self._accounts) <= ARBITER:
            raise ConfigError("this way is for the local chain: the node of GRIDSEAL_CHAIN_RPC_URL holds no keys")
        wallet = self._accounts[CHALLENGER]
        found = await self._until(self._open_to_doubt, "a round whose values are proposed")
        about = f"{found['product_id']}/{format_utc(datetime.fromisoformat(found['slot']))}"
        await self._tell_of_the_seal(found, about)
        before = await self._account(wallet)
        await self._doubt(found, about)
        await self._values_again(found, about)
        settled = await self._until(lambda: self._at(about, "settled"), "the settlement")
        for score in settled["scores"]:
            self.tell(f"scored    {score['authority']}: {score['score_ratio']:.6f}, {score['tx_hash']}")
        self.tell(f"settled   taken {settled['taken']}, given {settled['given']} (10^-18)")
        owed = int((await self._account(wallet))["owed"])
        await self._send(CHALLENGER, "withdraw-bond")
        after = await self._account(wallet)
        gain = int(after["tokens"]) - int(before["tokens"])
        self.tell(f"withdrawn {owed} by {wallet}: {gain} more than before the doubt (10^-18)")
        return settled

    async def _tell_of_the_seal(self, found: Json, about: str) -> None:
        history = await self._get(f"/settlements/slots/{about}")
        for seal in (seal for seal in history["items"] if seal["counts"]):
            run = f", run {seal['run_id']}" if seal["run_id"] else ""
            self.tell(f"sealed    {seal['authority']}: batch {seal['batch_hash']}{run}")
        self.tell(f"proposed  {about}: {found['actuals']['leaf_count']} values, {found['actuals']['tx_hash']}")

    async def _doubt(self, found: Json, about: str) -> None:
        told = await self._get("/contracts")
        version, place = found["actuals"]["version"], self._place(told, "ActualsRegistry")
        await self._send(CHALLENGER, "approve-bond", place, 2 * int(told["bond"]))
        sent = await self._send(CHALLENGER, "dispute", *self._key(found), version, keccak(EVIDENCE.encode()))
        disputed = await self._until(lambda: self._at(about, "disputed"), "the dispute")
        number = disputed["disputes"][-1]["dispute_id"]
        (await self.service.put(f"/settlements/disputes/{number}/evidence", json={"text": EVIDENCE})).raise_for_status()
        self.tell(f"disputed  version {version} with {told['bond']} (10^-18) of bond, {sent}")
        sent = await self._send(ARBITER, "rule", int(number), FOR_CHALLENGER)
        await self._until(lambda: self._at(about, "void"), "the ruling")
        self.tell(f"ruled     for the challenger, {sent}")

    async def _values_again(self, found: Json, about: str) -> None:
        """A second provider takes the place of the first one for one version."""
        old = await self._get(f"/settlements/rounds/{about}/actuals")
        items = [{name: value for name, value in item.items() if name != "salt"} for item in old["items"]]
        secret = secrets.token_bytes(32)
        root = _root([_leaf(item) for item in items], secret)
        wallet = self._accounts[CHALLENGER]
        await self._admin("grantRole", wallet)
        try:
            sent = await self._send(CHALLENGER, "propose", *self._key(found), root, len(items))
        finally:
            await self._admin("revokeRole", wallet)
        proposed = await self._until(lambda: self._at(about, "proposed"), "the other values")
        given = {"version": proposed["actuals"]["version"], "secret": "0x" + secret.hex(), "items": items}
        (await self.service.put(f"/settlements/rounds/{about}/actuals", json=given)).raise_for_status()
        self.tell(f"proposed  version {given['version']} by a second provider, {sent}")

    async def _open_to_doubt(self) -> Json | None:
        now = datetime.fromisoformat((await self._get("/contracts"))["block_time"])
        for day in (now, now - timedelta(days=1)):
            for item in (await self._get(f"/settlements/rounds?day={day.date()}"))["items"]:
                if item["state"] != "proposed":
                    continue
                slot = format_utc(datetime.fromisoformat(item["slot"]))
                found = await self._get(f"/settlements/rounds/{item['product_id']}/{slot}")
                actuals = found["actuals"]
                if actuals and datetime.fromisoformat(actuals["final_at"]) - now > timedelta(minutes=15):
                    return found
        return None

    async def _at(self, about: str, state: str) -> Json | None:
        """The round in a state, once its events are as far: they are read a moment after the state."""
        found = await self._get(f"/settlements/rounds/{about}")
        marks = [step["event"] for step in found["steps"] if step["event"] in MARKS.values()]
        return found if found["state"] == state and marks and marks[-1] == MARKS[state] else None

    async def _account(self, address: str) -> Json:
        return await self._get(f"/accounts/{address}")

    async def _get(self, path: str) -> Json:
        try:
            answer = (await self.service.get(path)).raise_for_status()
        except httpx.HTTPError as error:
            raise UnavailableError(f"settlement-service did not answer {path.split('?')[0]}: {error}") from error
        content: Json = answer.json()
        return content

    async def _until(self, ask: Callable[[], Awaitable[Json | None]], what: str) -> Json:
        try:
            async with asyncio.timeout(self.patience_s):
                while True:
                    found = await ask()
                    if found is not None:
                        return found
                    await asyncio.sleep(self.look_every_s)
        except TimeoutError as error:
            raise UnavailableError(f"{what} did not come about within {self.patience_s:g} s") from error

    def _key(self, found: Json) -> tuple[bytes, int]:
        return name_hash(found["product_id"]), int(datetime.fromisoformat(found["slot"]).timestamp())

    def _place(self, told: Json, name: str) -> str:
        return str(next(one["address"] for one in told["contracts"] if one["name"] == name))

    async def _send(self, account: int, action: str, *arguments: Any) -> str:
        told = await self._get("/contracts")
        call = next(one for one in told["actions"] if one["name"] == action)
        types = [one["type"] for one in call["arguments"]]
        value = int(told.get(call["value"], "0"))
        data = _call(call["method"], types, arguments)
        return await self._transact(account, self._place(told, call["contract"]), data, value)

    async def _admin(self, method: str, account: str) -> None:
        told = await self._get("/contracts")
        data = _call(method, ["bytes32", "address"], (PROVIDER, account))
        await self._transact(ADMIN, self._place(told, "Operations"), data, 0)

    async def _transact(self, account: int, to: str, data: bytes, value: int) -> str:
        fields = {"from": self._accounts[account], "to": to, "data": "0x" + data.hex(), "value": hex(value),
                  "gas": hex(500_000)}  # fmt: skip
        digest = str(await self._ask("eth_sendTransaction", fields))
        mined = await self._until(lambda: self._ask("eth_getTransactionReceipt", digest), f"the block of {digest}")
        if int(mined["status"], 16) != 1:
            raise ChainError(f"the chain refused {digest} to {to}")
        return digest

    async def _ask(self, method: str, *parameters: Any) -> Any:
        question = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        try:
            answer = (await self.node.post("/", json=question)).json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError("the node does not answer: check GRIDSEAL_CHAIN_RPC_URL") from error
        if "error" in answer:
            raise ChainError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]


def _call(method: str, types: list[str], arguments: tuple[Any, ...]) -> bytes:
    return keccak(f"{method}({','.join(types)})".encode())[:4] + abi_encode(types, arguments)


def _leaf(item: Json) -> ActualLeaf:
    start = int(datetime.fromisoformat(item["target_start"]).timestamp())
    return ActualLeaf(item["series_id"], start, item["resolution_s"], item["value_milli"], item["capacity_milli"])


def _root(leaves: list[ActualLeaf], secret: bytes) -> bytes:
    ordered = sorted(leaves, key=lambda leaf: (name_hash(leaf.series_id), leaf.target_start))
    return MerkleTree([actual_leaf_hash(leaf, salt_of(secret, i)) for i, leaf in enumerate(ordered)]).root
