"""The job stream on a real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from forecast_service.jobs.queue import GROUP, STREAM, JobQueue

from .builders import SLOT

pytestmark = pytest.mark.servers


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


async def test_the_same_slot_twice_is_one_job(redis: Redis) -> None:
    queue = JobQueue(redis)
    await queue.open()

    sent = [await queue.send("a", "site-6h", SLOT, "00-t") for _ in range(2)]
    jobs = await queue.take("one", idle_s=60, block_s=0.01)

    assert sent == [True, False]
    assert [(job.product_id, job.slot, job.traceparent) for job in jobs] == [("site-6h", SLOT, "00-t")]
    assert await queue.take("one", idle_s=60, block_s=0.01) == []


async def test_a_job_left_by_a_dead_worker_is_taken_over_until_it_is_done(redis: Redis) -> None:
    dead, alive = JobQueue(redis), JobQueue(redis)
    await dead.open()
    await dead.send("a", "site-6h", SLOT, "")
    (job,) = await dead.take("dead", idle_s=60, block_s=0.01)

    (again,) = await alive.take("alive", idle_s=0, block_s=0.01)
    await alive.done(again)

    assert again == job
    assert await alive.take("alive", idle_s=0, block_s=0.01) == []
    assert await dead.mine("dead") == []


async def test_a_restarted_worker_finds_its_own_job(redis: Redis) -> None:
    queue = JobQueue(redis)
    await queue.open()
    await queue.send("a", "site-6h", SLOT, "")
    taken = await queue.take("one", idle_s=60, block_s=0.01)

    assert await JobQueue(redis).mine("one") == taken


async def test_a_stream_that_redis_lost_is_made_again(redis: Redis) -> None:
    queue = JobQueue(redis)
    await queue.open()
    await redis.flushall()

    assert await queue.take("one", idle_s=60, block_s=0.01) == []
    assert await queue.send("a", "site-6h", SLOT, "")
    assert len(await queue.take("one", idle_s=60, block_s=0.01)) == 1


async def test_an_entry_that_is_no_job_is_put_away(redis: Redis) -> None:
    queue = JobQueue(redis)
    await queue.open()
    await redis.xadd(STREAM, {"slot": "yesterday"})

    assert await queue.take("one", idle_s=60, block_s=0.01) == []
    assert (await redis.xpending(STREAM, GROUP))["pending"] == 0
