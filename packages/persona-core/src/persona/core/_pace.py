"""When to write the next frame of a streamed message.

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
        ceiling: Longest spacing, unless writing one frame alone takes long.
        rate: Characters a second that may be written again, over all frames.
        share: Largest part of the time that may be spent on writing.
    """

    floor: float = 0.06
    ceiling: float = 1.0
    rate: float = 40_000
    share: float = 0.04

    def spacing(self, length: int, cost: float) -> float:
        """Return how long to wait after a frame.

        Args:
            length: Characters in the frame just written.
            cost: Seconds that writing it took.
        """
        wanted = min(self.ceiling, max(self.floor, length / self.rate))
        return max(wanted, cost / self.share)
