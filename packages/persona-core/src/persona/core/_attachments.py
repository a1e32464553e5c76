"""Files that a chat message carries, read for a model. Paths never leave the server's root."""

from __future__ import annotations

import codecs
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_TEXT = 200_000
"""Longest text that is read from one attachment, in characters."""

_MAX_BYTES = 4 * MAX_TEXT
"""UTF-8 takes up to four bytes a character; more need not be read."""

MAX_IMAGE = 8 * 1024 * 1024
"""Largest image that is read, in bytes."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file, or a part of one, sent with a message.

    Attributes:
        path: Absolute path; inside ``root_dir`` unless ``problem`` says otherwise.
        name: Path relative to the server's root, as shown.
        mimetype: MIME type, guessed from the name if the chat does not say.
        cells: Ids of the notebook cells that are meant; empty for the whole file.
        selection: The selected text, if only a selection was sent.
        problem: Why it cannot be read, or an empty string.
    """

    path: Path
    name: str
    mimetype: str
    cells: tuple[str, ...] = ()
    selection: str | None = None
    problem: str = ""

    @property
    def is_image(self) -> bool:
        """Whether it is a raster image that models take."""
        return self.mimetype in {"image/png", "image/jpeg", "image/gif", "image/webp"}

    @property
    def is_notebook(self) -> bool:
        """Whether it is a Jupyter notebook."""
        return self.path.suffix == ".ipynb"

    def read_text(self) -> str:
        """Return the text: a notebook as its cells, any other file as it is.

        Blocking; call it off the event loop.

        Raises:
            ValueError: It cannot be read as text; the message says why, for the user.
        """
        if self.problem:
            raise ValueError(self.problem)
        if self.selection is not None:
            return self.selection
        try:
            self._check_is_file()
            if self.is_notebook:
                return _clip(_notebook_text(self.path, self.cells))
            with self.path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as exc:
            raise ValueError(f"{self.name} cannot be read: {exc.strerror}.") from exc
        if b"\0" in data[:8192]:
            raise ValueError(f"{self.name} is not a text file.")
        try:
            # A cut may go through the middle of a character; the decoder waits for the rest.
            decoder = codecs.getincrementaldecoder("utf-8")()
            return _clip(decoder.decode(data, final=len(data) <= _MAX_BYTES))
        except UnicodeDecodeError as exc:
            raise ValueError(f"{self.name} is not UTF-8 text.") from exc

    def read_image(self) -> bytes:
        """Return the bytes of the image. Blocking; call it off the event loop.

        Raises:
            ValueError: It cannot be read or is over `MAX_IMAGE`.
        """
        if self.problem:
            raise ValueError(self.problem)
        try:
            self._check_is_file()
            if self.path.stat().st_size > MAX_IMAGE:
                raise ValueError(f"{self.name} is larger than {MAX_IMAGE // 2**20} MiB.")
            return self.path.read_bytes()
        except OSError as exc:
            raise ValueError(f"{self.name} cannot be read: {exc.strerror}.") from exc

    def _check_is_file(self) -> None:
        # Opening a pipe would wait for a writer that never comes.
        if self.path.exists() and not self.path.is_file():
            raise ValueError(f"{self.name} is not a file.")


def resolve_attachments(
    ids: Iterable[str] | None, stored: Mapping[str, Any], root_dir: Path
) -> tuple[Attachment, ...]:
    """Return the attachments with these ids; unknown ids are passed over.

    Args:
        ids: ``Message.attachments``.
        stored: ``BaseChatModel.get_attachments()``.
        root_dir: The server's root folder.
    """
    return tuple(_resolve(stored[id_], root_dir) for id_ in ids or () if id_ in stored)


def _resolve(stored: Any, root_dir: Path) -> Attachment:
    name = str(stored.value)
    root = root_dir.resolve()
    problem = ""
    try:
        path = (root / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, or a NUL character
        path, problem = root, f"{name!r} is not a path that can be read."
    if not path.is_relative_to(root):
        problem = f"{name} is outside of the server's folder."
    selections = [getattr(stored, "selection", None)]
    cells = getattr(stored, "cells", None) or []
    selections += [getattr(cell, "selection", None) for cell in cells]
    texts = [_content(s) for s in selections if s is not None]
    return Attachment(
        path=path,
        name=name,
        mimetype=stored.mimetype or mimetypes.guess_type(name)[0] or "",
        cells=tuple(cell.id for cell in cells),
        selection="\n\n".join(texts) if texts else None,
        problem=problem,
    )


def _content(selection: Any) -> str:
    content = selection.get("content") if isinstance(selection, Mapping) else selection.content
    return str(content or "")


def _clip(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return text[:MAX_TEXT] + "\n… (the rest is left out)"


def _notebook_text(path: Path, cells: tuple[str, ...]) -> str:
    """Return a notebook as Markdown with its text outputs; pictures are only named."""
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (ValueError, KeyError, AttributeError, TypeError, nbformat.ValidationError) as exc:
        raise ValueError(f"{path.name} is not a notebook that can be read: {exc}") from exc
    language = notebook.metadata.get("language_info", {}).get("name", "python")
    parts: list[str] = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cells and cell.get("id") not in cells:
            continue
        if cell.cell_type == "code":
            parts.append(f"Cell {number}:\n```{language}\n{cell.source}\n```")
            parts += [f"Output:\n```\n{text}\n```" for text in map(_output, cell.outputs) if text]
        else:
            parts.append(cell.source)
    return "\n\n".join(parts)


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text).rstrip()
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    data = output.get("data", {})
    if "text/plain" in data:
        return str(data["text/plain"]).rstrip()
    return f"({', '.join(data)})" if data else ""
