"""A browser's side of one chat on a running server, as far as the corpus needs it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

from tornado.websocket import websocket_connect


class Talk:
    """One open chat."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._reader = asyncio.create_task(self._read())
        self._changed = asyncio.Event()
        self._said: set[str] = set()
        self.messages: dict[str, dict[str, Any]] = {}
        self.statuses: list[str] = []
        self.users: dict[str, Any] = {}

    @classmethod
    async def open(cls, address: str, chat: str, token: str) -> Talk:
        """Open a chat."""
        return cls(await websocket_connect(f"ws://{address}api/chat/ws/{chat}?token={token}"))

    async def _read(self) -> None:
        while (raw := await self._socket.read_message()) is not None:
            frame = json.loads(raw)
            match frame["action"]:
                case "connection":
                    self.users |= frame["users"]
                case "message":
                    self.messages[frame["message"]["id"]] = frame["message"]
                case "users":
                    self.users |= frame["users"]
                case "writing":
                    self.statuses.append(str(frame.get("typingIndicator")))
            self._changed.set()

    async def say(self, body: str, attach: str = "") -> str:
        """Send a message and return its id."""
        asked = str(uuid.uuid4())
        frame = {"type": "client", "action": "send", "id": asked, "body": body, "metadata": {}}
        if attach:
            frame["attachments"] = [{"type": "file", "value": attach, "mimetype": "text/plain"}]
        self._said.add(asked)
        await self._socket.write_message(json.dumps(frame))
        return asked

    @property
    def bodies(self) -> list[str]:
        """What others have said so far, without what is still being written."""
        return [
            message["body"]
            for message in self.messages.values()
            if message["id"] not in self._said
            and (message.get("metadata") or {}).get("persona", {}).get("state") != "writing"
        ]

    async def until(self, found: Callable[[], Any], seconds: float = 40) -> Any:
        """Wait until something is so.

        Raises:
            AssertionError: It did not come to be; with what was said.
        """
        end = asyncio.get_running_loop().time() + seconds
        while not (result := found()):
            self._changed.clear()
            left = end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._changed.wait(), max(left, 0))
            except TimeoutError:
                raise AssertionError(f"The chat says {self.bodies!r}.") from None
        return result

    async def close(self) -> None:
        """Leave the chat."""
        self._socket.close()
        await self._reader
