"""What an agent writes to its standard error: to the log, the last lines kept."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from persona.engines.acp._plan import Launch

_KEPT = 20
_LONGEST = 2000
_SHORTEST_SECRET = 6
_CONTROL = re.compile(
    r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]"
)
_NAMES = r"(?:key|token|secret|password|passwd|authorization|bearer|credential)"
_IS_SECRET = re.compile(_NAMES, re.IGNORECASE)
_IN_TEXT = re.compile(
    rf"""["']?[\w.-]*{_NAMES}[\w.-]*["']?\s*[:=]\s*["']([^"']{{{_SHORTEST_SECRET},}})["']""",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(rf"""://[^\s/@"':]*:([^\s/@"']{{{_SHORTEST_SECRET},}})@""")


class ErrorOutput:
    """Drains standard error in bounded memory.

    Args:
        name: Whose it is.
        log: Where lines go, at level DEBUG.
    """

    def __init__(self, name: str, log: logging.Logger) -> None:
        self._name = name
        self._log = log
        self._lines: deque[bytes] = deque(maxlen=_KEPT)
        self._partial = b""
        self._secrets: set[str] = set()

    def hide(self, secrets: Iterable[str]) -> None:
        """Blank out these values wherever lines are shown."""
        self._secrets.update(s for s in secrets if len(s) >= _SHORTEST_SECRET)

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = rest[-_LONGEST:]
        if not lines:
            return
        shown = self._log.isEnabledFor(logging.DEBUG)
        for line in lines if shown else lines[-_KEPT:]:
            self._lines.append(line[:_LONGEST])
            if shown:
                self._log.debug("%s: %s", self._name, self.show(line[:_LONGEST]))

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines with something on them, without secrets."""
        lines = [*self._lines, self._partial] if self._partial else [*self._lines]
        texts = (self.show(line).rstrip() for line in lines)
        return tuple(text for text in texts if text.strip())

    def redact(self, text: str) -> str:
        """Return ``text`` with the secrets blanked out."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def redact_all(self, value: Any) -> Any:
        """Return JSON-like data with the secrets in its texts blanked out."""
        match value:
            case str():
                return self.redact(value)
            case dict():
                return {self.redact(str(k)): self.redact_all(item) for k, item in value.items()}
            case list():
                return [self.redact_all(item) for item in value]
            case _:
                return value

    def show(self, line: bytes) -> str:
        """Return a line as text, without secrets, colours and other control characters."""
        return self.redact(_CONTROL.sub("", line.decode("utf-8", "replace")))


def secrets_of(launch: Launch) -> Iterator[str]:
    """Give the values of a launch that look like secrets."""
    for name, value in launch.env:
        if _IS_SECRET.search(name):
            yield value
        yield from secrets_in(value)
    for _, text in launch.files:
        yield from secrets_in(text)


def secrets_in(text: str) -> list[str]:
    """Return what looks like a secret in JSON or a settings file."""
    return [*_IN_TEXT.findall(text), *_IN_ADDRESS.findall(text)]


def secrets_among(values: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Give the values of named texts (environment, headers) whose names say they are secret."""
    return (value for name, value in values if _IS_SECRET.search(name))
