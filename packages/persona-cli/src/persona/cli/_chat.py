"""Chats without a server. Imports jupyterlab-chat, so only `ask` imports this."""

from __future__ import annotations

import json
from pathlib import Path

from jupyterlab_chat.websocket_model import WsChatModel

from persona.cli._errors import USAGE, CliError
from persona.core import replacing


class TemporaryChat(WsChatModel):
    """A chat that is never written to disk."""

    def save(self) -> None:
        """Write nothing."""


class ChatFile(WsChatModel):
    """A chat in a file that is whole at any moment, also when the process is killed."""

    def save(self) -> None:
        """Replace the file by what the chat is now."""
        target = (self.root_dir / self.path).resolve()
        with replacing(target) as stream:
            stream.write(json.dumps(self.to_dict(), indent=2).encode())


def open_chat(file: Path, root: Path) -> ChatFile:
    """Return the chat of a file, with what was said in it so far.

    Args:
        file: The file; need not exist.
        root: The server's root folder. A file outside of it is its own folder's.

    Raises:
        CliError: The name or the content is not a chat's, or the folder does not exist.
    """
    if file.suffix != ".chat":
        raise CliError(f"{file} must end with .chat, so that JupyterLab opens it.", USAGE)
    path = file.resolve()
    if not path.parent.is_dir():
        raise CliError(f"The folder of {file} does not exist.")
    if path.exists():
        _require_chat(path, file)
    if not path.is_relative_to(root):
        root = path.parent
    chat = ChatFile(path.relative_to(root).as_posix(), root)
    chat.load_from_file()
    try:
        chat.get_messages(), chat.get_users(), chat.get_attachments()
    except TypeError as exc:
        raise CliError(f"{file} is a chat of another version: {exc}.") from exc
    return chat


def _require_chat(path: Path, shown: Path) -> None:
    # jupyterlab-chat takes what it cannot read for an empty chat and would write over it
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if text.strip() else {}
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise CliError(f"{shown} is not a chat file: {exc}.") from exc
    kinds = {"messages": list, "users": dict, "attachments": dict, "metadata": dict}
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key, kind()), kind) for key, kind in kinds.items()
    ):
        raise CliError(f"{shown} is not a chat file: it has another structure.")
