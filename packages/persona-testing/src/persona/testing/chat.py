"""A chat held in memory. Needs the extra `chat` (jupyterlab-chat)."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from jupyterlab_chat.models import (
    BaseChatModel,
    ChatMessageAction,
    ChatMessageEvent,
    FileAttachment,
    Message,
    MessageObserver,
    MessageObserverCallback,
    NewMessage,
    NotebookAttachment,
    User,
    message_asdict_factory,
)
from jupyterlab_chat.utils import find_mentions

if TYPE_CHECKING:
    from jupyterlab_chat.ychat import YChat

__all__ = ["ChatUpdate", "MemoryChat", "WritingStatus"]

Attachment = FileAttachment | NotebookAttachment
TriggerAction = Callable[[Message, BaseChatModel], None]


@dataclass(frozen=True)
class ChatUpdate:
    """One message as `MemoryChat` would have sent it to its clients.

    Attributes:
        message_id: The message.
        body: Its whole body after the change.
        appended: Whether the change was an append.
        size: Bytes of the JSON: jupyterlab-chat sends the whole message at each change.
    """

    message_id: str
    body: str
    appended: bool
    size: int


@dataclass(frozen=True)
class WritingStatus:
    """One writing status. `status` is None when the user stopped writing."""

    username: str
    status: dict[str, Any] | None


class MemoryChat(BaseChatModel):
    """A chat with the behaviour of jupyterlab-chat's WebSocket model, without files and clients.

    Give it to a persona as `ychat`. Observers are called at once, in the caller's thread, and
    their errors reach the caller: a test must see them.

    Example:
        ```python
        chat = MemoryChat()
        message = chat.say("@Reviewer look at this")
        await persona.process_message(message)
        assert chat.bodies[-1] == "Looks good."
        assert len(chat.updates) < 10
        ```

    Attributes:
        updates: Each sending of a message to the clients: `add_message` and `update_message`.
        writing: Each writing status, in order.
        kept_alive: How many `keep_alive` blocks are open.

    Args:
        path: The path that `get_path` gives.
    """

    def __init__(self, path: str = "memory.chat") -> None:
        self.path = path
        self.updates: list[ChatUpdate] = []
        self.writing: list[WritingStatus] = []
        self.kept_alive = 0
        self._messages: dict[str, dict[str, Any]] = {}
        self._users: dict[str, User] = {}
        self._attachments: dict[str, Attachment] = {}
        self._metadata: dict[str, Any] = {"id": uuid.uuid4().hex}
        self._observers: list[MessageObserver] = []

    @property
    def bodies(self) -> list[str]:
        """The bodies of all messages, oldest first."""
        return [str(message["body"]) for message in self._messages.values()]

    @property
    def update_bytes(self) -> int:
        """Bytes of all updates together, to prove that streaming costs linear time."""
        return sum(update.size for update in self.updates)

    @property
    def writers(self) -> set[str]:
        """The users that write now."""
        last = {entry.username: entry.status for entry in self.writing}
        return {username for username, status in last.items() if status is not None}

    def say(
        self,
        text: str,
        sender: str = "ada",
        name: str = "Ada",
        attachments: Sequence[Attachment] = (),
        *,
        metadata: dict[str, Any] | None = None,
    ) -> Message:
        """Add a message as a human's browser does, and tell the observers.

        Mentions of known users are found in the text. The user is made if it is new.
        """
        if sender not in self._users:
            user = User(username=sender, name=name, display_name=name)  # type: ignore[no-untyped-call]
            self.set_user(user)
        ids = [self.set_attachment(attachment) for attachment in attachments]
        message = Message(
            id=str(uuid.uuid4()),
            body=text,
            time=time.time(),
            sender=sender,
            raw_time=False,
            attachments=ids or None,
            metadata=metadata,
        )
        # It is annotated with the RTC model but needs no more than `get_users`.
        find_mentions(message, cast("YChat", self))
        self._store(message)
        return self._tell(ChatMessageAction.CLIENT_MSG_RECEIVED, message.id)

    def edit(self, message_id: str, text: str) -> Message:
        """Change a message as a human's browser does, and tell the observers.

        Raises:
            KeyError: There is no such message.
        """
        self._messages[message_id].update(body=text, edited=True)
        return self._tell(ChatMessageAction.CLIENT_MSG_EDITED, message_id)

    @contextmanager
    def keep_alive(self) -> Iterator[None]:
        """Count a block that must outlive the clients, as the WebSocket model's does."""
        self.kept_alive += 1
        try:
            yield
        finally:
            self.kept_alive -= 1

    def get_id(self) -> str:
        """Give the chat's stable id."""
        return str(self._metadata["id"])

    def get_path(self) -> str:
        """Give the path of the chat."""
        return self.path

    def get_message(self, id: str) -> Message | None:  # noqa: A002 - jupyterlab-chat's name
        """Give a copy of a message."""
        stored = self._messages.get(id)
        return None if stored is None else Message(**stored)

    def get_messages(self) -> list[Message]:
        """Give copies of all messages, oldest first."""
        return [Message(**stored) for stored in self._messages.values()]

    def get_users(self) -> dict[str, User]:
        """Give the users by username."""
        return {username: replace(user) for username, user in self._users.items()}

    def get_metadata(self) -> dict[str, Any]:
        """Give the chat's metadata."""
        return dict(self._metadata)

    def get_attachments(self) -> dict[str, Attachment]:
        """Give the attachments by id."""
        return dict(self._attachments)

    def add_message(
        self, new_message: NewMessage, trigger_actions: list[TriggerAction] | None = None
    ) -> str:
        """Add a server's message and tell the observers."""
        message = Message(**asdict(new_message), time=time.time(), id=str(uuid.uuid4()))
        for action in trigger_actions or ():
            action(message, self)
        self._store(message)
        self._send(message.id, appended=False)
        self._tell(ChatMessageAction.SERVER_MSG_SENT, message.id)
        return message.id

    def update_message(
        self,
        update: Message,
        append: bool = False,
        trigger_actions: list[TriggerAction] | None = None,
    ) -> None:
        """Change a message and tell the observers; an unknown id changes nothing."""
        stored = self._messages.get(update.id)
        if stored is None:
            return
        if update.body and append:
            update.body = stored["body"] + update.body
        for action in trigger_actions or ():
            action(update, self)
        stored.update(asdict(update, dict_factory=message_asdict_factory))
        self._send(update.id, appended=append)
        self._tell(ChatMessageAction.SERVER_MSG_UPDATED, update.id)

    def set_attachment(self, attachment: Attachment) -> str:
        """Keep an attachment; an equal one has the same id."""
        for known, existing in self._attachments.items():
            if asdict(existing) == asdict(attachment):
                return known
        attachment_id = str(uuid.uuid4())
        self._attachments[attachment_id] = attachment
        return attachment_id

    def set_user(self, user: User) -> None:
        """Add or change a user."""
        self._users[user.username] = user

    def set_metadata(self, name: str, metadata: Any) -> None:
        """Set one value of the metadata. It must be JSON, as in a chat file.

        Raises:
            TypeError: It is not JSON.
        """
        self._metadata[name] = json.loads(json.dumps(metadata))

    def observe_messages(self, callback: MessageObserverCallback) -> MessageObserver:
        """Call back at each change of a message."""
        observer = MessageObserver(_handle=callback)
        self._observers.append(observer)
        return observer

    def unobserve_messages(self, observer: MessageObserver) -> None:
        """Stop calling back; unknown observers are ignored."""
        self._observers = [known for known in self._observers if known is not observer]

    def broadcast_writing_status(self, user: User, status: dict[str, Any] | None = None) -> None:
        """Record that a user writes, or with None that it stopped."""
        self.writing.append(WritingStatus(user.username, status))

    def _store(self, message: Message) -> None:
        self._messages[message.id] = asdict(message, dict_factory=message_asdict_factory)

    def _send(self, message_id: str, *, appended: bool) -> None:
        stored = self._messages[message_id]
        size = len(json.dumps(stored).encode())
        self.updates.append(ChatUpdate(message_id, stored["body"], appended, size))

    def _tell(self, action: ChatMessageAction, message_id: str) -> Message:
        message = Message(**self._messages[message_id])
        for observer in list(self._observers):
            observer._handle(ChatMessageEvent(action=action, message=message))
        return message
