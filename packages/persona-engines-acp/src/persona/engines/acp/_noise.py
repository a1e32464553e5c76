"""Sorts out the remarks that some agents send as if the model had said them."""

from __future__ import annotations

import re
from collections.abc import Iterable


class NoiseFilter:
    """Takes known remarks out of an agent's text; each is reported once.

    Agents send a remark as one piece, so only whole lines within a piece are looked at:
    a line that the model writes word by word is never held back.

    Args:
        patterns: Regular expressions of lines that are remarks.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        joined = "|".join(f"(?:{pattern})" for pattern in patterns)
        self._pattern = re.compile(joined) if joined else None
        self._said: set[str] = set()
        self._line_start = True
        self._after_noise = False

    @property
    def active(self) -> bool:
        """Whether there is anything to look for."""
        return self._pattern is not None

    def begin(self) -> None:
        """Note that a new answer begins."""
        self._line_start = True
        self._after_noise = False

    def split(self, text: str) -> tuple[str, list[str]]:
        """Return what the model said, and the remarks that were not reported before."""
        if self._pattern is None:
            return text, []
        kept: list[str] = []
        remarks: list[str] = []
        for line in text.splitlines(keepends=True):
            if self._line_start and self._pattern.match(line.strip()):
                self._after_noise = True
                if line.strip() not in self._said:
                    self._said.add(line.strip())
                    remarks.append(line.strip())
                continue
            if self._after_noise and self._line_start and not line.strip():
                continue  # the empty lines behind a remark are the remark's
            self._after_noise = False
            kept.append(line)
            self._line_start = line.endswith("\n")
        return "".join(kept), remarks
