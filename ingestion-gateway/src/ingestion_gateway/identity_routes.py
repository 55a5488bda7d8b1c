"""Admin routes about identity: the keys that sign receipts, enrolled and revoked devices."""

import base64
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, FastAPI, HTTPException, Path
from pydantic import Field

from gridseal.access.people import require_role
from gridseal.access.principal import Principal
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger
from gridseal.wire.fields import Message, UtcTime
from gridseal.wire.signing import key_id
from ingestion_gateway.device_records import DeviceRecord, DeviceRecords
from ingestion_gateway.receipt_keys import ReceiptKeys

log = get_logger(__name__)
DeviceId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""32 bytes, base64url without padding."""


class ReceiptKey(Message):
    """A key that signs receipts now, or did."""

    key_id: str
    public_key: PublicKey
    state: Literal["current", "earlier"]
    first_used_at: UtcTime


class ReceiptKeyList(Message):
    """Answer of ``GET /api/v1/gateway/receipt-keys``, the current key first."""

    items: tuple[ReceiptKey, ...]


class EnrolledKey(Message):
    """A payload key of a device."""

    key_id: str
    public_key: PublicKey
    valid_from: UtcTime
    valid_to: UtcTime | None


class EnrolledDevice(Message):
    """A device as it was enrolled."""

    device_id: str
    state: Literal["enrolled", "revoked"]
    enrolled_at: UtcTime
    revoked_at: UtcTime | None
    reason: str
    keys: tuple[EnrolledKey, ...]


class EnrolledDeviceList(Message):
    """Answer of ``GET /api/v1/gateway/devices``."""

    items: tuple[EnrolledDevice, ...]


class Enrolment(Message):
    """Body of ``PUT /api/v1/gateway/devices/{device_id}``."""

    public_key: PublicKey | None = None


class Revocation(Message):
    """Body of ``POST /api/v1/gateway/devices/{device_id}/revoke``."""

    reason: Annotated[str, Field(max_length=200)] = ""


def install_identity_routes(app: FastAPI, records: DeviceRecords, keys: ReceiptKeys) -> None:
    """Add the routes."""

    @app.get("/api/v1/gateway/receipt-keys", operation_id="list_receipt_keys", tags=["identity"])
    async def receipt_keys() -> ReceiptKeyList:
        """Public keys of all receipts this gateway ever signed."""
        return ReceiptKeyList(
            items=tuple(
                ReceiptKey(
                    key_id=name,
                    public_key=_text(key),
                    state="current" if name == keys.signer.key_id else "earlier",
                    first_used_at=first_used_at,
                )
                for name, key, first_used_at in keys.all()
            )
        )

    @app.get("/api/v1/gateway/devices", operation_id="list_enrolled_devices", tags=["identity"])
    async def devices() -> EnrolledDeviceList:
        """Devices that were enrolled with a key, or revoked."""
        return EnrolledDeviceList(items=tuple(_view(record) for _, record in sorted(records.by_id.items())))

    @app.put("/api/v1/gateway/devices/{device_id}", operation_id="enroll_device", tags=["identity"])
    async def enroll(
        device_id: DeviceId, enrolment: Enrolment, person: Annotated[Principal, Depends(require_role("operator"))]
    ) -> EnrolledDevice:
        """Admit a device, with the public key of its payloads if it has one."""
        key = None
        if enrolment.public_key is not None:
            raw = base64.urlsafe_b64decode(enrolment.public_key + "=")
            key = Ed25519PublicKey.from_public_bytes(raw)
        try:
            record = await records.enroll(device_id, key)
        except UnavailableError as error:
            raise HTTPException(503, str(error)) from error
        log.info("device_enrolled", by=person.name, device_id=device_id, with_key=key is not None)
        return _view(record)

    @app.post("/api/v1/gateway/devices/{device_id}/revoke", operation_id="revoke_device", tags=["identity"])
    async def revoke(
        device_id: DeviceId, revocation: Revocation, person: Annotated[Principal, Depends(require_role("operator"))]
    ) -> EnrolledDevice:
        """Refuse the device's messages from now on, at every replica within seconds."""
        try:
            record = await records.revoke(device_id, revocation.reason)
        except UnavailableError as error:
            raise HTTPException(503, str(error)) from error
        log.info("device_revoked", by=person.name, device_id=device_id)
        return _view(record)


def _view(record: DeviceRecord) -> EnrolledDevice:
    return EnrolledDevice(
        device_id=record.device_id,
        state="enrolled" if record.revoked_at is None else "revoked",
        enrolled_at=record.enrolled_at,
        revoked_at=record.revoked_at,
        reason=record.reason,
        keys=tuple(
            EnrolledKey(
                key_id=key_id(held.key),
                public_key=_text(held.key),
                valid_from=held.valid_from,
                valid_to=held.valid_to,
            )
            for held in record.keys
        ),
    )


def _text(key: Ed25519PublicKey) -> str:
    return base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
