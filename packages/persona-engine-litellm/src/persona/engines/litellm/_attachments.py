"""The files of a chat as parts of messages for a model."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from persona.core import Attachment, Notice, Turn, Utterance

TEXT_BUDGET = 400_000
"""Longest text of all files that one request carries, in characters."""

IMAGE_BUDGET = 10
"""How many images one request carries."""

Part = dict[str, Any]
"""A part of a message in OpenAI's form: text or image_url."""


@dataclass(slots=True)
class Files:
    """What was read.

    Attributes:
        parts: For each utterance, by id, the parts of its files.
        notices: What the user should know about the files of the message to answer.
    """

    parts: dict[str, list[Part]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


async def read_files(turn: Turn, *, sees_images: bool) -> Files:
    """Read the files of the whole chat, the newest first until the budget is used up."""
    if not any(u.attachments for u in (*turn.history, turn.message)):
        return Files()
    return await asyncio.to_thread(_read, turn, sees_images)


def _read(turn: Turn, sees_images: bool) -> Files:
    files = Files()
    reader = _Reader(sees_images)
    for utterance in _newest_first(turn):
        if not utterance.attachments:
            continue
        problems: list[str] = []
        files.parts[utterance.id] = [reader.read(a, problems) for a in utterance.attachments]
        if utterance is turn.message:
            files.notices = [Notice(problem, "warning") for problem in problems]
    return files


def _newest_first(turn: Turn) -> Iterable[Utterance]:
    yield turn.message
    yield from reversed(turn.history)


class _Reader:
    """Reads files and keeps count of what may still be sent."""

    def __init__(self, sees_images: bool) -> None:
        self._sees_images = sees_images
        self._text_left = TEXT_BUDGET
        self._images_left = IMAGE_BUDGET

    def read(self, attachment: Attachment, problems: list[str]) -> Part:
        try:
            if attachment.is_image and attachment.selection is None:
                return self._image(attachment, problems)
            return self._text(attachment)
        except ValueError as exc:
            problems.append(str(exc))
            return _text_part(f"[The file {attachment.name} could not be read: {exc}]")

    def _text(self, attachment: Attachment) -> Part:
        if self._text_left <= 0:
            return _text_part(f"[The file {attachment.name} was sent here; left out for length.]")
        text = attachment.read_text()
        if len(text) > self._text_left:
            text = text[: self._text_left] + "\n… (the rest is left out)"
        self._text_left -= len(text)
        what = "Selected in" if attachment.selection is not None else "File"
        return _text_part(f'{what} "{attachment.name}":\n<file>\n{text}\n</file>')

    def _image(self, attachment: Attachment, problems: list[str]) -> Part:
        if not self._sees_images:
            problems.append(
                f"{attachment.name} was not sent: as far as is known this model sees no images. "
                "If it does, set `options: {vision: true}` in the persona file."
            )
            return _text_part(
                f"[The image {attachment.name} was not sent: this model sees no images.]"
            )
        if self._images_left <= 0:
            return _text_part(f"[The image {attachment.name} was sent here; left out for length.]")
        data = base64.b64encode(attachment.read_image()).decode("ascii")
        self._images_left -= 1
        url = f"data:{attachment.mimetype};base64,{data}"
        return {"type": "image_url", "image_url": {"url": url}}


def _text_part(text: str) -> Part:
    return {"type": "text", "text": text}
