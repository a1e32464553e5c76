"""The engines that an author's class lets answer: one of each kind, bound to its persona."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from persona.core import PersonaEngine, TurnError

if TYPE_CHECKING:
    from persona.core import BasePersona

BLOCKS = ("model", "context", "options")


class InnerEngines:
    """Makes, keeps and ends engines.

    Args:
        host: The engine that they stand behind.
    """

    def __init__(self, host: PersonaEngine) -> None:
        self._host = host
        self._engines: dict[str, PersonaEngine] = {}
        self._started: set[str] = set()

    @property
    def all(self) -> tuple[PersonaEngine, ...]:
        """The engines that were made."""
        return tuple(self._engines.values())

    async def get(self, engine_id: str, *, start: bool = True) -> PersonaEngine:
        """Return the engine of that id, made at its first use.

        Args:
            engine_id: Its id.
            start: Whether it is started with the blocks of the persona; what is asked with a
                model of its own need not be.

        Raises:
            EngineError: It is not there.
            TurnError: Something is missing to run.
        """
        engine = self._engines.get(engine_id)
        if engine is None:
            persona = self._host.persona
            engine = PersonaEngine.from_id(
                engine_id, registry=self._host.registry, parent=persona.parent
            )
            tie(engine, persona)
            self._engines[engine_id] = engine
        # Before it starts: what it tells of its session then counts already.
        self._host.inner = engine
        if start and engine_id not in self._started:
            await engine.start()
            self._started.add(engine_id)
        return engine

    async def close(self) -> None:
        """End them all."""
        engines, self._engines = self.all, {}
        self._started.clear()
        for engine in engines:
            await engine.shutdown()


async def inner_of(persona: BasePersona, engine_id: str, *, start: bool = True) -> PersonaEngine:
    """Return an engine for the author's class of a persona to ask; see `InnerEngines.get`.

    Raises:
        TurnError: The class is asked after it was let go.
    """
    get: Callable[..., Any] | None = getattr(persona.engine, "inner_engine", None)
    if get is None:
        raise TurnError("This persona is at its end.", fix="Ask again.", kind="contract")
    engine: PersonaEngine = await get(engine_id, start=start)
    return engine


def tie(engine: PersonaEngine, persona: BasePersona) -> None:
    """Bind an engine to a persona and tell it the blocks as they stand."""
    engine.bind(persona)
    for block in BLOCKS:
        getattr(engine, f"apply_{block}")(getattr(persona, block))
