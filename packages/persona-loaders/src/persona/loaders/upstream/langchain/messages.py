"""The classes of messages, under their newer name."""

from persona.loaders.upstream.langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

__all__ = ["AIMessage", "BaseMessage", "HumanMessage", "SystemMessage", "ToolMessage"]
