"""The public form of contracts, accounts and slots. Amounts are whole numbers of the smallest unit, as text."""

from typing import Literal

from pydantic import AwareDatetime, ConfigDict

from gridseal.wire.forecasts import SealState
from gridseal.wire.rounds import RoundState
from settlement_service.rounds.views import View
from settlement_service.signin.wallet import Role

ADDRESS = "0x" + "00" * 20
HASH = "0x" + "00" * 32


class Argument(View):
    """One argument of a call, in order."""

    name: str
    type: str


class ActionView(View):
    """A call that a person may send. ``value`` names the field with the wei to send along, or is ``0``."""

    name: str
    contract: str
    method: str
    arguments: tuple[Argument, ...]
    who: str
    first: str
    value: str


class ContractView(View):
    """One contract of the deployment."""

    name: str
    address: str
    abi: str
    """Path of its ABI."""


class TokenView(View):
    """The token of stakes and bonds."""

    address: str
    symbol: str
    decimals: int


class ContractsView(View):
    """Everything a page needs before it asks a wallet for a signature."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "example": {
                "chain_id": 31337, "deployment_id": "4a1d0d2a8d50f6a2", "deployed_block": 4,
                "block_number": 812, "block_time": "2026-06-08T12:00:07Z", "confirmations": 12,
                "contracts": [{"name": "StakePool", "address": ADDRESS, "abi": "/api/v1/contracts/StakePool/abi"}],
                "token": {"address": ADDRESS, "symbol": "GST", "decimals": 18},
                "bond": "50000000000000000000", "arbitration_cost_wei": "0",
                "dispute_window_s": 7200, "ruling_window_s": 86400, "unbonding_s": 345600, "treasury_due": "0",
                "actions": [
                    {"name": "withdraw-stake", "contract": "StakePool", "method": "withdraw",
                     "arguments": [{"name": "requestId", "type": "uint256"}], "who": "who asked to unstake",
                     "first": "the request's ready_at has passed", "value": "0"}
                ],
            }
        },
    )  # fmt: skip

    chain_id: int
    deployment_id: str
    deployed_block: int
    block_number: int
    block_time: AwareDatetime
    """Of the newest block: the time that every deadline is measured by."""
    confirmations: int
    """Blocks after which this service calls something final."""
    contracts: tuple[ContractView, ...]
    token: TokenView
    bond: str
    """Of a proposal, and of a dispute."""
    arbitration_cost_wei: str
    dispute_window_s: int
    ruling_window_s: int
    unbonding_s: int
    treasury_due: str
    """Halves of lost bonds that wait for ``pay-treasury``."""
    actions: tuple[ActionView, ...]


class HoldingView(View):
    """Shares of an account in the stake of an authority, and what they are worth now."""

    authority: str
    shares: str
    worth: str


class RequestView(View):
    """Something on its way out. ``amount`` is what ``withdraw`` would pay now; none before ``ready_at``."""

    request_id: str
    authority: str
    shares: str
    ready_at: AwareDatetime
    state: Literal["waiting", "ready", "paid"]
    amount: str | None
    tx_hash: str


class AccountView(View):
    """What an account has and may do."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "example": {
                "address": ADDRESS, "roles": ["viewer"], "balance_wei": "0", "tokens": "0", "allowances": {},
                "owed": "0", "holdings": [], "requests": [], "may_back": [],
            }
        },
    )  # fmt: skip

    address: str
    roles: tuple[Role, ...]
    balance_wei: str
    tokens: str
    allowances: dict[str, str]
    """What the contracts may take: ``StakePool`` for stakes, ``ActualsRegistry`` for bonds."""
    owed: str
    """What ``withdraw-bond`` would pay now."""
    holdings: tuple[HoldingView, ...]
    requests: tuple[RequestView, ...]
    may_back: tuple[str, ...]
    """Authorities that this account may stake on."""


class TermsView(View):
    """How a product is settled. ``threshold`` and scores are of 10^18; ``slope_bps`` of the stake per 10^18."""

    benchmark: str
    levels_hash: str
    gate_window_s: int
    reveal_window_s: int
    threshold: str
    slope_bps: int
    cap_bps: int


class ProductView(View):
    """A product that was ever sealed, as it stands for its newest slot. No terms: it is not settled."""

    product_id: str
    product_hash: str
    newest_slot: AwareDatetime
    participants: tuple[str, ...]
    terms: TermsView | None


class ProductList(View):
    """By name."""

    items: tuple[ProductView, ...]


class SlotView(View):
    """One slot: its newest run, how far the seal of that is, and its round where it has one."""

    product_id: str
    slot: AwareDatetime
    run_id: str
    version: int
    gate_closure: AwareDatetime
    seal: SealState
    tx_hash: str | None
    sealed_at: AwareDatetime | None
    """Time of the block that holds the seal."""
    round: RoundState | None
    round_detail: str | None
    due_at: AwareDatetime | None


class SlotPage(View):
    """Newest slot first."""

    items: tuple[SlotView, ...]
    next_cursor: str | None = None
