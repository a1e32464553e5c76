"""When to write the next frame of a streamed message, and when to store it.

Each frame carries the whole text so far, so frames at a fixed rate cost bytes that
grow with the square of the length. A spacing that grows with the length keeps them
linear.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Spacing of frames, in seconds.

    Attributes:
        floor: Shortest spacing: faster than this the eye gains nothing.
        ceiling: Longest spacing, unless a frame is heavy. With the time of writing it
            stays under a second, so that no text waits longer.
        rate: Characters a second that may be written again, over all frames.
        share: Largest part of the time that may be spent on writing.
        heavy: Seconds; a frame that takes longer to write keeps to `share` and may come
            later than `ceiling`.
        keeping: Shortest time between two stores, where frames are shown without storing.
    """

    floor: float = 0.06
    ceiling: float = 0.9
    rate: float = 40_000
    share: float = 0.04
    heavy: float = 0.05
    keeping: float = 1.0

    def spacing(self, length: int, cost: float) -> float:
        """Return how long to wait after a frame.

        Args:
            length: Characters in the frame just written.
            cost: Seconds that writing it took.
        """
        affordable = cost / self.share
        longest = max(self.ceiling, affordable) if cost > self.heavy else self.ceiling
        return min(longest, max(self.floor, length / self.rate, affordable))

    def until_stored(self, cost: float) -> float:
        """Return how long frames are only shown before one is stored.

        Args:
            cost: Seconds that storing it took the last time.
        """
        # Half of the share: the first and the last frame are stored at any time.
        return max(self.keeping, 2 * cost / self.share)
