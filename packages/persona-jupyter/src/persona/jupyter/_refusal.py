"""What a person asked for by a button, a command or REST and did not get."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Reason = Literal["name", "unknown", "taken", "trusted", "changed", "refused", "failed"]

_STATUS: Mapping[Reason, int] = MappingProxyType(
    {"unknown": 404, "taken": 409, "trusted": 409, "changed": 409, "refused": 403}
)


class Refusal(Exception):
    """Something was not done, and nothing has changed; the message says why.

    Attributes:
        reason: In one word.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def status(self) -> int:
        """The status code of HTTP that says it."""
        return _STATUS.get(self.reason, 400)
