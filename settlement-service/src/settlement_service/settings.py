"""Every environment variable of settlement-service."""

from pathlib import Path

from pydantic import Field

from gridseal.runtime.settings import PrefixedSettings, prefixed


class SettlementSettings(PrefixedSettings):
    """``SETTLEMENT_SERVICE_*``. Unset files are looked for under ``GRIDSEAL_STATE_DIR``."""

    model_config = prefixed("SETTLEMENT_SERVICE_")

    port: int | None = None
    """Unset: port base + 8020."""
    authority_keystore: Path | None = None
    """Keystore of the key that signs batches. Unset: ``keys/authority.json``."""
    authority_passphrase_file: Path | None = None
    relayer_keystore: Path | None = None
    """Keystore of the key that pays for transactions. Unset: ``keys/relayer.json``."""
    relayer_passphrase_file: Path | None = None
    deployment_file: Path | None = None
    """Where the registry is. Unset: ``chain/deployment.json``."""
    consumer_group: str = "settlement-service"
    poll_s: float = Field(default=0.05, gt=0)
    """Wall seconds between two looks at a transaction in flight. Each look is one small call to the node."""
    replace_s: float = Field(default=30.0, gt=0)
    """After so long it is replaced by one with higher fees."""
    gas_limit: int = 400_000
    """A first seal of a product takes about 190,000; the registry's cost does not depend on the number of leaves."""
    dependency_timeout_s: float = 10.0
