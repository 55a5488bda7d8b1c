"""How a connection to an OPC-UA server is secured: Basic256Sha256 with certificates on both sides, or not at all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.crypto.uacrypto import CertProperties

from gridseal.errors import ConfigError

Mode = Literal["none", "sign", "sign_and_encrypt"]


@dataclass(frozen=True, slots=True)
class Security:
    """The server's certificate is pinned: a server that shows another one is not talked to."""

    mode: Mode = "none"
    certificate: Path | None = None
    private_key: Path | None = None
    server_certificate: Path | None = None
    application_uri: str = "urn:gridseal:edge-agent"
    """Must be the URI in the subject alternative name of ``certificate``."""
    user: str | None = None
    password: str | None = None

    def check(self) -> None:
        """Refuse what cannot work before anything is connected.

        Raises:
            ConfigError: A file is not there, or a password would travel in the clear.
        """
        if self.mode == "none":
            if self.password:
                raise ConfigError("EDGE_AGENT_OPCUA_PASSWORD needs EDGE_AGENT_OPCUA_SECURITY=sign_and_encrypt")
            return
        for name, path in (
            ("CERTIFICATE", self.certificate),
            ("KEY", self.private_key),
            ("SERVER_CERTIFICATE", self.server_certificate),
        ):
            if path is None or not path.is_file():
                raise ConfigError(
                    f"EDGE_AGENT_OPCUA_{name} must name a file while EDGE_AGENT_OPCUA_SECURITY={self.mode}"
                )

    async def apply(self, client: Client) -> None:
        """Prepare a client that is not connected yet."""
        client.application_uri = self.application_uri
        if self.user:
            client.set_user(self.user)
            client.set_password(self.password or "")
        if self.mode == "none" or not (self.certificate and self.private_key and self.server_certificate):
            return
        mode = ua.MessageSecurityMode.Sign if self.mode == "sign" else ua.MessageSecurityMode.SignAndEncrypt
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            CertProperties(self.certificate),
            CertProperties(self.private_key),
            server_certificate=CertProperties(self.server_certificate),
            mode=mode,
        )
