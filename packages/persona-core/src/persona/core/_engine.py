"""The engine contract: what answers behind a persona."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel
from traitlets.config import LoggingConfigurable

from persona.core._errors import EngineContractError
from persona.core._support import EngineSupport

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.core._events import ReplyEvent
    from persona.core._models import PersonaContext, PersonaModel
    from persona.core._persona import BasePersona
    from persona.core._registry import EngineRegistry
    from persona.core._turn import Turn


class PersonaEngine(LoggingConfigurable):
    """What answers behind a persona. One instance serves one persona in one chat.

    A new engine is one class with one generator::

        class Echo(PersonaEngine):
            id = "echo"

            async def reply(self, turn):
                yield f"You said: {turn.text}"

    and one entry point in the group ``persona.engines``. An engine that wants full
    control of the chat overrides `process_message` instead of `reply`.

    Nothing may happen at import or in ``__init__``: no process, no look-up, no
    network. What is missing to run is `support`'s answer, and a `TurnError` on use.
    All state belongs to the instance.
    """

    id: ClassVar[str]
    """The id that definitions name, for example ``litellm``."""

    type: ClassVar[Literal["server", "lab"]] = "server"
    """Where the engine runs: in the server, or in the browser (JupyterLite)."""

    options_model: ClassVar[builtins.type[BaseModel] | None] = None
    """Model of the options, for validation, forms and docs. None: anything goes."""

    runs_code: ClassVar[bool] = False
    """Whether it runs the class that the persona's `code` names, so that a new one counts."""

    # Here, so that it is there too if a subclass forgets super().__init__().
    _persona: BasePersona | None = None

    registry: EngineRegistry | None = None
    """The registry that made the engine, for what engines share; None if made by hand."""

    inner: PersonaEngine | None = None
    """An engine that this one lets answer; what that tells of its session counts too."""

    def __init__(self, **kwargs: Any) -> None:
        cls = builtins.type(self)
        if (
            cls.reply is PersonaEngine.reply
            and cls.process_message is PersonaEngine.process_message
        ):
            raise EngineContractError(
                f"Engine class {cls.__name__} defines neither reply() nor process_message().",
                engine_id=getattr(cls, "id", cls.__name__),
                fix="Define one of them.",
            )
        if not isinstance(getattr(cls, "id", None), str):
            raise EngineContractError(
                f"Engine class {cls.__name__} has no id.",
                engine_id=cls.__name__,
                fix='Write id = "..." in the class, the same as its entry point\'s name.',
            )
        super().__init__(**kwargs)

    @classmethod
    def from_id(
        cls, engine_id: str, *, registry: EngineRegistry | None = None, **config: Any
    ) -> PersonaEngine:
        """Return a new engine of the class that is registered under ``engine_id``.

        Args:
            engine_id: Key of an entry point in the group ``persona.engines``.
            registry: Where to look; by default the packages installed in this environment.
            config: Passed to the engine's constructor (traitlets ``parent``, ``config`` …).

        Raises:
            EngineNotFound: No package offers that id.
            EngineBroken: The package that offers it cannot be imported.
        """
        from persona.core._registry import EngineRegistry

        engine = (registry or EngineRegistry()).create(engine_id, **config)
        if registry is None:
            engine.registry = None  # nobody would ever close what it shares
        return engine

    @property
    def persona(self) -> BasePersona:
        """The persona that this engine answers for. Set before any other call."""
        if self._persona is None:
            raise EngineContractError(
                "The engine is not bound to a persona yet.",
                engine_id=self.id,
                fix="Give it to BasePersona(engine=…) or to update_engine() first.",
            )
        return self._persona

    @property
    def bound(self) -> bool:
        """Whether `persona` is set; `support` may be asked before it is."""
        return self._persona is not None

    def bind(self, persona: BasePersona) -> None:
        """Tie the engine to its persona. Called once, by the persona.

        Raises:
            EngineContractError: It is tied to another persona already.
        """
        if self._persona is not None and self._persona is not persona:
            raise EngineContractError(
                "One engine instance cannot serve two personas.",
                engine_id=self.id,
                fix="Create one with PersonaEngine.from_id() for each.",
            )
        self._persona = persona

    # -- life -------------------------------------------------------------

    async def start(self) -> None:
        """Get ready for the first turn: heavy imports (off the loop), processes, sessions.

        Called once, before the first turn or when a user picks the persona in a menu.
        May take seconds; must not block the event loop.

        Raises:
            TurnError: Something is missing; called again before the next turn.
        """

    async def shutdown(self) -> None:
        """Release everything. Called once, when idle; must work without `start`."""

    async def restart(self) -> None:
        """Let go of processes, sessions and connections, so that `start` begins anew.

        Called between turns when a user asks for it; `start` and the ``apply_*`` methods
        are called again before the next turn. Must work without `start`. This one calls
        `shutdown`; override it if the engine cannot be started again after that.
        """
        await self.shutdown()

    # -- a turn -----------------------------------------------------------

    def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
        """Answer one message: yield text (``str``) and events as they happen.

        Called once a turn, never twice at once for one instance. To stop a turn the
        generator is cancelled at its ``await``; clean up in ``finally``.

        Args:
            turn: The message, what was said before, and the blocks as they stood when
                the turn began. Read the blocks from here, not from `persona`: they may
                be replaced while the turn runs.

        Raises:
            TurnError: What happened and what to do; text so far is kept.
        """
        raise EngineContractError(
            "reply() is not used by this engine.",
            engine_id=self.id,
            fix="It writes to the chat in process_message().",
        )

    async def process_message(self, message: Message) -> None:
        """Answer ``message`` in the chat. Override for full control of the chat.

        This one runs `reply` through a `ReplyWriter`.
        """
        from persona.core._writer import ReplyWriter

        turn = self.persona.new_turn(message)
        stream: Any = self.reply(turn)
        if inspect.iscoroutine(stream):
            stream.close()
            raise EngineContractError(
                "reply() is a coroutine, not a generator.",
                engine_id=self.id,
                fix="Write `async def reply(self, turn)` with `yield` in it.",
            )
        async with AsyncExitStack() as stack:
            if isinstance(stream, AsyncGenerator):
                await stack.enter_async_context(aclosing(stream))
            # The line below a reply names no model that had no part in it.
            named = turn.model is not None and self.support().model != "ignored"
            writer = ReplyWriter(self.persona.conversation, turn, engine=self.id, names_model=named)
            await writer.write(stream)

    # -- the blocks ---------------------------------------------------------

    def apply_model(self, model: PersonaModel | None) -> None:
        """Take note of a new model. Called between turns; the next turn carries it too."""

    def apply_context(self, context: PersonaContext) -> None:
        """Take note of a new context. Called between turns; the next turn carries it too."""

    def apply_options(self, options: Mapping[str, Any]) -> None:
        """Take note of new options. Called between turns; the next turn carries them too."""

    def support(self) -> EngineSupport:
        """Say which blocks this engine honours and what is missing to run.

        Called by listings and before a persona is shown, also while the engine is not
        `bound` to a persona. Must be quick and have no effect: no process, no network,
        no heavy import.
        """
        return EngineSupport()
