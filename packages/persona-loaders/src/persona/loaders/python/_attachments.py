"""The files that come with a message, as an author's code reads them."""

from __future__ import annotations

from collections.abc import Iterable

from persona.core import Attachment


def text_of_files(attachments: Iterable[Attachment]) -> str | None:
    """Return files as one text, or None if there are none; reads them."""
    parts = []
    for attachment in attachments:
        try:
            parts.append(f"File: {attachment.name}\n```\n{attachment.read_text()}\n```")
        except ValueError as exc:
            parts.append(f"Attachment: {attachment.name} (could not read file: {exc})")
    return "\n\n".join(parts) or None
