"""Meters and their series, and what they send."""

from collections.abc import Iterator

from gridseal.wire.catalog import Asset, CatalogRecord, Series, SeriesInput
from streaming_processor.reference import Reference, reference_from


def meter(n: int) -> str:
    """Name of a meter."""
    return f"meter-{n:06d}"


def records(devices: int, *, period_s: int, series: bool = True) -> Iterator[CatalogRecord]:
    """A meter and its series, so many times."""
    for n in range(devices):
        yield Asset(
            tenant_id="demo",
            site_id="bench",
            asset_id=meter(n),
            device_id=meter(n),
            name=meter(n),
            asset_type="meter",
            telemetry_class="meter",
            quantities=("active_power",),
            native_period_s=period_s,
            rating_w=11_000,
        )
        if series:
            yield Series(
                tenant_id="demo",
                series_id=f"bench/{meter(n)}",
                site_id="bench",
                name=meter(n),
                kind="household",
                unit="W",
                resolution_s=900,
                issue_every_s=900,
                direction="into_grid",
                inputs=(SeriesInput(device_id=meter(n), quantity="active_power"),),
                forecast=False,
            )


def a_fleet(devices: int, *, period_s: int, series: bool = True) -> Reference:
    """What the stream knows of them."""
    return reference_from({r.key: r for r in records(devices, period_s=period_s, series=series)})


def message(device: bytes, seq: int, sent_at_ms: int, start_ms: int, period_ms: int, value: float) -> bytes:
    """One reading, some 230 bytes; a message cannot say less."""
    return (
        b'{"schema":"telemetry/1","device_id":"%b","boot_id":"00000000000000a1","seq":%d,"sent_at_ms":%d,"readings":'
        b'[{"quantity":"active_power","unit":"W","period_start_ms":%d,"period_ms":%d,"value":%.1f}]}'
    ) % (device, seq, sent_at_ms, start_ms, period_ms, value)
