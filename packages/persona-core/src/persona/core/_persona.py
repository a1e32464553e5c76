"""A persona at work in one chat: five blocks, a queue of turns, and its engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import LoggingConfigurable

from persona.core._activity import Activity, ActivityLog
from persona.core._code import CodeReference
from persona.core._conversation import Conversation
from persona.core._definition import PersonaDefinition
from persona.core._engine import PersonaEngine
from persona.core._models import PersonaContext, PersonaIdentity, PersonaModel
from persona.core._participant import Participant
from persona.core._permissions import PermissionRequest
from persona.core._queue import TurnQueue
from persona.core._session import SessionInfo, StateEvent
from persona.core._slot import EngineSlot
from persona.core._slugs import persona_id, slug_of
from persona.core._turn import Turn, turn_of

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message, User

    from persona.core._registry import EngineRegistry


class BasePersona(LoggingConfigurable):
    """A named participant of a chat that answers through its engine.

    Holds the five blocks; each can be replaced at any time with an ``update_*`` method,
    keeping the identity and the chat's history. During a turn the turn ends on what it
    began with, and the next one uses the new. Turns of one persona run one after the
    other, those of several personas side by side.

    Args:
        ychat: The chat, any ``BaseChatModel`` of jupyterlab-chat (WebSocket or RTC).
        engine: What answers.
        model: The language model, or None to leave it to the engine.
        context: Prompt, MCP servers, skills.
        identity: Name, avatar, description.
        options: Settings for the engine.
        slug: Short name that the id is made from; by default made from the name.
        former: Short names that it had before.
        folders: Where relative avatar paths are looked up.
        root_dir: The server's root folder; attachments are read from there.
        code: The class behind it, for the engine ``python``.

    Attributes:
        when_refused: Called with the id of an engine that could not take over, after the chat
            was told, so that whoever asked for it can take that back; must not block.
        guard: Awaited before its engine starts and before each turn; what it raises is told in
            the chat instead of an answer. By default nothing stands in the way.
        when_active: Called at each change of what it does, with what it does now; never for a
            piece of text. Must neither raise nor block.
    """

    def __init__(
        self,
        *,
        ychat: BaseChatModel,
        engine: PersonaEngine,
        model: PersonaModel | None = None,
        context: PersonaContext | None = None,
        identity: PersonaIdentity | None = None,
        options: Mapping[str, Any] | None = None,
        slug: str | None = None,
        former: Sequence[str] = (),
        folders: Sequence[Path] = (),
        root_dir: Path | str = ".",
        code: CodeReference | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ychat = ychat
        identity = identity or PersonaIdentity(name=slug or engine.id)
        slug = slug or slug_of(identity.name)
        self._participant = Participant(self, identity, slug, former, folders)
        self._model = model
        self._context = context or PersonaContext()
        self._options = dict(options or {})
        self._root_dir = Path(root_dir)
        self._code = code
        self.when_refused: Callable[[str], None] | None = None
        self.when_active: Callable[[Activity], None] | None = None
        self.guard: Callable[[], Awaitable[None]] | None = None
        self._activity = ActivityLog(self._tell_activity)
        self._slot = EngineSlot(self, engine)
        self._turns = TurnQueue(self, self._slot, self._activity)

    @classmethod
    def from_definition(
        cls,
        definition: PersonaDefinition,
        *,
        ychat: BaseChatModel,
        registry: EngineRegistry | None = None,
        root_dir: Path | str = ".",
        former: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> BasePersona:
        """Return a persona for ``definition``; only its engine class is imported.

        Args:
            definition: What it is.
            ychat: The chat.
            registry: Engines; by default those that are installed.
            root_dir: The server's root folder.
            former: Which of the definition's former names count; by default all.
            **kwargs: More for persona and engine, for example ``parent``.

        Raises:
            EngineNotFound: The engine is not installed.
            EngineBroken: The engine's package cannot be imported.
        """
        return cls(
            ychat=ychat,
            engine=PersonaEngine.from_id(definition.engine, registry=registry, **kwargs),
            model=definition.model,
            context=definition.resolved_context(),
            identity=definition.identity,
            options=definition.options,
            slug=definition.name,
            former=definition.formerly if former is None else former,
            folders=definition.avatar_folders,
            root_dir=root_dir,
            code=definition.code,
            **kwargs,
        )

    # -- what it is ----------------------------------------------------------

    @property
    def id(self) -> str:
        """``persona::<slug>``: unique in a chat, the same through edits and swaps."""
        return persona_id(self._participant.slug)

    @property
    def slug(self) -> str:
        """The short name."""
        return self._participant.slug

    @property
    def ids(self) -> tuple[str, ...]:
        """The id, and those that it had before: messages from all of them are its own."""
        return (self.id, *self._participant.former_ids)

    @property
    def name(self) -> str:
        """The name shown."""
        return self._participant.identity.name

    @property
    def chat(self) -> BaseChatModel:
        """The chat; the same object as ``ychat``."""
        return self.ychat

    @property
    def engine(self) -> PersonaEngine:
        """The engine that answers the next turn."""
        return self._slot.upcoming

    @property
    def model(self) -> PersonaModel | None:
        """The model block."""
        return self._model

    @property
    def context(self) -> PersonaContext:
        """The context block."""
        return self._context

    @property
    def identity(self) -> PersonaIdentity:
        """The identity block."""
        return self._participant.identity

    @property
    def options(self) -> Mapping[str, Any]:
        """The options."""
        return self._options

    @property
    def root_dir(self) -> Path:
        """The server's root folder."""
        return self._root_dir

    @property
    def code(self) -> CodeReference | None:
        """The class behind it, for one that is written in Python."""
        return self._code

    @property
    def busy(self) -> bool:
        """Whether a turn runs or waits."""
        return self._turns.busy

    @property
    def replying(self) -> bool:
        """Whether an engine answers now; what is changed counts after that."""
        return self._turns.replying

    @property
    def activity(self) -> Activity:
        """What it does now, or how its last turn ended."""
        return self._activity.now

    @property
    def session_info(self) -> SessionInfo:
        """What is known of the agent's session: commands, mode, settings."""
        return self._slot.session.info

    @property
    def permissions(self) -> tuple[PermissionRequest, ...]:
        """The requests for permission that wait for an answer, oldest first."""
        return self._slot.session.open

    @property
    def conversation(self) -> Conversation:
        """The chat as this persona writes it."""
        return self._participant.conversation(self._slot.session, self._activity)

    def as_user(self) -> User:
        """Return the chat user of this persona, with its avatar as a ``data:`` URI.

        A large image is scaled down here if `draw` has not done it.
        """
        return self._participant.user()

    async def draw(self) -> None:
        """Make what `as_user` shows, a large image off the event loop. Called before each turn."""
        await self._participant.draw()

    def mention_names(self) -> tuple[str, ...]:
        """Return what people may write after an ``@`` to address this persona."""
        return self._participant.mention_names

    # -- turns -----------------------------------------------------------------

    async def prepare(self) -> None:
        """Start the engine ahead of the first turn, for example when it is picked in a menu.

        One that waits to take over is started now, unless a turn runs.

        Raises:
            TurnError: Something is missing to run.
        """
        await self._slot.start()

    async def process_message(self, message: Message) -> None:
        """Answer ``message`` in the chat, after the turns that are already waiting.

        Called by the chat's router, once for each message that is addressed to this
        persona. What goes wrong is told in the chat; only the caller's own
        cancellation is raised.
        """
        await self._turns.answer(message)

    def learn(self, engine: PersonaEngine, event: StateEvent) -> None:
        """Take note of how an engine's session stands, for `session_info`.

        Called by engines outside of a turn, for example when their `start` has opened the
        session; in a turn they yield such events.
        """
        self._slot.learn(engine, event)

    def new_turn(self, message: Message) -> Turn:
        """Return what the engine needs to answer ``message``: history and blocks as of now."""
        return turn_of(self, message)

    def decide(self, request_id: str, option_id: str, by: str = "", name: str = "") -> bool:
        """Answer a request for permission; the first answer counts.

        Called by the chat's buttons, by commands and over REST, on behalf of a person.

        Args:
            request_id: Id of the request, or of the message that shows it.
            option_id: Id of one of its options.
            by: Username of who decides.
            name: The name shown of who decides; by default the one that the chat knows.

        Returns:
            Whether this answer counts; False if nothing of that id waits (any more).

        Raises:
            ValueError: The request has no such option.
        """
        request = self._slot.session.find(request_id)
        return request is not None and request.decide(option_id, by, name)

    async def restart(self) -> bool:
        """Stop the running turn and let the engine start anew before the next one.

        What it has begun, for example an agent's process and session, is let go.
        Identity, history and the messages that wait are kept.

        Returns:
            Whether a turn was stopped.
        """
        return await self._turns.restart()

    async def stop(self) -> int:
        """Stop the running turn and drop the waiting ones; the text so far stays.

        Returns:
            How many turns were stopped or dropped.
        """
        return await self._turns.stop()

    async def shutdown(self) -> None:
        """Stop what runs and release the engine. Called when the chat closes."""
        if self._turns.closed:
            return
        self._participant.left = True
        await self._turns.close()
        try:
            await self._slot.close()
        finally:
            self._activity.close()

    async def finish(self) -> None:
        """Shut down after the turns that run and wait. Called when its file was deleted."""
        await self._turns.ended()
        await self.shutdown()

    # -- replacing the blocks ----------------------------------------------------

    def update_engine(self, engine: PersonaEngine) -> None:
        """Let ``engine`` answer from the next turn on; the old one is shut down when idle.

        The new one is started first. If it cannot start, the chat is told why and the old
        one goes on. Blocks are not taken back then.

        Raises:
            EngineContractError: The engine serves another persona.
        """
        self._slot.replace(engine)
        self._turns.swap_when_idle()

    def update_code(self, code: CodeReference | None) -> None:
        """Note which class is behind it from now on. An engine that runs the old goes on so."""
        self._code = code

    def update_model(self, model: PersonaModel | None) -> None:
        """Use ``model`` from the next turn on."""
        self._model = model
        self._slot.changed("model")

    def update_context(self, context: PersonaContext) -> None:
        """Use ``context`` from the next turn on."""
        self._context = context
        self._slot.changed("context")

    def update_options(self, options: Mapping[str, Any]) -> None:
        """Use ``options`` from the next turn on."""
        self._options = dict(options)
        self._slot.changed("options")

    def update_identity(
        self, identity: PersonaIdentity, folders: Sequence[Path] | None = None
    ) -> None:
        """Show another name or avatar at once; the id stays.

        Args:
            identity: Name, avatar, description.
            folders: Where relative avatar paths are looked up, if that changes too.
        """
        self._participant.change(identity, folders)

    def rename(self, slug: str, former: Sequence[str]) -> None:
        """Go on under another short name; what runs and waits is kept.

        Called when its definition was renamed. Its blocks stay; the shown name is part of
        the identity.

        Args:
            slug: The short name from now on.
            former: The short names that it had before.
        """
        self._participant.rename(slug, former)

    def _tell_activity(self, activity: Activity) -> None:
        if self.when_active is not None:
            self.when_active(activity)
