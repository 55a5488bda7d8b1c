"""``gridseal device``: who may speak. Works on the ``tls`` folder of a site and tells broker and gateway.

Each command does its steps in the order in which a failure does least harm, says which were done,
and may be repeated: exit code 0 all done, 1 some step is still to be done, 2 a wrong argument.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gridseal.access.install import own_headers
from gridseal.client.gateway import GatewayAdmin
from gridseal.errors import ConfigError, UnavailableError
from gridseal.identity.access import device_rules
from gridseal.identity.authority import LEAF_DAYS, SiteAuthority
from gridseal.identity.broker import BrokerControl, reload_broker
from gridseal.identity.ed25519 import SigningKey
from gridseal.identity.private_file import write_private
from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.fields import format_utc

app = typer.Typer(help="Enroll devices, replace their keys, and shut them out.", no_args_is_help=True)
Device = Annotated[str, typer.Argument(help="Device id: name of certificate and topic.")]
Days = Annotated[float, typer.Option(help="How long the certificate is valid.", min=0.01, max=LEAF_DAYS)]
Sign = Annotated[bool, typer.Option("--sign", help="Give the device a key with which it signs its payloads.")]


@dataclass(slots=True)
class _Site:
    """Where everything is, from ``GRIDSEAL_*``; counts steps that failed."""

    core: CoreSettings
    console: Console
    failed: int = 0

    @property
    def tls(self) -> Path:
        return self.core.state_dir / "tls"

    @property
    def gateway(self) -> GatewayAdmin:
        return GatewayAdmin(self.core.gateway_url, headers=own_headers(self.core))

    def step(self, what: str, do: Callable[[], object]) -> None:
        try:
            do()
        except (UnavailableError, OSError) as error:
            self.failed += 1
            self.console.print(f"[red]to do[/] {what}: {error}", highlight=False)
        else:
            self.console.print(f"[green]done [/] {what}", highlight=False)

    def reload(self) -> None:
        pid_file = self.core.state_dir / "data" / "mosquitto" / "mosquitto.pid"
        self.step("broker reads its rules and its revocation list again", lambda: reload_broker(pid_file))


@contextmanager
def _site() -> Iterator[_Site]:
    try:
        site = _Site(load_settings(CoreSettings), Console())
        if not (site.tls / "ca.key").exists():
            raise ConfigError(f"{site.tls} holds no authority: GRIDSEAL_STATE_DIR names the state folder of a stack")
        yield site
    except ConfigError as error:
        typer.echo(f"gridseal: {error}", err=True)
        raise typer.Exit(2) from error
    if site.failed:
        site.console.print("not everything was done: run the same command again when the cause is mended")
        raise typer.Exit(1)


@app.command()
def enroll(
    device: Device,
    site_id: Annotated[str, typer.Option("--site", help="Site in the device's topic.")],
    tenant: Annotated[str | None, typer.Option(help="Tenant in the topic. Default: GRIDSEAL_TENANT.")] = None,
    days: Days = LEAF_DAYS,
    sign: Sign = False,
) -> None:
    """Sign a certificate if it has no valid one, and let the device write its one topic."""
    with _site() as site:
        place = (tenant or site.core.tenant, site_id)
        authority = SiteAuthority(site.tls)
        held = [entry for entry in authority.register().certificates if entry.device_id == device and entry.valid]
        made = held[-1] if held else authority.enroll(device, days, place)
        site.console.print(f"{site.tls}/devices/{device}.crt until {format_utc(made.expires_at)}", highlight=False)
        site.step("access rule at the broker", lambda: _allow(site.core.state_dir, place, device))
        site.reload()
        _tell_gateway(site, device, sign=sign)


@app.command()
def rotate(
    device: Device,
    days: Days = LEAF_DAYS,
    sign: Sign = False,
    revoke_old: Annotated[bool, typer.Option("--revoke-old", help="Shut out its earlier certificates now.")] = False,
) -> None:
    """Sign a new key and certificate; with --sign a new payload key too."""
    with _site() as site:
        authority = SiteAuthority(site.tls)
        made = authority.rotate(device, days)
        site.console.print(f"{site.tls}/devices/{device}.crt until {format_utc(made.expires_at)}", highlight=False)
        if sign:
            _tell_gateway(site, device, sign=True, fresh=True)
        if revoke_old:
            authority.revoke(device, "rotated", keep=made.serial)
            site.reload()
            site.step("its open connections closed", lambda: _close(site, device))


@app.command()
def revoke(
    device: Device,
    reason: Annotated[str, typer.Option(help="For the register and the gateway.")] = "",
) -> None:
    """Shut a device out: its certificates, its open connections, its messages."""
    with _site() as site:
        gone = SiteAuthority(site.tls).revoke(device, reason)
        site.console.print(f"[green]done [/] {len(gone)} certificates put on the revocation list", highlight=False)
        site.reload()
        site.step("its open connections closed", lambda: _close(site, device))
        site.step("gateway refuses its messages", lambda: site.gateway.revoke(device, reason))


@app.command("list")
def list_devices() -> None:
    """Show every certificate of a device that was ever signed."""
    with _site() as site:
        table = Table("device", "serial", "expires", "state")
        for entry in sorted(SiteAuthority(site.tls).register().certificates, key=lambda entry: entry.device_id):
            revoked = None if entry.revoked_at is None else f"revoked {format_utc(entry.revoked_at)} {entry.reason}"
            state = revoked or ("valid" if entry.valid else "over")
            table.add_row(entry.device_id, entry.serial, format_utc(entry.expires_at), state)
        site.console.print(table)


def _allow(state: Path, place: tuple[str, str], device: str) -> None:
    path = state / "config" / "mosquitto.acl"
    rules = path.read_text()
    if f"user {device}\n" not in rules:
        write_private(path, (rules + "\n" + device_rules(*place, device)).encode())


def _close(site: _Site, device: str) -> None:
    BrokerControl(site.core.mqtt_host, site.core.mqtt_port, site.tls).close_connections(device)


def _tell_gateway(site: _Site, device: str, *, sign: bool, fresh: bool = False) -> None:
    """The gateway learns the key before the device has it, so that no signature comes that it cannot check."""
    path = site.tls / "devices" / f"{device}.sign.key"

    def tell() -> None:
        if not sign:
            site.gateway.enroll(device, None)
            return
        key = SigningKey.read(path, "payload key") if path.exists() and not fresh else SigningKey.new()
        site.gateway.enroll(device, key.public)
        write_private(path, key.private_pem())

    site.step("gateway admits it" + (" with its payload key" if sign else ""), tell)
