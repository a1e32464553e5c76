"""A message of the chat as the content blocks of a prompt."""

from __future__ import annotations

import asyncio
import base64
import html
from collections.abc import Iterable

from persona.core import Attachment, Notice
from persona.engines.acp._agent import Agent
from persona.engines.acp._transport import JsonObject

TEXT_BUDGET = 400_000
"""Longest text of all files of one prompt, in characters; more is only linked."""


async def prompt_blocks(
    agent: Agent, before: Iterable[str], text: str, attachments: tuple[Attachment, ...]
) -> tuple[list[JsonObject], list[Notice]]:
    """Return the blocks of a prompt, and what the user should know about the files.

    Args:
        agent: The agent; what it takes decides how files are sent.
        before: Texts that come before the message.
        text: The message.
        attachments: The files sent with it.
    """
    blocks = [text_block(part) for part in before if part]
    if text or not attachments:  # some agents refuse an empty text
        blocks.append(text_block(text))
    if not attachments:
        return blocks, []
    reader = _Reader(
        images=agent.can("promptCapabilities", "image"),
        embeds=agent.can("promptCapabilities", "embeddedContext"),
    )
    files, notices = await asyncio.to_thread(reader.read_all, attachments)
    return blocks + files, notices


def text_block(text: str) -> JsonObject:
    """Return a block of text."""
    return {"type": "text", "text": text}


class _Reader:
    def __init__(self, *, images: bool, embeds: bool) -> None:
        self._images = images
        self._embeds = embeds
        self._left = TEXT_BUDGET

    def read_all(
        self, attachments: tuple[Attachment, ...]
    ) -> tuple[list[JsonObject], list[Notice]]:
        blocks: list[JsonObject] = []
        notices: list[Notice] = []
        for attachment in attachments:
            try:
                blocks.append(self._read(attachment))
            except ValueError as exc:
                notices.append(Notice(html.escape(str(exc), quote=False), "warning"))
        return blocks, notices

    def _read(self, attachment: Attachment) -> JsonObject:
        if attachment.problem:
            raise ValueError(attachment.problem)
        in_part = attachment.selection is not None or bool(attachment.cells)
        if attachment.is_image and not in_part:
            return self._image(attachment) if self._images else _link(attachment)
        if in_part:
            return self._text(attachment, attachment.read_text())
        if not self._embeds:
            return _link(attachment)
        try:
            text = attachment.read_text()
        except ValueError:
            if attachment.path.is_file():  # not text: the agent may read it by other means
                return _link(attachment)
            raise
        return self._text(attachment, text) if len(text) <= self._left else _link(attachment)

    def _image(self, attachment: Attachment) -> JsonObject:
        data = base64.b64encode(attachment.read_image()).decode("ascii")
        uri = attachment.path.as_uri()
        return {"type": "image", "mimeType": attachment.mimetype, "data": data, "uri": uri}

    def _text(self, attachment: Attachment, text: str) -> JsonObject:
        text = text[: max(self._left, 0)]
        self._left -= len(text)
        if not self._embeds:
            what = "Selected in" if attachment.selection is not None else "Cells of"
            return text_block(f'{what} "{attachment.name}":\n<file>\n{text}\n</file>')
        return {
            "type": "resource",
            "resource": {
                "uri": attachment.path.as_uri(),
                "mimeType": "text/markdown" if attachment.is_notebook else _text_type(attachment),
                "text": text,
            },
        }


def _link(attachment: Attachment) -> JsonObject:
    if not attachment.path.exists():
        raise ValueError(f"{attachment.name} cannot be read: it does not exist.")
    link: JsonObject = {
        "type": "resource_link",
        "name": attachment.name,
        "uri": attachment.path.as_uri(),
    }
    if attachment.mimetype:
        link["mimeType"] = attachment.mimetype
    if attachment.path.is_file():
        link["size"] = attachment.path.stat().st_size
    return link


def _text_type(attachment: Attachment) -> str:
    return attachment.mimetype or "text/plain"
