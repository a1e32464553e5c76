"""Definitions that are renamed, or removed, while chats use them; in both transports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_chat.models import BaseChatModel, ChatMessageAction, Message, NewMessage, User
from jupyterlab_chat.websocket_model import WsChatModel
from jupyterlab_chat.ychat import YChat
from pycrdt import Awareness

from persona.core import PersonaEngine, Turn, note
from persona.jupyter import PersonaManager

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
PROBE = "engine: probe\nidentity:\n  name: {name}\n  avatar: {name}.svg"


class Probe(PersonaEngine):
    """Says how much of what was said before is its own; holds on where it is asked to."""

    id = "probe"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = asyncio.Event()
        self.closed = 0

    async def shutdown(self) -> None:
        self.closed += 1

    async def reply(self, turn: Turn) -> AsyncIterator[str]:
        own = [u for u in turn.history if u.role == "self"]
        yield f"{turn.identity.name} own={len(own)}: {turn.text}"
        if turn.text.startswith("hold"):
            await self.gate.wait()
        if "pass to" in turn.text:
            yield f"\n@{turn.text.rpartition(' ')[2]} go on"


class Chat:
    """One chat with its manager; it can be closed and opened again from what was kept."""

    def __init__(self, service: Any, root: Path, transport: str) -> None:
        self._service = service
        self._root = root
        self._transport = transport
        self.model: BaseChatModel
        self.manager: PersonaManager
        self._kept = ""

    def _new_model(self) -> BaseChatModel:
        if self._transport == "websocket":
            model = WsChatModel("a.chat", self._root)
            model.load_from_file()
            return model
        shared = YChat()
        if self._kept:
            shared.set(self._kept)
        shared.awareness = Awareness(ydoc=shared._ydoc)
        shared.initial_path = "a.chat"
        shared.dirty = False
        return shared

    async def open(self) -> None:
        self.model = self._new_model()
        self.manager = PersonaManager(
            parent=self._service, chat=self.model, service=self._service, catch_up_seconds=0.0
        )
        self._service._managers["chat"] = self.manager
        self.manager.start()
        await self.manager.ready()

    async def close(self) -> None:
        if self._transport == "rtc":
            self._kept = self.model.get()  # type: ignore[attr-defined]
        self._service._managers.pop("chat", None)
        await self.manager.close()

    async def restart(self) -> None:
        await self.close()
        await self.open()

    def say(self, text: str) -> str:
        if "hugo" not in self.model.get_users():
            self.model.set_user(User(username="hugo", name="Hugo", display_name="Hugo"))
        key = str(self.model.add_message(NewMessage(body=text, sender="hugo")))
        if isinstance(self.model, WsChatModel):
            message = self.model.get_message(key)
            assert message is not None
            self.model._emit_message_event(ChatMessageAction.CLIENT_MSG_RECEIVED, message)
        return key

    def answers(self, key: str) -> list[Message]:
        return [
            m
            for m in self.model.get_messages()
            if note(m).get("answers") == key and note(m).get("state") != "writing"
        ]

    async def ask(self, text: str) -> Message:
        key = self.say(text)
        return (await until(lambda: self.answers(key)))[0]


async def until(found: Callable[[], Any], seconds: float = 10.0) -> Any:
    async with asyncio.timeout(seconds):
        while not (result := found()):
            await asyncio.sleep(0.01)
    return result


@pytest.fixture(params=["websocket", "rtc"])
async def chat(request: pytest.FixtureRequest, service: Any, root: Path) -> AsyncIterator[Chat]:
    """A chat that sees the project's personas."""
    service.catalog.registry.register(Probe)
    service.config.PersonaManager.live_reload = False
    chat = Chat(service, root, request.param)
    yield chat
    await chat.close()
    await service.close()


def rename(path: Path, slug: str, text: str) -> Path:
    """Write the file of a persona under another name."""
    path.unlink()
    new = path.with_name(f"{slug}.persona.md")
    new.write_text(f"---\n{text}\n---\n")
    return new


