"""The public form of a run's seal, and of its proof."""

from datetime import datetime

from gridseal.notary.batch import ZERO_HASH
from gridseal.notary.envelope import envelope_of
from gridseal.notary.proof_file import FORMAT, ProofFile, open_forecast
from gridseal.wire.forecasts import Seal
from settlement_service.sealing import SEALED_STATES, Sealing, seal_state

NO_ADDRESS = "0x" + "00" * 20


def seal_of(sealing: Sealing) -> Seal:
    """Where the seal of a run stands. Before it is signed there is no registry yet: zero addresses."""
    deployment = sealing.deployment
    return Seal(
        run_id=sealing.run_id,
        product_id=sealing.product_id,
        slot=sealing.slot,
        version=sealing.version,
        state=seal_state(sealing.state),
        root=sealing.root,
        authority=deployment.authority if deployment else NO_ADDRESS,
        chain_id=deployment.chain_id if deployment else 0,
        registry=deployment.registry if deployment else NO_ADDRESS,
        tx_hash=sealing.tx_hash,
        block_number=sealing.block_number,
        block_time=sealing.block_time,
        detail=sealing.detail,
    )


def proof_of(sealing: Sealing, series_id: str, target_start: datetime | None = None) -> ProofFile:
    """The proof file of one series of a mined run, of all its periods or of the one that starts at ``target_start``.

    Raises:
        KeyError: The run has no such series, or the series no such period.
        ValueError: The run is not mined.
    """
    signing, deployment = sealing.signing, sealing.deployment
    if sealing.state not in SEALED_STATES or signing is None or deployment is None or sealing.block_number is None:
        raise ValueError(f"the seal of this run is {seal_state(sealing.state)}, a proof needs a mined one")
    return ProofFile(
        format=FORMAT,
        forecast=open_forecast(sealing.run, series_id, sealing.secret, target_start),
        batch=signing.batch,
        authority=deployment.authority,
        signer="account",
        signature="0x" + signing.signature.hex(),
        erc8281=envelope_of(
            signing.batch.root,
            deployment.authority,
            deployment.registry,
            chain_id=deployment.chain_id,
            tx_hash=sealing.tx_hash or ZERO_HASH,
            block=(sealing.block_number, sealing.block_hash or ZERO_HASH),
            log_position=sealing.log_position,
        ),
    )
