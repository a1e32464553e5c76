"""Texts that travel with a chat: without secrets, and without paths of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from persona.core._blanked import is_reference, secrets_of
from persona.core._definition import PersonaDefinition
from persona.core._models import McpServerStdio
from persona.core._portable_paths import is_absolute, without_paths
from persona.core._secrets import secret_name, without_secrets

_PLAIN_WORD = re.compile(r"[a-z]+|[A-Z]+|[A-Z][a-z]+|[\d.]+")


class Scrubber:
    """Looks into the texts of one definition, and remembers what was left out.

    Args:
        definition: The definition; its secrets and folders are looked for in every text.

    Attributes:
        left_out: What was taken out, in words.
    """

    def __init__(self, definition: PersonaDefinition) -> None:
        self.left_out: list[str] = []
        self._folders = list(_known_folders(definition))
        self._secrets = sorted(_known_secrets(definition), key=len, reverse=True)

    def text(self, text: str, where: str) -> str:
        """Return what of ``text`` may travel; note ``where`` if that is not all."""
        clean = self._scrubbed(text)
        if clean != text:
            self.leave(where)
        return clean

    def is_dirty(self, text: str) -> bool:
        """Whether something in ``text`` must not travel, or it is a path as a whole."""
        return is_absolute(text) or self._scrubbed(text) != text

    def _scrubbed(self, text: str) -> str:
        text = text.encode("utf-8", "replace").decode()  # halves of surrogate pairs
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return without_paths(without_secrets(text), self._folders)

    def leave(self, what: str) -> None:
        """Note that something was left out."""
        what = self._scrubbed(what)[:120]
        if what not in self.left_out:
            self.left_out.append(what)


def _known_folders(definition: PersonaDefinition) -> Iterator[str]:
    """Yield folders whose paths may stand in texts, also with spaces in them."""
    source = definition.source
    found = [source.root, source.file.parent] if source else []
    with suppress(RuntimeError):  # no home at all
        found.append(Path.home())
    yield from {str(path) for path in found if path.is_absolute() and len(path.parts) > 2}


def _known_secrets(definition: PersonaDefinition) -> Iterator[str]:
    """Yield what the definition and this process keep in their environments and options."""
    pairs = [*secrets_of(definition.options)]
    for server in definition.context.mcp_servers:
        pairs += (server.env if isinstance(server, McpServerStdio) else server.headers).items()
    pairs += [(name, value) for name, value in os.environ.items() if secret_name(name)]
    for name, value in pairs:
        value = value.strip()
        # A plain word would be found in every text, but for a long one that is a password.
        plain = _PLAIN_WORD.fullmatch(value) and not (secret_name(name) and len(value) >= 12)
        if len(value) >= 6 and not is_reference(value) and not plain:
            yield value
