"""``python -m local_stack.ask FLOW``: ask the running stack for a run of a flow, and say what came of it."""

import argparse
import sys
import time
from typing import Any, Final

import httpx

from local_stack.ports import HOST, Ports

POLL_S: Final = 1.0
ENDED: Final = frozenset({"done", "skipped", "failed"})


def ask(client: httpx.Client, flow: str) -> dict[str, Any]:
    """The run that was asked for, once it has ended.

    Raises:
        httpx.HTTPError: The scheduler does not answer, or has no such flow.
    """
    runs = f"/api/v1/jobs/{flow}/runs"
    row: dict[str, Any] = client.post(runs, json={}).raise_for_status().json()
    while row["state"] not in ENDED:
        time.sleep(POLL_S)
        row = client.get(f"{runs}/{row['job_id']}").raise_for_status().json()
    return row


def main() -> int:
    """Ask and wait."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.ask", description=__doc__)
    parser.add_argument("flow", help="retrain, drift-check, performance-check, data-ingestion …")
    flow = parser.parse_args().flow
    address = f"http://{HOST}:{Ports.from_environment().at(8002)}"
    try:
        with httpx.Client(base_url=address, timeout=10) as client:
            row = ask(client, flow)
    except httpx.HTTPStatusError as error:
        print(f"gridseal: the scheduler refuses {flow}: HTTP {error.response.status_code}", file=sys.stderr)
        return 1
    except httpx.HTTPError:
        print(f"gridseal: no scheduler answers at {address}: make up starts the stack", file=sys.stderr)
        return 1
    print(f"{flow} {row['state']}: {row['detail']}")
    return 0 if row["state"] != "failed" else 1


if __name__ == "__main__":
    sys.exit(main())
