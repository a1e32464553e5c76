"""A folder with personas and one chat, as a user has it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .lab import Lab, poll

HUMAN = "ada"


class Project:
    """One folder below a server's root.

    Args:
        lab: The server.
        name: The folder's name.
        model_url: The model's server that its personas use.
    """

    chat_name = "talk.chat"

    def __init__(self, lab: Lab, name: str, model_url: str) -> None:
        self.lab = lab
        self.folder = lab.root / name
        self.chat_path = f"{name}/{self.chat_name}"
        self.model_url = model_url
        self.personas.mkdir(parents=True)
        lab.trust.trust_project([self.folder])  # what the tests write is their own
        (self.folder / self.chat_name).write_text("{}", encoding="utf-8")

    @property
    def personas(self) -> Path:
        """The folder of the persona files."""
        return self.folder / ".jupyter" / "personas"

    def persona(
        self,
        name: str,
        prompt: str = "You help.",
        *,
        model: str | None = "openai/scripted",
        avatar: str | None = "🔬",
        description: str = "Answers from a script",
        **more: Any,
    ) -> Path:
        """Write a persona file, or write it anew; `more` are further keys."""
        front = {
            "identity": {"name": name, "avatar": avatar, "description": description},
            "options": {"api_key": "test"},
            **more,
        }
        if model is not None:
            front["model"] = {"model_id": model, "model_url": self.model_url}
        file = self.personas / f"{name.lower().replace(' ', '-')}.persona.md"
        block = json.dumps(front, indent=2, ensure_ascii=False)  # JSON is YAML
        file.write_text(f"---\n{block}\n---\n{prompt}\n", encoding="utf-8")
        return file

    def asked_already(self, text: str, *attached: str) -> None:
        """Make the chat with one message that a person has just sent and nobody answered.

        Args:
            text: The message.
            attached: Files attached, as paths relative to the project.
        """
        files = {
            uuid.uuid4().hex: {"type": "file", "value": f"{self.folder.name}/{path}"}
            for path in attached
        }
        user = {"username": HUMAN, "name": "Ada", "display_name": "Ada", "initials": "A"}
        message = {
            "id": uuid.uuid4().hex,
            "body": text,
            "time": time.time(),
            "sender": HUMAN,
            "type": "msg",
            "raw_time": False,
            "mentions": [],
            "attachments": list(files),
        }
        chat = {
            "messages": [message],
            "users": {HUMAN: user},
            "attachments": files,
            "metadata": {"id": uuid.uuid4().hex},
        }
        (self.folder / self.chat_name).write_text(json.dumps(chat), encoding="utf-8")

    def chat_text(self) -> str:
        """Return the chat's file as it is now, perhaps half written."""
        return (self.folder / self.chat_name).read_text(encoding="utf-8")

    def saved(self) -> list[Mapping[str, Any]]:
        """Return the messages in the chat's file."""
        try:
            chat = json.loads((self.folder / self.chat_name).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # not there yet, or half written
            return []
        messages = chat.get("messages", [])
        return [message for message in messages if not message.get("deleted")]

    def wait_saved(self, body: str) -> Mapping[str, Any]:
        """Wait until the file holds exactly one message with exactly this text; give it."""

        def look() -> Mapping[str, Any] | None:
            found = [message for message in self.saved() if message["body"] == body]
            assert len(found) < 2, f"{body!r} is in the file {len(found)} times"
            return found[0] if found else None

        return poll(look, f"{body[:60]!r} in {self.chat_path}")
