"""A chat as one persona sees and writes it: the traps of both transports in one place.

jupyterlab-chat has two models behind ``BaseChatModel``: WebSocket (one JSON file) and
RTC (a shared document). They differ in what an update keeps: RTC empties metadata,
attachments and mentions that are not passed again, so every update passes all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from persona.core._activity import ActivityLog
from persona.core._errors import ChatGone
from persona.core._session import Session
from persona.core._turn import META
from persona.core._users import users_of

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message, User


class Conversation:
    """Write to a chat as one user.

    Args:
        chat: The chat model, WebSocket or RTC.
        user: Who writes; put into the chat's users before the first message.
        session: Where what an engine tells besides its answers is kept; by default nobody
            else sees it.
        activity: Where it is noted how turns go; by default nobody else sees it.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        user: User,
        session: Session | None = None,
        activity: ActivityLog | None = None,
    ) -> None:
        self.chat = chat
        self.session = session or Session()
        self.activity = activity or ActivityLog()
        self._user = user
        self._status: str | None = None

    @property
    def user(self) -> User:
        """Who writes."""
        return self._user

    def introduce(self, user: User | None = None) -> None:
        """Put the user's name and avatar into the chat if they are not there as they are now."""
        if user is not None:
            status = self._status
            if user.username != self._user.username:  # nobody would ever end that of the old one
                self.show_status(None)
            self._user = user
            self.show_status(status)
        if users_of(self.chat).get(self._user.username) != self._user:
            self.chat.set_user(self._user)

    def add(self, body: str, note: Mapping[str, Any]) -> str:
        """Add a message and return its id.

        Args:
            body: Markdown.
            note: What to remember with the message, JSON-like, without secrets.
        """
        from jupyterlab_chat.models import NewMessage

        self.introduce()
        message_id = self.chat.add_message(
            NewMessage(body=_well_formed(body), sender=self._user.username),
            trigger_actions=[_noting(note)],
        )
        return str(message_id)

    def replace(self, message_id: str, body: str, note: Mapping[str, Any]) -> None:
        """Replace the text and the note of a message that this user wrote.

        Raises:
            ChatGone: The message is no longer in the chat.
        """
        self.chat.update_message(self._changed(message_id, body, note))

    def show(self, message_id: str, body: str, note: Mapping[str, Any]) -> bool:
        """Send a message's new text to the browsers without storing it, where that is possible.

        In WebSocket mode storing writes the whole chat file again, which takes the longer
        the more is in the chat. What is only shown must be stored with `replace` soon.

        Returns:
            False if nothing was sent, because in this chat showing is storing.

        Raises:
            ChatGone: The message is no longer in the chat.
        """
        broadcast = getattr(self.chat, "broadcast", None)
        resolve = getattr(self.chat, "resolve_message", None)
        if broadcast is None or resolve is None:
            return False
        if not getattr(self.chat, "handlers", ()):
            return False  # no browser: whoever follows the chat sees what is stored
        from jupyterlab_chat.models import message_asdict_factory
        from jupyterlab_chat.ws_messages import ServerMessageMessage, to_wire

        changed = self._changed(message_id, body, note)
        shown = resolve(asdict(changed, dict_factory=message_asdict_factory))
        broadcast(to_wire(ServerMessageMessage(message=shown)))
        return True

    def _changed(self, message_id: str, body: str, note: Mapping[str, Any]) -> Message:
        current = self.chat.get_message(message_id)
        if current is None or current.deleted:
            raise ChatGone("The message was removed from the chat while it was being written.")
        metadata = {**(current.metadata or {}), META: dict(note)}
        return replace(current, body=_well_formed(body), metadata=metadata)

    def show_status(self, text: str | None) -> None:
        """Show that the user is busy, for example ``is thinking…``; None when done.

        Cheap to call again with the same text: only a change is sent.
        """
        if text == self._status:
            return
        self._status = text
        status = None if text is None else {"typingIndicator": text}
        self.chat.broadcast_writing_status(self._user, status)

    def kept_alive(self) -> AbstractContextManager[Any]:
        """Keep the chat in memory while something is written, also with no browser left."""
        keep_alive = getattr(self.chat, "keep_alive", None)
        return nullcontext() if keep_alive is None else keep_alive()


def _well_formed(text: str) -> str:
    """Return ``text`` without halves of surrogate pairs, which no chat can store.

    They come from servers that cut a stream within a character.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _noting(note: Mapping[str, Any]) -> Any:
    # NewMessage has no metadata; a trigger action is called on the message before it
    # is stored, in both transports, so text and note arrive in one update.
    def set_note(message: Any, _chat: Any) -> None:
        message.metadata = {**(message.metadata or {}), META: dict(note)}

    return set_note
