"""With Redis all processes count together; when it goes away each goes on by itself."""

import pytest

from gridseal.http import counters as counting
from gridseal.http.counters import Counters
from local_stack.scratch import scratch_redis


async def test_two_processes_count_together_until_redis_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "REDIS_WITHIN_S", 5.0)  # this machine may be slow
    with scratch_redis() as port:
        url = f"redis://127.0.0.1:{port}/0"
        one, other = Counters(url), Counters(url)
        together = [(await c.hit("reads", 3, "alice")).allowed for c in (one, other, one, other)]
        somebody = await other.hit("reads", 3, "bob")
    alone = [(await one.hit("reads", 4, "alice")).allowed for _ in range(3)]
    await one.close()
    await other.close()

    assert together == [True, True, True, False]
    assert (somebody.allowed, somebody.left) == (True, 2)
    assert alone == [True, True, False]
