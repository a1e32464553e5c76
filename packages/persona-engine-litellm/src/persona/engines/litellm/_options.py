"""The options that a definition may give to this engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from persona.core import TurnError


class LiteLLMOptions(BaseModel):
    """Settings of the engine ``litellm``.

    What is not listed here goes to ``litellm.acompletion`` as it stands, for example
    ``reasoning_effort``, ``seed``, ``stop``, ``extra_headers`` or ``mock_response``.
    """

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    api_key: str | None = Field(
        default=None, description="Key for the model. ${NAME} takes it from the environment."
    )
    api_base: str | None = Field(
        default=None, description="Address of the server; the model's model_url wins."
    )
    timeout: float = Field(
        default=300, gt=0, description="Seconds that the model may be silent before the turn ends."
    )
    max_tool_rounds: int = Field(
        default=20, ge=0, description="How often a turn may call tools; 0 offers no tools."
    )
    tool_timeout: float = Field(
        default=300, gt=0, description="Seconds that one tool call may take."
    )
    vision: bool | None = Field(
        default=None, description="Whether the model sees images; unset asks LiteLLM's table."
    )
    stream: bool = Field(default=True, description="Whether the answer is streamed.")
    drop_params: bool = Field(
        default=False, description="true leaves out settings that the model does not take."
    )
    temperature: float | None = Field(
        default=None, ge=0, description="As in the model block, which wins."
    )
    top_p: float | None = Field(
        default=None, ge=0, le=1, description="As in the model block, which wins."
    )
    max_output_tokens: int | None = Field(
        default=None, gt=0, description="As in the model block, which wins."
    )

    @property
    def passed_on(self) -> dict[str, Any]:
        """The options that litellm gets as they stand."""
        return dict(self.model_extra or {})


def read_options(options: Mapping[str, Any]) -> LiteLLMOptions:
    """Return the options of a turn.

    Raises:
        TurnError: A value is wrong.
    """
    try:
        return LiteLLMOptions.model_validate(dict(options))
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise TurnError(
            f"The option {name} cannot be used: {first['msg']}.",
            fix="Correct it under options: in the persona file.",
            kind="options",
        ) from exc
