"""`MemoryChat` behaves as jupyterlab-chat's own model does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyterlab_chat.models import (
    BaseChatModel,
    ChatMessageAction,
    ChatMessageEvent,
    FileAttachment,
    Message,
    NewMessage,
    User,
)
from jupyterlab_chat.websocket_model import WsChatModel

from persona.testing.chat import MemoryChat

Make = Callable[[Path], BaseChatModel]


def make_memory(folder: Path) -> BaseChatModel:
    return MemoryChat()


def make_websocket(folder: Path) -> BaseChatModel:
    chat = WsChatModel("a.chat", folder)
    chat.load_from_file()
    return chat


# What is said of the copy is said of the original too.
both = pytest.mark.parametrize("make", [make_memory, make_websocket])


@both
def test_message_is_sent_and_updated_when_the_server_writes(make: Make, tmp_path: Path) -> None:
    chat = make(tmp_path)
    events: list[ChatMessageEvent] = []
    observer = chat.observe_messages(events.append)
    key = chat.add_message(NewMessage(body="one", sender="bot"))
    chat.update_message(Message(id=key, body=" two", time=1.0, sender="bot"), append=True)
    chat.update_message(Message(id="unknown", body="x", time=1.0, sender="bot"))
    message = chat.get_message(key)
    assert message is not None
    assert message.body == "one two"
    assert [m.body for m in chat.get_messages()] == ["one two"]
    assert [e.action for e in events] == [
        ChatMessageAction.SERVER_MSG_SENT,
        ChatMessageAction.SERVER_MSG_UPDATED,
    ]
    chat.unobserve_messages(observer)
    chat.unobserve_messages(observer)
    chat.add_message(NewMessage(body="unseen", sender="bot"))
    assert len(events) == 2


@both
def test_update_keeps_what_it_does_not_name(make: Make, tmp_path: Path) -> None:
    chat = make(tmp_path)
    key = chat.add_message(NewMessage(body="one", sender="bot"))
    first = Message(id=key, body="one", time=1.0, sender="bot", metadata={"a": 1})
    chat.update_message(first)
    chat.update_message(Message(id=key, body="two", time=1.0, sender="bot"))
    message = chat.get_message(key)
    assert message is not None
    assert (message.body, message.metadata) == ("two", {"a": 1})


@both
def test_trigger_actions_run_before_the_message_is_kept(make: Make, tmp_path: Path) -> None:
    def shout(message: Message, chat: BaseChatModel) -> None:
        message.body = message.body.upper()

    chat = make(tmp_path)
    key = chat.add_message(NewMessage(body="one", sender="bot"), trigger_actions=[shout])
    update = Message(id=key, body=" two", time=1.0, sender="bot")
    chat.update_message(update, append=True, trigger_actions=[shout])
    assert [m.body for m in chat.get_messages()] == ["ONE TWO"]


@both
def test_users_attachments_and_metadata_come_back(make: Make, tmp_path: Path) -> None:
    chat = make(tmp_path)
    chat.set_user(User(username="bot", name="Bot", display_name="The Bot", bot=True))
    assert chat.get_users()["bot"].bot is True
    assert chat.get_users()["bot"].mention_name == "The-Bot"
    key = chat.set_attachment(FileAttachment(value="a.py"))
    assert chat.set_attachment(FileAttachment(value="a.py")) == key
    assert chat.set_attachment(FileAttachment(value="b.py")) != key
    assert chat.get_attachments()[key].value == "a.py"
    chat.set_metadata("personas", {"a": 1})
    assert chat.get_metadata()["personas"] == {"a": 1}
    assert chat.get_id() == chat.get_metadata()["id"]
    assert chat.get_path().endswith(".chat")


@both
def test_copies_do_not_change_the_chat(make: Make, tmp_path: Path) -> None:
    chat = make(tmp_path)
    key = chat.add_message(NewMessage(body="one", sender="bot"))
    chat.get_messages()[0].body = "changed"
    message = chat.get_message(key)
    assert message is not None
    assert message.body == "one"
    assert chat.get_message("unknown") is None


def test_say_adds_a_human_and_tells_observers() -> None:
    chat = MemoryChat()
    chat.set_user(User(username="bot", name="Bot", display_name="Bot", bot=True))
    events: list[ChatMessageEvent] = []
    chat.observe_messages(events.append)
    message = chat.say("@Bot look", attachments=[FileAttachment(value="a.py")])
    assert events == [ChatMessageEvent(ChatMessageAction.CLIENT_MSG_RECEIVED, message)]
    assert message.sender == "ada"
    assert message.mentions == ["bot"]
    assert [chat.get_attachments()[key].value for key in message.attachments or []] == ["a.py"]
    assert chat.get_users()["ada"].display_name == "Ada"
    assert chat.updates == []
    edited = chat.edit(message.id, "@Bot wait")
    assert events[-1] == ChatMessageEvent(ChatMessageAction.CLIENT_MSG_EDITED, edited)
    assert chat.bodies == ["@Bot wait"]


def test_updates_are_counted_in_bytes() -> None:
    chat = MemoryChat()
    key = chat.add_message(NewMessage(body="é", sender="bot"))
    chat.update_message(Message(id=key, body="x" * 1000, time=1.0, sender="bot"), append=True)
    assert [(u.message_id, u.appended) for u in chat.updates] == [(key, False), (key, True)]
    assert chat.updates[-1].body == "é" + "x" * 1000
    assert 1000 < chat.updates[1].size < 1400
    assert chat.update_bytes == chat.updates[0].size + chat.updates[1].size


def test_writing_is_recorded_and_known_while_it_lasts() -> None:
    chat = MemoryChat()
    bot = User(username="bot", name="Bot", display_name="Bot", bot=True)
    chat.broadcast_writing_status(bot, {"typingIndicator": "thinks"})
    assert chat.writers == {"bot"}
    chat.broadcast_writing_status(bot, None)
    assert chat.writers == set()
    assert [entry.status for entry in chat.writing] == [{"typingIndicator": "thinks"}, None]


def test_keep_alive_counts_open_blocks() -> None:
    chat = MemoryChat()
    with chat.keep_alive(), chat.keep_alive():
        assert chat.kept_alive == 2
    assert chat.kept_alive == 0


def test_error_of_an_observer_reaches_the_caller() -> None:
    def fail(event: ChatMessageEvent) -> None:
        raise LookupError(event.message.body)

    chat = MemoryChat()
    chat.observe_messages(fail)
    with pytest.raises(LookupError, match="hi"):
        chat.say("hi")


def test_metadata_must_be_json() -> None:
    chat = MemoryChat()
    value = {"list": [1]}
    chat.set_metadata("kept", value)
    value["list"].append(2)
    assert chat.get_metadata()["kept"] == {"list": [1]}
    with pytest.raises(TypeError):
        chat.set_metadata("bad", object())
    assert json.dumps(chat.get_metadata())
