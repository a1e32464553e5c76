"""What comes in: hears the messages of one chat, and has each new one done or answered."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from jupyterlab_chat.models import ChatMessageAction

from persona.jupyter._commands import LATE, Asked, find_command, unknown_command
from persona.jupyter._early import EarlyWatch
from persona.jupyter._jupyter_ai import JupyterAI
from persona.jupyter._people import People

if TYPE_CHECKING:
    from jupyterlab_chat.models import ChatMessageEvent, Message

    from persona.jupyter._answering import Answering
    from persona.jupyter._background import Background
    from persona.jupyter._inbox import Inbox
    from persona.jupyter._manager import PersonaManager
    from persona.jupyter._system import SystemVoice


class Reception:
    """Takes each message of people once: a command is run, anything else is answered.

    Args:
        manager: The chat's manager, on which commands are run.
        inbox: What was said.
        answering: Who answers.
        voice: The chat's own voice.
        background: Where messages are handled, side by side.
    """

    def __init__(
        self,
        manager: PersonaManager,
        inbox: Inbox,
        answering: Answering,
        voice: SystemVoice,
        background: Background,
    ) -> None:
        self._manager = manager
        self._chat = manager.chat
        self._inbox = inbox
        self._answering = answering
        self._voice = voice
        self._background = background
        self._people = People(manager.chat)
        self._observer: Any = None
        self._early: EarlyWatch | None = None
        self._changing: asyncio.Task[None] | None = None

    @property
    def listening(self) -> bool:
        """Whether messages are heard."""
        return self._observer is not None

    def open(self, catch_up_seconds: float) -> None:
        """Listen from now on, and take what came before.

        Args:
            catch_up_seconds: How old a message may be that nobody has answered.
        """
        self._observer = self._chat.observe_messages(self._on_event)
        self._early = EarlyWatch(self._chat, self._look_for_messages)
        for message in self._inbox.unanswered(catch_up_seconds):
            self._accept(message, live=False)

    def close(self) -> None:
        """Listen no longer."""
        if self._observer is not None:
            with contextlib.suppress(ValueError, KeyError):
                self._chat.unobserve_messages(self._observer)
            self._observer = None
        if self._early is not None:
            self._early.close()

    def _on_event(self, event: ChatMessageEvent) -> None:
        # Called inside a document transaction in RTC: nothing may be written here.
        if event.action == ChatMessageAction.CLIENT_MSG_RECEIVED:
            self._accept(event.message, live=True)

    def _look_for_messages(self) -> None:
        for message in self._chat.get_messages():
            self._accept(message, live=False)

    def _accept(self, message: Message, *, live: bool) -> None:
        """Handle a message that is new.

        Args:
            message: The message.
            live: Whether somebody has just sent it; else it may stand in a file that came from
                somebody else.
        """
        if not self._inbox.take(message):
            return
        command = find_command(message.body)
        changes = command is not None and command[0] is not None and command[0].changes
        # What was sent after a change is answered with it, and changes keep their order.
        after = self._changing if changes or command is None else None
        if command is not None and command[0] is not None and command[0].consents and not live:
            command = LATE, command[1], command[2]
        work = self._handle(message, command, after)
        task = self._background.start(work, f"answer message {message.id}")
        if changes:
            self._changing = task

    async def _handle(
        self, message: Message, command: Asked | None, after: asyncio.Task[None] | None
    ) -> None:
        with self._kept_alive():
            await self._manager.ready()
            if after is not None:
                await asyncio.wait({after})
            await self._people.tidy(message.sender)
            if command is None:
                await self._answering.answer(message)
                return
            found, word, rest = command
            there = JupyterAI(self._manager.settings, self._chat.get_id())
            if found is None and there.takes_command(word, message):
                return
            text = (
                unknown_command(word)
                if found is None
                else await found.run(self._manager, rest, message)
            )
            self._voice.say(text, answers=message.id, kind="command")

    def _kept_alive(self) -> contextlib.AbstractContextManager[Any]:
        keep_alive = getattr(self._chat, "keep_alive", None)
        return contextlib.nullcontext() if keep_alive is None else keep_alive()
