"""Which blocks an engine has not been told of since they were replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from persona.core._engine import PersonaEngine

if TYPE_CHECKING:
    from persona.core._persona import BasePersona

BlockName = Literal["model", "context", "options"]


class Untold:
    """The blocks of one persona that one engine is still to be told of; at first all.

    Args:
        persona: Whose blocks they are.
    """

    def __init__(self, persona: BasePersona) -> None:
        self._persona = persona
        self._blocks: set[BlockName] = {"model", "context", "options"}

    def add(self, block: BlockName) -> None:
        """Note that a block was replaced."""
        self._blocks.add(block)

    def tell(self, engine: PersonaEngine) -> None:
        """Tell the engine what changed. What it refuses is told again the next time."""
        if "model" in self._blocks:
            engine.apply_model(self._persona.model)
            self._blocks.discard("model")
        if "context" in self._blocks:
            engine.apply_context(self._persona.context)
            self._blocks.discard("context")
        if "options" in self._blocks:
            engine.apply_options(self._persona.options)
            self._blocks.discard("options")
