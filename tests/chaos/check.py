"""The checker as a program of its own: ``python -m tests.chaos.check FOLDER --dsn … --kafka …``.

It knows nothing of the conductor but the files that it left. It waits until the store has come to rest,
then compares, and exits 1 if anything is wrong.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import psycopg

from tests.chaos.checker import Evidence, Findings, check
from tests.chaos.evidence import from_journal, from_kafka, from_store
from tests.chaos.load import LoadOptions
from tests.chaos.run_files import RunFiles

REST_S = 10.0
"""Nothing new for so long means that all is quiet."""
REST_WITHIN_S = 150.0
COUNT = "SELECT (SELECT count(*) FROM {table}) + (SELECT count(*) FROM telemetry.refused)"


def wait_for_rest(dsn: str, table: str) -> None:
    """Return when the store does not grow any more."""
    deadline, last, since = time.monotonic() + REST_WITHIN_S, -1, time.monotonic()
    with psycopg.connect(dsn, autocommit=True) as db:
        while time.monotonic() < deadline and time.monotonic() - since < REST_S:
            row = db.execute(COUNT.format(table=table).encode()).fetchone()
            if row is not None and row[0] != last:
                last, since = row[0], time.monotonic()
            time.sleep(0.5)


def gather(folder: Path, dsn: str, kafka: str, table: str) -> Evidence:
    """All evidence of a run whose servers still run."""
    files = RunFiles(folder)
    evidence = from_journal(files)
    from_store(evidence, dsn, LoadOptions.load(files.options).devices, table)
    asyncio.run(from_kafka(evidence, kafka))
    return evidence


def main(arguments: list[str]) -> Findings:
    """Gather, compare, write ``findings.json``."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.check", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--table", default="telemetry.readings")
    options = parser.parse_args(arguments)
    wait_for_rest(options.dsn, options.table)
    findings = check(gather(options.folder, options.dsn, options.kafka, options.table))
    RunFiles(options.folder).findings.write_text(json.dumps(findings.as_record(), indent=1))
    print(json.dumps(findings.as_record(), indent=1))
    return findings


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]).clean else 1)
