"""Real chats of both transports, seen from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_chat.models import BaseChatModel, Message, NewMessage, User
from jupyterlab_chat.websocket_model import WsChatModel
from jupyterlab_chat.ychat import YChat
from pycrdt import Awareness

from persona.core import (
    Conversation,
    Pace,
    PersonaContext,
    PersonaIdentity,
    PersonaModel,
    ReplyEvent,
    ReplyWriter,
    Turn,
    Utterance,
)

BOT = "persona::ada-bot"


@dataclass
class RealChat:
    """A chat of jupyterlab-chat, and what its clients were sent."""

    model: BaseChatModel
    sizes: list[int] = field(default_factory=list)
    """Bytes of each frame to one client."""
    keep: list[Any] = field(default_factory=list)

    def write_message(self, frame: str) -> None:
        """Be a WebSocket client: jupyterlab-chat calls this for each frame."""
        self.sizes.append(len(frame.encode()))

    def say(
        self,
        text: str,
        sender: str = "ada",
        *,
        attachments: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Message:
        """Add what a person wrote."""

        def complete(message: Message, _chat: BaseChatModel) -> None:
            message.attachments = attachments
            message.metadata = metadata

        if sender not in self.model.get_users():
            user = User(username=sender, name=sender.title(), display_name=sender.title())
            self.model.set_user(user)
        key = self.model.add_message(NewMessage(body=text, sender=sender), [complete])
        return self.message(key)

    def message(self, key: str) -> Message:
        message = self.model.get_message(key)
        assert message is not None
        return message

    def delete(self, key: str) -> None:
        """Do what a browser does when a message is deleted."""
        self.model.update_message(replace(self.message(key), body="", deleted=True))

    def of(self, sender: str) -> list[Message]:
        return [m for m in self.model.get_messages() if m.sender == sender]

    def bodies(self, sender: str = BOT) -> list[str]:
        return [m.body for m in self.of(sender)]

    def notes(self, sender: str = BOT) -> list[dict[str, Any]]:
        return [(m.metadata or {})["persona"] for m in self.of(sender)]

    def writer(
        self,
        pace: Pace | None = None,
        *,
        engine: str | None = None,
        model: str | None = "a/b",
    ) -> ReplyWriter:
        """Say something to Ada Bot, and return what writes her reply."""
        message = self.say("@ada-bot hi")
        turn = Turn(
            message=Utterance(message.id, "human", "ada", "Ada", message.body, message.time),
            history=(),
            model=None if model is None else PersonaModel(model_id=model),
            context=PersonaContext(),
            identity=PersonaIdentity(name="Ada Bot"),
            options={},
            chat_path="study/talk.chat",
            root_dir=Path("/srv/lab"),
        )
        user = User(username=BOT, name="Ada Bot", display_name="Ada Bot", bot=True)
        return ReplyWriter(Conversation(self.model, user), turn, pace=pace, engine=engine)

    async def reply(
        self,
        *events: ReplyEvent | str | BaseException,
        pace: Pace | None = None,
        engine: str | None = None,
        model: str | None = "a/b",
    ) -> ReplyWriter:
        """Have these events written as Ada Bot's reply; an error among them is raised there."""
        writer = self.writer(pace, engine=engine, model=model)
        await writer.write(_stream(*events))
        return writer


async def _stream(*events: ReplyEvent | str | BaseException) -> AsyncIterator[ReplyEvent | str]:
    for event in events:
        if isinstance(event, BaseException):
            raise event
        yield event


def websocket_chat(folder: Path) -> RealChat:
    model = WsChatModel("a.chat", folder)
    model.load_from_file()
    chat = RealChat(model)
    model.handlers["client"] = chat  # type: ignore[assignment]
    return chat


def rtc_chat(folder: Path) -> RealChat:
    model = YChat()
    model.awareness = Awareness(ydoc=model._ydoc)
    model.initial_path = "a.chat"
    model.dirty = False
    chat = RealChat(model)
    chat.keep.append(model._ydoc.observe(lambda event: chat.sizes.append(len(event.update))))
    return chat


@pytest.fixture(params=[websocket_chat, rtc_chat], ids=["websocket", "rtc"])
async def chat(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RealChat]:
    """A new chat; every test that takes it runs with both transports."""
    real: RealChat = request.param(tmp_path)
    await asyncio.sleep(0)
    yield real
    await asyncio.sleep(0)


@pytest.fixture
async def ws(tmp_path: Path) -> RealChat:
    """A new chat over WebSocket, for what does not depend on the transport."""
    return websocket_chat(tmp_path)


Until = Callable[[Callable[[], object]], Any]


@pytest.fixture
def until() -> Until:
    """Wait until a condition holds, at most five seconds."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.002)

    return wait
