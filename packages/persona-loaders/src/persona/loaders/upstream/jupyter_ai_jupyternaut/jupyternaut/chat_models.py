"""`ChatLiteLLM` as far as personas use it: asked with messages, it streams an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from persona.loaders.python._chunks import text_of

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A piece of an answer, or a whole one.

    Attributes:
        content: Its text.
    """

    content: str

    def text(self) -> str:
        """Return the text."""
        return self.content


class ChatLiteLLM:
    """Asks a model through LiteLLM.

    Args:
        model: The model, as ``provider/model``.
        streaming: Taken and not needed: `astream` streams, `ainvoke` does not.
        **arguments: More for LiteLLM.
    """

    def __init__(self, *, model: str = "", streaming: bool = False, **arguments: Any) -> None:
        self.model = model or str(arguments.pop("model_name", ""))
        self._arguments = arguments

    async def astream(self, messages: Any, config: Any = None, **more: Any) -> AsyncIterator[Any]:
        """Yield the answer piece by piece, each with its text in ``content``."""
        litellm = await asyncio.to_thread(_litellm)
        stream = await litellm.acompletion(
            model=self.model, messages=_plain(messages), stream=True, **self._arguments, **more
        )
        async for chunk in stream:
            text = text_of(chunk)
            if text:
                yield Answer(str(text))

    async def ainvoke(self, messages: Any, config: Any = None, **more: Any) -> Answer:
        """Return the whole answer."""
        litellm = await asyncio.to_thread(_litellm)
        found = await litellm.acompletion(
            model=self.model, messages=_plain(messages), **self._arguments, **more
        )
        return Answer(str(text_of(found)))

    def invoke(self, messages: Any, config: Any = None, **more: Any) -> Answer:
        """Return the whole answer. Holds up the server: call it in a thread."""
        found = _litellm().completion(
            model=self.model, messages=_plain(messages), **self._arguments, **more
        )
        return Answer(str(text_of(found)))

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> ChatLiteLLM:
        """Say that tools belong to `ask_model`."""
        raise NotImplementedError(
            "ChatLiteLLM.bind_tools is not supported: use `await self.ask_model(message, "
            "tools=[…])`. See docs/coming-from-jupyter-ai.md."
        )


def _litellm() -> Any:
    import importlib

    return importlib.import_module("litellm")


def _plain(messages: Any) -> list[dict[str, Any]]:
    """Return messages of LangChain, pairs or texts as LiteLLM takes them."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    found = []
    for message in messages:
        if isinstance(message, dict):
            found.append(message)
        elif isinstance(message, tuple):
            role, content = message
            found.append({"role": _ROLES.get(role, role), "content": content})
        elif isinstance(message, str):
            found.append({"role": "user", "content": message})
        else:
            role = _ROLES.get(str(getattr(message, "type", "human")), "user")
            found.append({"role": role, "content": message.content})
    return found
