"""Asks the configured model for an author's class, with other blocks where it gives some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from persona.core import PersonaEngine, PersonaModel, ReplyWriter, Turn, TurnError
from persona.loaders.python._callables import function_of


@dataclass(frozen=True, slots=True)
class Question:
    """What stands in place of what a turn says; what is empty does not.

    Attributes:
        text: What was written.
        system_prompt: The prompt.
        model: The model.
        options: Options, besides those of the turn.
        tools: Functions that the model may call.
    """

    text: str | None = None
    system_prompt: str | None = None
    model: PersonaModel | str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Any] = ()

    def put(self, turn: Turn) -> Turn:
        """Return a turn in which this is asked."""
        if self.text is not None:
            turn = replace(turn, message=replace(turn.message, text=self.text))
        if self.system_prompt is not None:
            context = turn.context.model_copy(update={"system_prompt": self.system_prompt})
            turn = replace(turn, context=context)
        if self.model is not None:
            model = self.model
            used = PersonaModel(model_id=model) if isinstance(model, str) else model
            turn = replace(turn, model=used)
        if self.options:
            turn = replace(turn, options={**turn.options, **self.options})
        if self.tools:
            turn = replace(turn, functions=tuple(map(function_of, self.tools)))
        return turn


def require_model(turn: Turn, engine_id: str, name: str) -> None:
    """Refuse to ask nobody.

    Args:
        turn: What is asked.
        engine_id: Id of the engine that is asked; an agent brings its model.
        name: The persona's name.

    Raises:
        TurnError: There is no model.
    """
    if turn.model is None and engine_id == "litellm":
        raise TurnError(
            f"{name} has no model to ask.",
            fix="Send `/model provider/model`, for example `/model ollama/llama3.1`, or "
            'write `model = "provider/model"` into its class.',
            kind="no-model",
        )


async def run(engine: PersonaEngine, turn: Turn) -> None:
    """Let an engine answer a turn in the chat of its persona."""
    writer = ReplyWriter(engine.persona.conversation, turn, engine=engine.id)
    await writer.write(engine.reply(turn))
