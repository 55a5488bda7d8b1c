"""Every environment variable of settlement-service."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from eth_utils.address import is_address, to_checksum_address
from pydantic import Field, field_validator

from gridseal.runtime.settings import PrefixedSettings, prefixed
from settlement_service.grouping import Grouping
from settlement_service.transactions.orders import KeyName

KEY_NAMES = get_args(KeyName)


class SettlementSettings(PrefixedSettings):
    """``SETTLEMENT_SERVICE_*``. Unset files are looked for under ``GRIDSEAL_STATE_DIR``."""

    model_config = prefixed("SETTLEMENT_SERVICE_")

    port: int | None = None
    """Unset: port base + 8020."""
    authority_keystore: Path | None = None
    """Keystore of the key that signs batches. Unset: ``keys/authority.json``, its passphrase ``keys/authority.pass``.
    The keys ``benchmark``, ``provider`` and ``keeper`` stand beside it under their names."""
    authority_passphrase_file: Path | None = None
    relayer_keystore: Path | None = None
    """Keystore of the key that pays for seals, and can do nothing else. Unset: ``keys/relayer.json``."""
    relayer_passphrase_file: Path | None = None
    signer_url: str | None = None
    """JSON-RPC address of a remote signer (Web3Signer or alike). It keeps the keys that ``signer_addresses`` names."""
    signer_addresses: str = ""
    """``relayer=0x…,authority=0x…``; what is not named is read from a keystore."""
    secrets_key_file: Path | None = None
    """Keys that batch secrets are encrypted with: 64 hexadecimal digits a line, the present one first. Unset:
    ``keys/batch-secrets.key``. Whoever loses it can open no leaf any more."""
    deployment_file: Path | None = None
    """Where the registry is. Unset: ``chain/deployment.json``."""
    consumer_group: str = "settlement-service"
    poll_s: float = Field(default=0.05, gt=0)
    """Wall seconds between two looks at a transaction in flight. Each look is one small call to the node."""
    replace_s: float = Field(default=30.0, gt=0)
    """After so long the transaction that holds up the others is replaced by a better offer, an eighth more."""
    batched_products: str = ""
    """Products, by commas, whose runs go several to a transaction; all others are sealed run by run."""
    batch_most: int = Field(default=16, ge=2, le=64)
    """Runs per transaction."""
    batch_wait_s: float = Field(default=30.0, ge=0)
    """Wall seconds that a run of those products waits for others."""
    batch_margin_s: int = Field(default=600, ge=0)
    """Domain seconds before its gate at which such a run waits no longer. More than a transaction takes to get in."""
    confirmations: int = Field(default=12, ge=1)
    """Blocks that make a seal final, its own among them. 1 on a chain with immediate finality (QBFT); on public
    chains more: a deeper reorganization than this is reported, not repaired."""
    window: int = Field(default=8, ge=1)
    """Transactions of one key that may be in flight at once."""
    priority_fee_wei: int = Field(default=10**9, ge=0)
    """Tip per gas; 0 on a chain without fees."""
    max_fee_wei: int = Field(default=500 * 10**9, ge=0)
    """Nothing is ever offered above it per gas. Too low, and seals miss their gates when the chain is dear."""
    gas_limit: int = 400_000
    """A first seal of a product takes about 190,000; the registry's cost does not depend on the number of leaves."""
    round_every_s: int = Field(default=10_800, ge=1)
    """Of each span of so many domain seconds the first slot of a product is settled. Shorter: more rounds, each of
    which costs some 15 million gas per authority for 500 leaves. 1 settles every slot."""
    round_lag_s: int = Field(default=1_800, ge=0)
    """Domain seconds after a slot's last period before its actuals are proposed: what is measured late comes in."""
    round_poll_s: float = Field(default=1.0, gt=0)
    """Wall seconds between two looks at the open rounds."""
    events_poll_s: float = Field(default=1.0, gt=0)
    """Wall seconds between two looks for new events of the contracts."""
    jobs_url: str | None = None
    """The process of forecast-service that takes jobs, its scheduler. Unset: port base + 8002 on this machine."""
    recalibration_flow: str = "retrain"
    """Flow of forecast-service that answers an operator's request; ``{product}`` in it stands for the product."""
    recalibration_parameters: str = '{"mode": "finetune"}'
    """Its parameters, a JSON object."""
    signin_domains: str = ""
    """Hosts, with port, that wallets may sign in for, by commas. Unset: that of ``GRIDSEAL_DASHBOARD_URL``."""
    session_key_file: Path | None = None
    """Ed25519 key that signs sessions, PEM. Unset: ``keys/session-signing.key``, made if missing; the same for all
    replicas. Earlier keys stay good as long as they stand in the ``.pub`` beside it."""
    signin_session_s: float = Field(default=28_800.0, gt=0)
    """Wall seconds after which one has to sign in again."""
    dependency_timeout_s: float = 10.0
    origin_timeout_s: float = Field(default=30.0, gt=0)
    """For what a run was computed from: forecast-service puts it together from up to 2,000 earlier runs."""

    @property
    def grouping(self) -> Grouping:
        """Which runs go together."""
        products = frozenset(name.strip() for name in self.batched_products.split(",") if name.strip())
        return Grouping(products, self.batch_most, self.batch_wait_s, self.batch_margin_s)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Addresses of the remote signer's keys, by the key's name."""
        pairs = (part.partition("=") for part in self.signer_addresses.split(",") if part)
        return {name.strip(): str(to_checksum_address(address.strip())) for name, _, address in pairs}

    def keystore_of(self, name: str, folder: Path) -> tuple[Path, Path]:
        """Keystore and passphrase file of a key; ``folder`` is where those stand that are not set."""
        keystore, passphrase = folder / f"{name}.json", folder / f"{name}.pass"
        if name == "authority":
            return self.authority_keystore or keystore, self.authority_passphrase_file or passphrase
        if name == "relayer":
            return self.relayer_keystore or keystore, self.relayer_passphrase_file or passphrase
        return keystore, passphrase

    @field_validator("signer_addresses")
    @classmethod
    def _names_and_addresses(cls, text: str) -> str:
        for part in filter(None, text.split(",")):
            name, _, address = part.partition("=")
            if name.strip() not in KEY_NAMES or not is_address(address.strip()):
                raise ValueError(f"should be NAME=0xADDRESS,…; names are {', '.join(KEY_NAMES)}")
        return text
