"""Messages as `ChatLiteLLM` takes them. LangChain came with Jupyter AI; without it these do."""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = ["AIMessage", "BaseMessage", "HumanMessage", "SystemMessage", "ToolMessage"]


class BaseMessage:
    """One message.

    Args:
        content: Its text, or its parts.
        **more: What LangChain takes besides; kept as attributes.
    """

    type: ClassVar[str] = "human"

    def __init__(self, content: str | list[Any] = "", **more: Any) -> None:
        self.content = content
        self.additional_kwargs: dict[str, Any] = {}
        for name, value in more.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(content={self.content!r})"


class HumanMessage(BaseMessage):
    """What a person says."""


class SystemMessage(BaseMessage):
    """What the model is told to be."""

    type: ClassVar[str] = "system"


class AIMessage(BaseMessage):
    """What the model said."""

    type: ClassVar[str] = "ai"


class ToolMessage(BaseMessage):
    """What a tool gave."""

    type: ClassVar[str] = "tool"
