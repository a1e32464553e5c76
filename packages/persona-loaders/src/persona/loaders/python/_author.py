"""The class that authors of Python personas build on."""

from __future__ import annotations

import asyncio
import inspect
import threading
from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from traitlets import MetaHasTraits
from traitlets.config import LoggingConfigurable

from persona.core import (
    Conversation,
    PersonaDefaults,
    PersonaEngine,
    PersonaModel,
    PersonaRequirementsUnmet,
    ReplyWriter,
    Turn,
    TurnError,
    Utterance,
)
from persona.loaders.python._callables import function_of
from persona.loaders.python._chunks import as_events
from persona.loaders.python._surroundings import Surroundings

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message, User

    from persona.core import BasePersona as Container

__all__ = ["BasePersona", "PersonaDefaults", "PersonaRequirementsUnmet"]

_Result = TypeVar("_Result")

_turn: ContextVar[Turn | None] = ContextVar("persona_turn", default=None)
"""The turn that runs; tasks that a persona starts in it have it too."""


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
        turn = _turn.get()
        self._in_loop(lambda: self._conversation.add(str(body), _note(turn)))

    async def stream_message(self, reply_stream: Any) -> None:
        """Write one message while it comes in.

        Args:
            reply_stream: An async iterator of texts or of LiteLLM's chunks. Events such as
                `ToolCall` are shown too.

        Raises:
            TurnError: There is something in it that is no text.
        """
        writer = ReplyWriter(self._conversation, _turn.get() or self._no_turn(), names_model=False)
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
        turn = _turn.get()
        if message is not None and not isinstance(message, str):
            turn = self._container.new_turn(message)
        if turn is None:
            raise TurnError(
                "ask_model() needs the message to answer outside of a turn.", kind="contract"
            )
        if isinstance(message, str):
            turn = replace(turn, message=replace(turn.message, text=message))
        context = turn.context
        prompt = system_prompt if system_prompt is not None else self._own_prompt(context)
        if prompt is not None:
            turn = replace(turn, context=context.model_copy(update={"system_prompt": prompt}))
        if model is not None:
            used = PersonaModel(model_id=model) if isinstance(model, str) else model
            turn = replace(turn, model=used)
        if options:
            turn = replace(turn, options={**turn.options, **options})
        if tools:
            turn = replace(turn, functions=tuple(map(function_of, tools)))
        if turn.model is None and (engine or self.engine) == "litellm":
            raise TurnError(
                f"{self.name} has no model to ask.",
                fix="Send `/model provider/model`, for example `/model ollama/llama3.1`, or "
                'write `model = "provider/model"` into its class.',
                kind="no-model",
            )
        inner = await self._inner(engine or self.engine, start=model is None)
        await run(inner, turn)

    def _own_prompt(self, context: Any) -> str | None:
        """Return the prompt of `defaults` where the persona has no other."""
        if context.system_prompt is not None:
            return None
        return defaults_of(self).system_prompt or None

    async def _inner(self, engine_id: str, *, start: bool = True) -> PersonaEngine:
        host = self._container.engine
        get: Callable[..., Any] | None = getattr(host, "inner_engine", None)
        if get is None:
            raise TurnError("This persona is at its end.", fix="Ask again.", kind="contract")
        engine: PersonaEngine = await get(engine_id, start=start)
        return engine

    def set_status(self, status: str = "is typing…") -> None:
        """Show what it does, for example ``is looking it up…``; from any thread."""
        self._in_loop(lambda: self._conversation.show_status(status))

    def clear_status(self) -> None:
        """Show no status any more."""
        self._in_loop(lambda: self._conversation.show_status(None))

    # -- reading -----------------------------------------------------------------

    def text_of(self, message: Message) -> str:
        """Return what was written, without the mention of this persona at its beginning."""
        return self._container.new_turn(message).text

    @property
    def history(self) -> Sequence[Utterance]:
        """What was said before the message of this turn, oldest first; empty outside of one."""
        turn = _turn.get()
        return turn.history if turn is not None else ()

    def process_attachments(self, message: Message) -> str | None:
        """Return the files that came with a message as one text, or None if there are none.

        Reads files, so a large one belongs into ``asyncio.to_thread``.
        """
        parts = []
        for attachment in self._container.new_turn(message).message.attachments:
            try:
                parts.append(f"File: {attachment.name}\n```\n{attachment.read_text()}\n```")
            except ValueError as exc:
                parts.append(f"Attachment: {attachment.name} (could not read file: {exc})")
        return "\n\n".join(parts) or None

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

    def _no_turn(self) -> Turn:
        """Return what stands for a turn where something is written outside of one."""
        held = self._container
        nothing = Utterance("", "human", "", "", "", 0.0)
        return Turn(nothing, (), held.model, held.context, held.identity, dict(held.options))

    def _in_loop(self, work: Callable[[], _Result]) -> _Result:
        """Do something with the chat in the event loop's thread, and wait for it elsewhere."""
        if threading.get_ident() == self._around.thread:
            return work()

        async def there() -> _Result:
            return work()

        return asyncio.run_coroutine_threadsafe(there(), self.event_loop).result(30)


async def run(engine: PersonaEngine, turn: Turn) -> None:
    """Let an engine answer a turn in the chat of its persona."""
    writer = ReplyWriter(engine.persona.conversation, turn, engine=engine.id)
    await writer.write(engine.reply(turn))


def _note(turn: Turn | None) -> dict[str, Any]:
    note: dict[str, Any] = {"kind": "reply", "state": "complete"}
    return note if turn is None else {**note, "answers": turn.message.id, "hops": turn.hops}


def defaults_of(author: BasePersona | Any) -> PersonaDefaults:
    """Return what a persona says of itself, also as plain values.

    Raises:
        TurnError: It says nothing that can be used.
    """
    said = author.defaults
    if callable(said) and not isinstance(said, PersonaDefaults):
        said = said()
    if isinstance(said, PersonaDefaults):
        return said
    if isinstance(said, Mapping):
        return PersonaDefaults.model_validate(dict(said))
    values = {key: getattr(said, key, None) for key in PersonaDefaults.model_fields}
    known = {key: str(v) if isinstance(v, Path) else v for key, v in values.items() if v}
    if "name" in known:
        return PersonaDefaults.model_validate(known)
    raise TurnError(
        f"{type(author).__name__}.defaults is a {type(said).__name__}.",
        fix='Let it be PersonaDefaults(name="…").',
        kind="contract",
    )
