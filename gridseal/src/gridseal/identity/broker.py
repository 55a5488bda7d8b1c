"""Makes a running Mosquitto follow a change of identities: new rules, the revocation list, open connections.

Measured on Mosquitto 2.0.11: SIGHUP reads ``acl_file`` and ``crlfile`` again, and a revoked certificate is then
refused at the handshake. A connection that is open already is not looked at. The dynamic-security
plugin closes every connection of a user when that user is disabled; the user is made for that moment
only and deleted again, so that the rules stay in one place.
"""

import json
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gridseal.errors import UnavailableError

CONTROL: Final = "$CONTROL/dynamic-security/v1"
OPERATOR_ROLE: Final = {
    "defaultACLAccess": {
        "publishClientSend": False,
        "publishClientReceive": False,
        "subscribe": False,
        "unsubscribe": False,
    },
    "clients": [{"username": "operator", "roles": [{"rolename": "operator"}]}],
    "groups": [],
    "roles": [
        {
            "rolename": "operator",
            "acls": [
                {"acltype": "publishClientSend", "topic": CONTROL, "priority": 0, "allow": True},
                {"acltype": "publishClientReceive", "topic": f"{CONTROL}/response", "priority": 0, "allow": True},
                {"acltype": "subscribePattern", "topic": f"{CONTROL}/response", "priority": 0, "allow": True},
            ],
        }
    ],
}
"""First content of the plugin's file: the operator may end connections, and the plugin rules nobody else."""


def reload_broker(pid_file: Path) -> None:
    """Have the broker read its rules and its revocation list again.

    Raises:
        UnavailableError: It does not run, or belongs to somebody else.
    """
    try:
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
    except (OSError, ValueError) as error:
        raise UnavailableError(f"the broker of {pid_file} cannot be told to read its lists again: {error}") from error


@dataclass(frozen=True, slots=True)
class BrokerControl:
    """The broker's control topic, spoken to as ``operator``."""

    host: str
    port: int
    tls_dir: Path
    timeout_s: float = 10.0

    def close_connections(self, device: str) -> None:
        """End every open connection of a device, whatever its client id.

        Raises:
            UnavailableError: The broker did not confirm in time.
        """
        answers = self._ask(
            [
                {"command": "createClient", "username": device},
                {"command": "disableClient", "username": device},
                {"command": "deleteClient", "username": device},
            ]
        )
        faults = [answer["error"] for answer in answers if "error" in answer and answer["command"] != "createClient"]
        if faults or not answers:
            raise UnavailableError(f"the broker did not close the connections of {device}: {faults}")

    def _ask(self, commands: list[dict[str, str]]) -> list[dict[str, Any]]:
        done, found = threading.Event(), list[dict[str, Any]]()

        def on_message(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
            found.extend(json.loads(message.payload)["responses"])
            done.set()

        def on_connect(client: mqtt.Client, *_: Any) -> None:
            client.subscribe(f"{CONTROL}/response", qos=1)

        def on_subscribe(client: mqtt.Client, *_: Any) -> None:
            client.publish(CONTROL, json.dumps({"commands": commands}), qos=1)

        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        try:
            authority, certificate, key = (str(self.tls_dir / n) for n in ("ca.crt", "operator.crt", "operator.key"))
            client.tls_set(authority, certificate, key)
            client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
            client.connect(self.host, self.port)
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the broker at {self.host}:{self.port} does not answer: {error}") from error
        client.loop_start()
        try:
            if not done.wait(self.timeout_s):
                raise UnavailableError(f"the broker at {self.host}:{self.port} did not answer on {CONTROL}")
        finally:
            client.disconnect()
            client.loop_stop()
        return found
