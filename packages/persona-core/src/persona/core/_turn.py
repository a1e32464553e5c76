"""One turn: the message to answer, what was said before, and the blocks as they stood."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from persona.core._functions import Function
from persona.core._mentions import mention_name
from persona.core._models import PersonaContext, PersonaIdentity, PersonaModel
from persona.core._users import users_of

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message

    from persona.core._attachments import Attachment
    from persona.core._persona import BasePersona

META = "persona"
"""Key in a chat message's metadata that holds what this project notes there."""

TERMINAL = "terminal::"
"""What the username of somebody begins with who writes to a chat from a terminal."""

BROKEN_OFF = "\n\n*Broken off when the server ended.*"
"""What is appended to a reply that was being written when its server ended."""

STOPPED = "\n\n*Stopped.*"
"""What is appended to a reply that was stopped; taken off again for the model."""

_MENTION = re.compile(r"@[\w.-]+[,:]?(?=\s)")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something that somebody said in the chat.

    Attributes:
        id: Id of the chat message.
        role: ``self`` for this persona, ``persona`` for another one, ``human`` for people.
        sender: The sender's username.
        name: The name shown.
        text: Markdown.
        time: Seconds since the epoch.
        attachments: Files sent with it.
    """

    id: str
    role: Literal["self", "persona", "human"]
    sender: str
    name: str
    text: str
    time: float
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What an engine is given to answer.

    Attributes:
        message: The message to answer.
        history: What was said before it, oldest first, without notices and errors.
        model: The model block, or None.
        context: The context block.
        identity: The identity block.
        options: The options.
        chat_path: Path of the chat file relative to the server's root.
        root_dir: The server's root folder.
        hops: How many personas in a row have answered each other before this turn.
        names: What the persona is addressed by; empty for the identity's name alone.
        functions: Functions that the model may call in this turn, besides the persona's tools.
    """

    message: Utterance
    history: tuple[Utterance, ...]
    model: PersonaModel | None
    context: PersonaContext
    identity: PersonaIdentity
    options: Mapping[str, Any]
    chat_path: str = ""
    root_dir: Path = field(default_factory=Path)
    hops: int = 0
    names: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()

    @property
    def text(self) -> str:
        """The message without the @-mentions before and including the persona's own.

        Only a mention of this persona at the beginning is taken off: other words with
        an ``@`` (``@property``, ``@types/node``) belong to the message.
        """
        names = self.names or (self.identity.name, mention_name(self.identity.name))
        forms = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        own = re.compile(rf"@(?:{forms})(?![\w@/]|[.-]\w)[,:]?", re.IGNORECASE)
        rest = after = self.message.text
        while True:
            rest = rest.lstrip()
            if found := own.match(rest):
                after = rest = rest[found.end() :].lstrip()
            elif found := _MENTION.match(rest):
                rest = rest[found.end() :]
            else:
                return after

    @property
    def chat_dir(self) -> Path:
        """The folder of the chat file."""
        return (self.root_dir / self.chat_path).parent


def turn_of(persona: BasePersona, message: Message) -> Turn:
    """Return what an engine needs to answer ``message``: history and blocks as of now."""
    chat, root_dir = persona.ychat, persona.root_dir
    return Turn(
        message=utterance_of(chat, message, root_dir),
        history=read_history(
            chat,
            persona_id=persona.ids,
            until=message,
            isolated=persona.context.history == "isolated",
            root_dir=root_dir,
        ),
        model=persona.model,
        context=persona.context,
        identity=persona.identity,
        options=dict(persona.options),
        chat_path=chat.get_path(),
        root_dir=root_dir,
        hops=next_hop(message),
        names=persona.mention_names(),
    )


def note(message: Message) -> Mapping[str, Any]:
    """Return what this project noted in a message's metadata, or an empty mapping."""
    value = (message.metadata or {}).get(META)
    return value if isinstance(value, Mapping) else {}


def next_hop(message: Message) -> int:
    """Return how many personas in a row have led to the answer to ``message``."""
    hops = note(message).get("hops")
    # RTC keeps numbers as floats, and a chat file may hold anything, infinity too.
    if not isinstance(hops, int | float) or not math.isfinite(hops):
        return 0
    return max(int(hops), 0) + 1


def read_history(
    chat: BaseChatModel,
    *,
    persona_id: str | Collection[str],
    until: Message,
    isolated: bool,
    root_dir: Path,
) -> tuple[Utterance, ...]:
    """Return what was said in ``chat`` before the message ``until``.

    Replies to what was said before belong to it, also when they came in after ``until``:
    turns wait in a queue. Deleted messages, notices, errors and tool reports are left
    out. With ``isolated`` only the persona's own replies and the messages that they
    answer remain.

    Args:
        chat: The chat.
        persona_id: Id of the persona that reads, or all ids that it has had.
        until: The message to answer.
        isolated: Whether only what the persona has to do with remains.
        root_dir: The server's root folder; attachments are read from there.
    """
    from persona.core._attachments import resolve_attachments

    ids = {persona_id} if isinstance(persona_id, str) else set(persona_id)
    users = users_of(chat)
    stored = chat.get_attachments()
    messages = _before(chat.get_messages(), until.id)
    commands = {str(note(m).get("answers")) for m in messages if note(m).get("kind") == "command"}
    spoken = [
        m
        for m in messages
        if not m.deleted and m.id not in commands and note(m).get("kind", "reply") == "reply"
    ]
    if isolated:
        answered = {str(note(m).get("answers")) for m in spoken if m.sender in ids}
        spoken = [m for m in spoken if m.sender in ids or m.id in answered]
    said = (
        Utterance(
            id=m.id,
            role=_role(m, users.get(m.sender), ids),
            sender=m.sender,
            name=_name(m.sender, users.get(m.sender)),
            text=m.body.removesuffix(STOPPED).removesuffix(BROKEN_OFF) if note(m) else m.body,
            time=m.time,
            attachments=resolve_attachments(m.attachments, stored, root_dir),
        )
        for m in spoken
    )
    return tuple(u for u in said if u.text.strip() or u.attachments)


def utterance_of(chat: BaseChatModel, message: Message, root_dir: Path) -> Utterance:
    """Return ``message`` as an `Utterance` with its sender's name and its files."""
    from persona.core._attachments import resolve_attachments

    user = users_of(chat).get(message.sender)
    return Utterance(
        id=message.id,
        role=_role(message, user, ()),
        sender=message.sender,
        name=_name(message.sender, user),
        text=message.body,
        time=message.time,
        attachments=resolve_attachments(message.attachments, chat.get_attachments(), root_dir),
    )


def _before(messages: Iterable[Message], message_id: str) -> list[Message]:
    """Return what came before the message, and the replies to that which came after it."""
    earlier: dict[str, Message] = {}
    passed = False
    for message in messages:
        if message.id == message_id:
            passed = True
        elif not passed or str(note(message).get("answers")) in earlier:
            earlier[message.id] = message
    return list(earlier.values())


def _role(message: Message, user: Any, ids: Collection[str]) -> Literal["self", "persona", "human"]:
    if message.sender in ids:
        return "self"
    return "persona" if note(message) or getattr(user, "bot", False) else "human"


def _name(sender: str, user: Any) -> str:
    return getattr(user, "display_name", None) or getattr(user, "name", None) or sender
