"""The public form of a run's seal, and of its proof."""

from gridseal.notary.batch import ZERO_HASH
from gridseal.notary.proof_file import ChainPosition, ProofFile, ProvenForecast, open_points
from gridseal.wire.forecasts import Seal
from settlement_service.sealing import Sealing, seal_state

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


def proof_of(sealing: Sealing, series_id: str) -> ProofFile:
    """The proof file of one series of a mined run.

    Raises:
        KeyError: The run has no such series.
        ValueError: The run is not mined.
    """
    signing, deployment = sealing.signing, sealing.deployment
    if sealing.state != "mined" or signing is None or deployment is None or sealing.block_number is None:
        raise ValueError(f"the seal of this run is {seal_state(sealing.state)}, a proof needs a mined one")
    run = sealing.run
    points = open_points(run, series_id, sealing.secret)
    series = next(s for s in run.series if s.series_id == series_id)
    return ProofFile(
        forecast=ProvenForecast(
            run_id=run.run_id,
            product_id=run.product_id,
            region_id=run.region_id,
            series_id=series_id,
            unit=series.unit,
            resolution_s=series.resolution_s,
            slot=run.slot,
            issued_at=run.issued_at,
            levels_bps=run.levels_bps,
            points=points,
        ),
        batch=signing.batch,
        authority=deployment.authority,
        signature="0x" + signing.signature.hex(),
        chain=ChainPosition(
            chain_id=deployment.chain_id,
            registry=deployment.registry,
            tx_hash=sealing.tx_hash or ZERO_HASH,
            block_number=sealing.block_number,
            block_hash=sealing.block_hash or ZERO_HASH,
        ),
    )
