"""The class that authors of Python personas build on."""

from __future__ import annotations

import asyncio
import inspect
from abc import ABCMeta
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import MetaHasTraits
from traitlets.config import LoggingConfigurable

from persona.core import (
    Conversation,
    PersonaDefaults,
    PersonaModel,
    PersonaRequirementsUnmet,
    ReplyWriter,
    TurnError,
    Utterance,
)
from persona.loaders.python._asking import Question, require_model, run
from persona.loaders.python._attachments import text_of_files
from persona.loaders.python._chunks import as_events
from persona.loaders.python._current import current_turn, no_turn, note_of
from persona.loaders.python._defaults import defaults_of
from persona.loaders.python._inner import inner_of
from persona.loaders.python._surroundings import Surroundings

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message, User

    from persona.core import BasePersona as Container

__all__ = ["BasePersona", "PersonaDefaults", "PersonaRequirementsUnmet"]


class PersonaMeta(ABCMeta, MetaHasTraits):
    """Lets personas be abstract classes with traits."""


class BasePersona(LoggingConfigurable, metaclass=PersonaMeta):
    """A persona that is written in Python. Subclass it in a file ``*persona*.py``::

        class Greeter(BasePersona):
            defaults = PersonaDefaults(name="Greeter", description="Says hello")

            async def process_message(self, message):
                self.send_message(f"Hello, you said: {self.text_of(message)}")

    One that only says its `defaults` answers with the model that it is configured for.
    One object serves one chat. Turns come one after the other, and can be stopped: then
    ``asyncio.CancelledError`` is raised at an ``await``.

    Args:
        ychat: The chat. ``chat`` is taken too.
        parent: What is around it; given by whoever makes it.
    """

    engine: str = "litellm"
    """Id of the engine that `ask_model` uses."""

    surroundings_class: ClassVar[type[Surroundings]] = Surroundings

    if TYPE_CHECKING:
        parent: Any  # what is around it: root_dir, base_url, serverapp, event_loop

    def __init__(
        self,
        *args: Any,
        ychat: BaseChatModel | None = None,
        chat: BaseChatModel | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        given = ychat if ychat is not None else chat
        self.ychat = self.chat = self._container.ychat if given is None else given

    @property
    def _around(self) -> Surroundings:
        around = self.parent
        if not isinstance(around, Surroundings):
            raise PersonaRequirementsUnmet(
                f"{type(self).__name__} was made without a chat. Pass on what __init__ is given: "
                "def __init__(self, *args, **kwargs): super().__init__(*args, **kwargs)"
            )
        return around

    @property
    def _container(self) -> Container:
        return self._around.persona

    # -- what it is --------------------------------------------------------------

    @property
    def defaults(self) -> PersonaDefaults:
        """What it says of itself. Override it, as a property or as a plain attribute."""
        held = self._container
        return PersonaDefaults(
            name=held.name,
            description=held.identity.description or "",
            avatar_path=held.identity.avatar or "",
            system_prompt=held.context.system_prompt or "",
        )

    @property
    def persona(self) -> Container:
        """The container: engine, model, context, identity and options as they are now."""
        return self._container

    @property
    def id(self) -> str:
        """Its id in the chat."""
        return self._container.id

    @property
    def name(self) -> str:
        """The name shown."""
        return self._container.name

    @property
    def system_prompt(self) -> str:
        """The prompt as it stands now, which may have been changed in the chat."""
        return self._container.context.system_prompt or ""

    @property
    def model_id(self) -> str | None:
        """The model that it is configured for, as ``provider/model``."""
        model = self._container.model
        return model.model_id if model is not None else None

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop:
        """The server's event loop."""
        return self._around.event_loop

    def as_user(self) -> User:
        """Return the chat user that it is."""
        return self._container.conversation.user

    def as_user_dict(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return asdict(self.as_user())

    # -- answering ---------------------------------------------------------------

    async def process_message(self, message: Message) -> None:
        """Answer a message that is addressed to it. Override it.

        This one asks the model that the persona is configured for. What it raises is told
        in the chat.
        """
        await self.ask_model(message)

    def send_message(self, body: str) -> None:
        """Send a message; from any thread.

        Args:
            body: Markdown.
        """
        turn = current_turn.get()
        self._around.in_loop(lambda: self._conversation.add(str(body), note_of(turn)))

    async def stream_message(self, reply_stream: Any) -> None:
        """Write one message while it comes in.

        Args:
            reply_stream: An async iterator of texts or of LiteLLM's chunks. Events such as
                `ToolCall` are shown too.

        Raises:
            TurnError: There is something in it that is no text.
        """
        writer = ReplyWriter(
            self._conversation, current_turn.get() or no_turn(self._container), names_model=False
        )
        try:
            await writer.write(as_events(reply_stream))
        except TurnError as exc:
            if exc.kind != "empty":
                raise

    async def ask_model(
        self,
        message: Message | str | None = None,
        *,
        system_prompt: str | None = None,
        model: PersonaModel | str | None = None,
        options: Mapping[str, Any] | None = None,
        tools: Sequence[Any] = (),
        engine: str | None = None,
    ) -> None:
        """Let the configured model answer in the chat, with the conversation so far.

        Args:
            message: What to answer; a text stands in place of what was written. By default
                the message of this turn.
            system_prompt: The prompt, in place of the persona's own.
            model: The model, in place of the persona's own.
            options: Options for the engine, besides the persona's own.
            tools: Functions that the model may call: with type hints and a docstring, sync
                (they run in a thread) or async.
            engine: Id of the engine, in place of `engine`.

        Raises:
            TurnError: The model cannot be asked; the chat tells it if nobody catches it.
            EngineError: The engine is not there.
        """
        turn = current_turn.get()
        if message is not None and not isinstance(message, str):
            turn = self._container.new_turn(message)
        if turn is None:
            raise TurnError(
                "ask_model() needs the message to answer outside of a turn.", kind="contract"
            )
        if system_prompt is None and turn.context.system_prompt is None:
            system_prompt = defaults_of(self).system_prompt or None
        question = Question(
            text=message if isinstance(message, str) else None,
            system_prompt=system_prompt,
            model=model,
            options=options or {},
            tools=tools,
        )
        asked, engine_id = question.put(turn), engine or self.engine
        require_model(asked, engine_id, self.name)
        inner = await inner_of(self._container, engine_id, start=model is None)
        await run(inner, asked)

    def set_status(self, status: str = "is typing…") -> None:
        """Show what it does, for example ``is looking it up…``; from any thread."""
        self._around.in_loop(lambda: self._conversation.show_status(status))

    def clear_status(self) -> None:
        """Show no status any more."""
        self._around.in_loop(lambda: self._conversation.show_status(None))

    # -- reading -----------------------------------------------------------------

    def text_of(self, message: Message) -> str:
        """Return what was written, without the mention of this persona at its beginning."""
        return self._container.new_turn(message).text

    @property
    def history(self) -> Sequence[Utterance]:
        """What was said before the message of this turn, oldest first; empty outside of one."""
        turn = current_turn.get()
        return turn.history if turn is not None else ()

    def process_attachments(self, message: Message) -> str | None:
        """Return the files that came with a message as one text, or None if there are none.

        Reads files, so a large one belongs into ``asyncio.to_thread``.
        """
        return text_of_files(self._container.new_turn(message).message.attachments)

    def resolve_attachment_to_path(self, attachment_id: str) -> str | None:
        """Return the path of an attached file below the server's root, or None."""
        stored = self.chat.get_attachments().get(attachment_id)
        name = getattr(stored, "value", None)
        root = self._container.root_dir.resolve()
        path = (root / str(name)).resolve()
        found = name is not None and path.is_relative_to(root) and path.exists()
        return str(path) if found else None

    def get_chat_path(self, relative: bool = False) -> str:
        """Return the path of the chat file, absolute or relative to the server's root."""
        return self._around.get_chat_path(relative)

    def get_chat_dir(self) -> str:
        """Return the folder of the chat file."""
        return self._around.get_chat_dir()

    def get_dotjupyter_dir(self) -> str | None:
        """Return the nearest folder ``.jupyter`` of the chat, if any."""
        return self._around.get_dotjupyter_dir()

    def get_workspace_dir(self) -> str:
        """Return the folder of the project that the chat belongs to."""
        return self._around.get_workspace_dir()

    # -- life --------------------------------------------------------------------

    async def prepare(self) -> None:
        """Get ready for the first message, off the event loop where it takes long. May be sync."""

    async def get_ready(self) -> None:
        """Do what `prepare` does. Called once, when it is made."""
        ready = self.prepare()
        if inspect.isawaitable(ready):
            await ready

    async def cancel_response(self) -> None:
        """End what a turn has begun elsewhere, when it is stopped. May be sync."""

    async def shutdown(self) -> None:
        """Let go of everything. Called when the chat closes or the file changed. May be sync."""

    # -- inside ------------------------------------------------------------------

    @property
    def _conversation(self) -> Conversation:
        return self._container.conversation
