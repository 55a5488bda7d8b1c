"""How many messages a batch may take: few while they are large, many while they are small.

A message has 230 bytes or 260,000. With one limit for both, a back-fill of large ones fills the
memory, or small ones pay the price of a batch too often.
"""

from typing import Final

_FEW_BATCHES: Final = 3
"""So many batches have to agree before the limit changes."""


class BatchLimit:
    """Starts low, which is safe for messages of any size."""

    def __init__(self, most: int, least: int, size: int) -> None:
        self._most, self._least, self._size = most, least, size
        self.messages = min(least, most)
        self._agreed = 0
        self._wanted = self.messages

    @property
    def should_change(self) -> bool:
        """The last batches say so."""
        return self._agreed >= _FEW_BATCHES

    def filled_by(self, messages: int) -> bool:
        """Spark shares the limit out over partitions and may stay a little below it."""
        return messages >= self.messages * 3 // 4

    def note(self, messages: int, size: int) -> None:
        """A batch had so many messages and bytes."""
        wanted = self._size * messages // max(size, 1)
        self._wanted = min(max(wanted, self._least), self._most)
        too_low = self.filled_by(messages) and self._wanted >= 2 * self.messages
        too_high = 2 * self._wanted <= self.messages
        # Too large batches are a matter of memory: the next one is smaller already.
        self._agreed = _FEW_BATCHES if too_high else self._agreed + 1 if too_low else 0

    def change(self) -> None:
        """Take what the last batches wanted."""
        self.messages, self._agreed = self._wanted, 0
