"""Each program that is told to require TLS ends at once where an address of its own is plain."""

import subprocess
import sys

import pytest

PROGRAMS = [
    ("asset_service",),
    ("ingestion_gateway",),
    ("ingestion_gateway.feeds",),
    ("streaming_processor",),
    ("streaming_processor.lake", "backfill"),
    ("forecast_service", "api"),
    ("forecast_service", "worker"),
    ("forecast_service", "scheduler"),
    ("settlement_service",),
]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_a_program_refuses_a_plain_address_before_anything_else(program: tuple[str, ...]) -> None:
    told = {"PATH": "/usr/bin:/bin", "GRIDSEAL_REQUIRE_TLS": "1", "GRIDSEAL_REDIS_URL": "redis://:s3cret@redis:6379/0"}

    done = subprocess.run([sys.executable, "-m", *program], env=told, capture_output=True, text=True, check=False)

    assert done.returncode == 2, done.stderr[-2000:]
    assert "GRIDSEAL_REDIS_URL must say TLS while GRIDSEAL_REQUIRE_TLS=1: to redis" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
