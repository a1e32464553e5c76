"""A server extension that answers as the peer does: one update of the message for each chunk.

`benchmarks.pages` switches it on in the server that it measures. A message that begins with
`peer` is answered with that reply.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from jupyterlab_chat.models import ChatMessageAction, Message, NewMessage, User

from benchmarks.replies import CHUNKS, INTERVAL, reply

_SENDER = User(username="bench::peer", name="Peer", display_name="Peer", bot=True)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Nothing yet: the chats come with the start."""


async def _start_jupyter_server_extension(app: Any) -> None:
    manager = app.web_app.settings["chat_manager"]
    kept: dict[str, Any] = {}

    async def on_chat(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] != "opened" or data["chat_id"] in kept:
            return
        chat = manager.get(data["chat_id"])

        def on_message(event: Any) -> None:
            new = event.action == ChatMessageAction.CLIENT_MSG_RECEIVED
            if new and event.message.body.startswith("peer"):
                task = asyncio.get_running_loop().create_task(_answer(chat))
                kept[event.message.id] = task

        kept[data["chat_id"]] = chat.observe_messages(on_message)

    manager.observe_chats(on_chat)


async def _answer(chat: Any) -> None:
    chat.set_user(_SENDER)
    message_id = chat.add_message(NewMessage(body="", sender=_SENDER.username))
    sent = time.time()
    for number in range(CHUNKS):
        part = Message(id=message_id, body=reply(number), sender=_SENDER.username, time=sent)
        chat.update_message(part, append=True)
        await asyncio.sleep(INTERVAL)
