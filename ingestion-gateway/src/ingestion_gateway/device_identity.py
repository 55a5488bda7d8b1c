"""Whether the device behind an acceptable message may still speak, and has signed what it must."""

from dataclasses import dataclass
from typing import Final

from ingestion_gateway.accept import Accepted, Reason, Refused
from ingestion_gateway.device_records import DeviceRecords
from ingestion_gateway.payload_signatures import PayloadSignatures

_DETAILS: Final[dict[Reason, str]] = {
    "revoked": "the device is revoked; its certificate is on the revocation list",
    "unsigned": "signature is missing, and the device has a key or its class asks for one",
    "bad_signature": "signature is not that of a key of the device over the message",
}


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """The last judge of a message; costs two look-ups where no signature is asked for."""

    records: DeviceRecords
    signatures: PayloadSignatures

    def judge(self, verdict: Accepted, payload: bytes) -> Accepted | Refused:
        """The verdict as it is, or a refusal."""
        reason: Reason | None = "revoked" if self.records.revoked(verdict.device_id) else None
        if reason is None:
            reason = self.signatures.fault(verdict.device_id, verdict.telemetry_class, payload)
        if reason is None:
            return verdict
        return Refused(reason, _DETAILS[reason], verdict.device_id, verdict.message_id)