def avatars(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        path.with_name(f"{name}.svg").write_text(SVG)


GRACE = PROBE.format(name="Grace") + "\nformerly: ada"


async def test_renamed_persona_goes_on_with_its_engine_and_its_history(
    chat: Chat, write: Any
) -> None:
    path = write("ada", PROBE.format(name="Ada"))
    avatars(path, "Ada", "Grace")
    await chat.open()
    first = await chat.ask("@Ada one")
    before = chat.manager.personas.live["ada"]
    engine = before.engine
    rename(path, "grace", GRACE)
    assert (
        await chat.ask("/refresh-personas")
    ).body == "1 persona ready. Ada goes on as Grace. Grace: identity changed."
    after = chat.manager.personas.live
    assert list(after) == ["grace"]
    assert after["grace"] is before
    assert before.engine is engine
    assert engine.closed == 0
    # Last addressed, by its new name, by its old one; what it said as Ada is its own.
    for number, text in enumerate(("two", "@Grace three", "@ada four"), 1):
        answer = await chat.ask(text)
        assert answer.sender == "persona::grace"
        assert answer.body == f"Grace own={number}: {text.rpartition(' ')[2]}"
    assert (await chat.ask("/restart @ada")).body.startswith("Grace starts anew")
    assert "Grace" in (await chat.ask("/model @ada a/b")).body
    users = chat.model.get_users()
    assert chat.model.get_message(first.id).sender == "persona::ada"
    assert users["persona::ada"].display_name == "Ada"
    assert users["persona::ada"].avatar_url.startswith("data:image/svg+xml")
    assert users["persona::grace"].display_name == "Grace"


async def test_turn_that_runs_and_messages_that_wait_outlive_a_rename(
    chat: Chat, write: Any
) -> None:
    path = write("ada", PROBE.format(name="Ada"))
    write("bob", PROBE.format(name="Bob"))
    avatars(path, "Ada", "Grace", "Bob")
    await chat.open()
    running = chat.say("@ada hold and pass to bob")
    await until(lambda: "ada" in chat.manager.personas.live)
    persona = chat.manager.personas.live["ada"]
    waiting = chat.say("@ada next")
    await until(lambda: persona.busy)
    rename(path, "grace", GRACE)
    await chat.manager.reload()
    engine = persona.engine
    assert isinstance(engine, Probe)
    engine.gate.set()
    (answer,) = await until(lambda: chat.answers(running))
    (then,) = await until(lambda: chat.answers(waiting))
    assert (answer.sender, then.sender) == ("persona::ada", "persona::grace")
    assert then.body == "Grace own=1: next"
    (passed,) = await until(lambda: chat.answers(answer.id))  # its answer still addressed Bob
    assert passed.sender == "persona::bob"
    assert not [m for m in chat.model.get_messages() if m.sender == "personas::system"]


async def test_rename_while_the_server_was_down_is_the_same(chat: Chat, write: Any) -> None:
    path = write("ada", PROBE.format(name="Ada"))
    write("bob", PROBE.format(name="Bob"))
    avatars(path, "Ada", "Grace", "Bob")
    await chat.open()
    await chat.ask("@Ada one")
    rename(path, "grace", GRACE)
    await chat.restart()
    answer = await chat.ask("two")
    assert (answer.sender, answer.body) == ("persona::grace", "Grace own=1: two")


async def test_what_the_chat_keeps_of_a_persona_moves_with_its_name(chat: Chat, write: Any) -> None:
    path = write("ada", PROBE.format(name="Ada"))
    avatars(path, "Ada", "Grace")
    await chat.open()
    await chat.ask("@Ada one")
    chat.model.set_metadata("persona_sessions", {"ada": {"session": "s1"}, "bob": {"session": "x"}})
    chat.model.set_metadata("persona_others", {"ada": "old", "grace": "new"})
    chat.model.set_metadata("elsewhere", {"ada": 1})
    chat.manager.personas.changes.put("ada", {"context.system_prompt": "Briefly."})
    await chat.ask("@Ada two")
    rename(path, "grace", GRACE)
    await chat.restart()
    kept = chat.model.get_metadata()
    assert kept["persona_sessions"] == {"grace": {"session": "s1"}, "bob": {"session": "x"}}
    assert kept["persona_others"] == {"grace": "new"}
    assert kept["elsewhere"] == {"ada": 1}
    changes = chat.manager.personas.changes
    assert changes.all() == {"grace": {"context.system_prompt": "Briefly."}}  # its seal fits
    assert changes.foreign() == {}
    assert chat.manager.view.personas["grace"].context.system_prompt == "Briefly."


async def test_former_name_belongs_to_who_is_called_so_now(chat: Chat, write: Any) -> None:
    path = write("grace", GRACE)
    write("lovelace", PROBE.format(name="Ada"))
    avatars(path, "Ada", "Grace")
    await chat.open()
    assert (await chat.ask("@ada hi")).sender == "persona::lovelace"
    write("ada", PROBE.format(name="Ada the second"))
    await chat.manager.reload()
    assert (await chat.ask("@ada hi")).sender == "persona::ada"
    (found,) = [d for d in chat.manager.view.diagnostics if d.code == "P318"]
    assert (found.file.name, found.line, found.severity) == ("grace.persona.md", 6, "warning")


async def test_file_renamed_with_the_same_name_inside_is_no_rename(chat: Chat, write: Any) -> None:
    path = write("ada", "name: ada\n" + PROBE.format(name="Ada"))
    avatars(path, "Ada")
    await chat.open()
    await chat.ask("@Ada one")
    persona = chat.manager.personas.live["ada"]
    engine = persona.engine
    path.rename(path.with_name("somebody.persona.md"))
    await chat.manager.reload()
    assert chat.manager.personas.live["ada"] is persona
    assert persona.engine is engine
    assert (await chat.ask("two")).body == "Ada own=1: two"


async def test_removed_persona_leaves_and_its_messages_keep_name_and_avatar(
    chat: Chat, write: Any
) -> None:
    path = write("ada", PROBE.format(name="Ada"))
    write("bob", PROBE.format(name="Bob"))
    avatars(path, "Ada", "Bob")
    await chat.open()
    answer = await chat.ask("@Ada one")
    persona = chat.manager.personas.live["ada"]
    engine = persona.engine
    path.unlink()
    path.with_name("Ada.svg").unlink()
    await chat.manager.reload()
    assert "ada" not in chat.manager.personas.live
    await until(lambda: engine.closed == 1)
    assert "Nobody here is called @Ada" in (await chat.ask("@Ada again")).body
    await chat.restart()
    kept = chat.model.get_message(answer.id)
    assert (kept.sender, kept.body) == ("persona::ada", "Ada own=0: one")
    user = chat.model.get_users()["persona::ada"]
    assert user.display_name == "Ada"
    assert user.avatar_url.startswith("data:image/svg+xml;base64,")
