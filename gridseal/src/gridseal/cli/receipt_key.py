"""``gridseal rotate-receipt-key``."""

import typer

from gridseal.errors import ConfigError
from gridseal.identity.receipt_keys import KEY_FILE, PUBLIC_FILE, rotate_receipt_key
from gridseal.runtime.settings import CoreSettings, load_settings


def rotate_key() -> None:
    """Write a new key below ``GRIDSEAL_STATE_DIR``, after its public key."""
    try:
        state = load_settings(CoreSettings).state_dir
        if not (state / "keys" / KEY_FILE).exists():
            raise ConfigError(f"{state}/keys/{KEY_FILE} is missing: GRIDSEAL_STATE_DIR names the folder of a stack")
        key = rotate_receipt_key(state / "keys", state / "tls")
    except ConfigError as error:
        typer.echo(f"gridseal: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"receipts are signed by key {key.key_id} from now on; {state}/tls/{PUBLIC_FILE} holds all keys")
