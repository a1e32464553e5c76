"""An engine that says what a test has written down for it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from persona.core import (
    EngineSupport,
    PermissionDecision,
    PersonaContext,
    PersonaEngine,
    PersonaModel,
    ReplyEvent,
    Requirement,
    Turn,
)
from persona.testing._ask import Ask, AskOptions
from persona.testing._gate import Gate

Step = str | ReplyEvent | Gate | Ask | BaseException
"""One step of a scripted turn: say it, wait at it, ask for permission, or raise it."""


class ScriptedOptions(BaseModel):
    """The options of `ScriptedEngine`."""

    model_config = ConfigDict(extra="forbid")

    reply: str | None = Field(
        default=None, description="What it says when no turn is scripted. None: an echo."
    )
    ask: AskOptions | None = Field(
        default=None, description="What it asks permission for before it says that."
    )


class ScriptedEngine(PersonaEngine):
    """A small real engine, id ``scripted``: no model, no network, no surprise.

    Each call of `script` adds one turn; turns beyond the script answer with the option
    ``reply`` or, without it, with an echo; with the option ``ask`` they ask for permission
    before.

    Example:
        ```python
        engine = ScriptedEngine()
        gate = Gate()
        engine.script("one ", gate, "two")
        task = asyncio.create_task(persona.process_message(message))
        await gate.reached()  # "one " is in the chat
        gate.release()
        ```

    Attributes:
        turns: What it was given, turn by turn.
        applied: The blocks that it was told of, as pairs of name and value.
        starts: How often `start` was called.
        shutdowns: How often `shutdown` was called.
        ended: How often a turn ended, whichever way.
        decisions: How its requests for permission were answered.
        start_error: Raised by `start` while it is set.
        missing: What `support` says is missing.
    """

    id = "scripted"
    options_model = ScriptedOptions

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.turns: list[Turn] = []
        self.applied: list[tuple[str, object]] = []
        self.starts = 0
        self.shutdowns = 0
        self.ended = 0
        self.decisions: list[PermissionDecision] = []
        self.start_error: Exception | None = None
        self.missing: tuple[Requirement, ...] = ()
        self._script: deque[tuple[Step, ...]] = deque()

    def script(self, *steps: Step) -> None:
        """Add one turn: what it says, where it waits, and what it raises."""
        self._script.append(steps)

    async def start(self) -> None:
        """Count, and fail while `start_error` is set."""
        self.starts += 1
        if self.start_error is not None:
            raise self.start_error

    async def shutdown(self) -> None:
        """Count."""
        self.shutdowns += 1

    async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
        """Go through the next scripted turn."""
        self.turns.append(turn)
        steps = list(self._script.popleft() if self._script else self._usual(turn))
        try:
            while steps:
                step = steps.pop(0)
                if isinstance(step, Gate):
                    await step.hold()
                elif isinstance(step, Ask):
                    request = step.request()
                    yield request
                    decision = await request.decision()
                    self.decisions.append(decision)
                    steps[:0] = step.allowed if decision.allowed else step.refused
                elif isinstance(step, BaseException):
                    raise step
                else:
                    yield step
        finally:
            self.ended += 1

    def _usual(self, turn: Turn) -> tuple[Step, ...]:
        options = ScriptedOptions.model_validate(dict(turn.options))
        said = options.reply or f"You said: {turn.text}"
        if options.ask is None or options.ask.on not in turn.text:
            return (said,)
        return (options.ask.step(said),)

    def apply_model(self, model: PersonaModel | None) -> None:
        """Record."""
        self.applied.append(("model", model))

    def apply_context(self, context: PersonaContext) -> None:
        """Record."""
        self.applied.append(("context", context))

    def apply_options(self, options: Mapping[str, Any]) -> None:
        """Record."""
        self.applied.append(("options", dict(options)))

    def support(self) -> EngineSupport:
        """Only the options have an effect."""
        return EngineSupport(options="enforced", missing=self.missing)
