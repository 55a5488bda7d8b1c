"""Sends at a fixed rate whatever happens: arguments BOOTSTRAP DEVICES FIRST RATE SECONDS.

Prints how many messages Kafka acknowledged. Message ``FIRST + n`` is the same in every run, but for ``sent_at_ms``.
"""

import sys
import time

from confluent_kafka import KafkaException, Producer

from tests.bench.ingest._fleet import message, meter

PERIOD_S = 60
TOPIC = "telemetry.meter"


def main(bootstrap: str, devices: int, first: int, rate: float, seconds: float) -> int:
    """Send, and count what was acknowledged."""
    settings = {"bootstrap.servers": bootstrap, "linger.ms": 2, "acks": "all", "enable.idempotence": True}
    producer = Producer(settings | {"queue.buffering.max.messages": 1_000_000})
    names = [meter(n).encode() for n in range(devices)]
    base_s = (int(time.time()) // 86_400 - 1) * 86_400
    failed: list[str] = []

    def note(error: object, _: object) -> None:
        if error:
            failed.append(str(error))

    began, sent = time.time(), 0
    while (elapsed := time.time() - began) < seconds:
        due = int(elapsed * rate)
        while sent < due:
            nth, device = divmod(first + sent, devices)
            start_ms = (base_s + nth * PERIOD_S) * 1_000
            value = message(names[device], nth, int(time.time() * 1_000), start_ms, PERIOD_S * 1_000, sent % 9_000)
            producer.produce(
                TOPIC,
                value,
                key=names[device],
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
            )
            sent += 1
            if sent % 200 == 0:
                producer.poll(0)
        producer.poll(0)
        time.sleep(0.002)
    if producer.flush(60) or failed:
        raise KafkaException(f"{len(failed)} messages were not acknowledged")
    print(sent)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
