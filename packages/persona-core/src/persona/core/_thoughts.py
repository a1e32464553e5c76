"""What a model thinks before it speaks, and for how long."""

from __future__ import annotations

import time

LONGEST = 12_000
"""Characters of thoughts that are kept; they are no part of the answer."""


class Thoughts:
    """Gathers pieces of thoughts. Cheap to add to: nothing is joined before it is read."""

    def __init__(self) -> None:
        self.hidden = 0
        self._text = ""
        self._pieces: list[str] = []
        self._left = LONGEST
        self._spent = 0.0
        self._since: float | None = None

    def add(self, text: str) -> bool:
        """Take a piece and return whether there is more to show than before."""
        if self._since is None:
            self._since = time.monotonic()
        kept = text[: self._left]
        self.hidden += len(text) - len(kept)
        if not kept:
            return False
        self._left -= len(kept)
        self._pieces.append(kept)
        return True

    def pause(self) -> bool:
        """Note that something else happens now; whether it was thinking until now."""
        if self._since is None:
            return False
        self._spent += time.monotonic() - self._since
        self._since = None
        return True

    @property
    def running(self) -> bool:
        """Whether it thinks now."""
        return self._since is not None

    @property
    def seconds(self) -> float:
        """How long it has thought, without what is not over."""
        return self._spent

    @property
    def text(self) -> str:
        """What is kept of the thoughts."""
        if self._pieces:
            self._text += "".join(self._pieces)
            self._pieces.clear()
        return self._text

    @property
    def title(self) -> str:
        """One line for people."""
        if self.running:
            return "Thinking…"
        whole = round(self._spent)
        if whole < 1:
            return "Thought briefly"
        minutes, seconds = divmod(whole, 60)
        return f"Thought for {minutes} min {seconds} s" if minutes else f"Thought for {whole} s"
