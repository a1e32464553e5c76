"""LiteLLM as this engine uses it: imported off the loop, quiet, one streamed call."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from persona.core import TurnError
from persona.engines.litellm._errors import explain
from persona.engines.litellm._gateway import replace_unusable_gateway
from persona.engines.litellm._settings import Settings

_WHILE_IMPORTING = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # no price table from the internet
    "LITELLM_MODE": "PRODUCTION",  # no `.env` file of some folder into our environment
}
_NO_TOOL = {
    "type": "function",
    "function": {"name": "nothing", "parameters": {"type": "object", "properties": {}}},
}
_LOGGERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router")


@dataclass(frozen=True, slots=True)
class CallPart:
    """A piece of a tool call in a stream."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Delta:
    """One chunk of an answer, or a whole one if it is not streamed.

    Attributes:
        text: Text of the answer.
        thought: Text of the reasoning.
        calls: Pieces of tool calls.
        thinking: Signed blocks that some providers want back with tool results.
        finish: Why the answer ended, on its last chunk.
        usage: litellm's usage object, on the last chunk.
        model: The model as the provider names it.
    """

    text: str = ""
    thought: str = ""
    calls: tuple[CallPart, ...] = ()
    thinking: tuple[Mapping[str, Any], ...] = ()
    finish: str | None = None
    usage: Any = None
    model: str = ""


class Client:
    """What one engine needs of litellm. `load` first."""

    def __init__(self) -> None:
        self._library: Any = None
        self._tools_loaded = False
        self._loading = asyncio.Lock()

    async def load(self, *, tools: bool = False) -> None:
        """Import litellm in a thread; seconds the first time in a process, else nothing.

        Args:
            tools: Import what a call with tools needs, too.
        """
        async with self._loading:
            if self._library is None:
                self._library = await asyncio.to_thread(_import)
            if tools and not self._tools_loaded:
                await asyncio.to_thread(_warm_up, self._library, [_NO_TOOL])
                self._tools_loaded = True

    async def sees_images(self, settings: Settings) -> bool:
        """Whether litellm knows that the model takes images. It may ask a local server."""
        return bool(await asyncio.to_thread(self._library.supports_vision, settings.model))

    def takes_tool_choice(self, settings: Settings) -> bool:
        """Whether the model can be told not to use its tools."""
        known = self._library.get_supported_openai_params(settings.model)
        return known is not None and "tool_choice" in known

    def missing_key(self, settings: Settings) -> str | None:
        """Return the variable that the provider's key is missing from, or None.

        Only for what is named ``…_API_KEY``: other credentials have more than one home.
        """
        if settings.own_server or settings.arguments.keys() & {"api_key", "mock_response"}:
            return None
        found = self._library.validate_environment(settings.model)["missing_keys"]
        only_keys = all(name.endswith("_API_KEY") for name in found)
        return str(found[0]) if found and only_keys else None

    def cost(self, settings: Settings, usage: Any) -> float | None:
        """Return the price in US dollars, or None if it is not known."""
        if settings.own_server or not self._is_priced(settings):
            return None
        costs = self._library.cost_per_token(
            model=settings.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            usage_object=usage,
        )
        return float(sum(costs))

    def context_size(self, settings: Settings) -> int | None:
        """Return how many tokens the model takes in, or None if that is not known."""
        entry = None if settings.own_server else self._entry(settings)
        size = entry.get("max_input_tokens") if entry is not None else None
        return size if isinstance(size, int) and size > 0 else None

    def _is_priced(self, settings: Settings) -> bool:
        # Asked for a model that it does not list, litellm raises a bare exception.
        return self._entry(settings) is not None

    def _entry(self, settings: Settings) -> Mapping[str, Any] | None:
        table: Mapping[str, Mapping[str, Any]] = self._library.model_cost
        if settings.model in table:
            return table[settings.model]
        entry = table.get(settings.model.partition("/")[2])
        same = entry is not None and entry.get("litellm_provider") == settings.provider
        return entry if same else None

    async def complete(
        self,
        settings: Settings,
        messages: Sequence[Mapping[str, Any]],
        extra: Mapping[str, Any],
    ) -> AsyncGenerator[Delta, None]:
        """Call the model and yield its answer. Closed early, it closes the connection.

        Args:
            settings: How to call it.
            messages: What to send.
            extra: More arguments: the tools.

        Raises:
            TurnError: The call failed, or the answer broke off.
        """
        arguments = {**settings.arguments, **extra}
        if arguments.get("stream"):
            arguments["stream_options"] = {"include_usage": True}
        text_came = False
        response: Any = None
        try:
            response = await self._library.acompletion(
                model=settings.model, messages=list(messages), **arguments
            )
            if not arguments.get("stream"):
                yield _whole(response)
                return
            async for chunk in response:
                delta = _delta(chunk)
                text_came = text_came or bool(delta.text)
                yield delta
        except TurnError:
            raise
        except Exception as exc:  # boundary: a turn; litellm raises what its providers raise
            raise explain(exc, settings, text_came=text_came) from exc
        finally:
            close = getattr(response, "aclose", None)
            if close is not None:
                await close()


def _delta(chunk: Any) -> Delta:
    usage = getattr(chunk, "usage", None)
    model = chunk.model or ""
    if not chunk.choices:
        return Delta(usage=usage, model=model)
    choice = chunk.choices[0]
    return _from(choice.delta, choice.finish_reason, usage, model)


def _whole(response: Any) -> Delta:
    choice = response.choices[0]
    return _from(
        choice.message, choice.finish_reason, getattr(response, "usage", None), response.model or ""
    )


def _from(said: Any, finish: str | None, usage: Any, model: str) -> Delta:
    return Delta(
        text=said.content or "",
        thought=getattr(said, "reasoning_content", None) or "",
        calls=tuple(
            CallPart(
                index=number if (index := getattr(call, "index", None)) is None else index,
                id=call.id or "",
                name=call.function.name or "",
                arguments=call.function.arguments or "",
            )
            for number, call in enumerate(said.tool_calls or ())
        ),
        thinking=tuple(getattr(said, "thinking_blocks", None) or ()),
        finish=finish,
        usage=usage,
        model=model,
    )


def _import() -> Any:
    """Import litellm and pay for its first call. Blocking; seconds."""
    if "litellm" in sys.modules:
        library = importlib.import_module("litellm")
    else:
        with _environment(_WHILE_IMPORTING):
            library = importlib.import_module("litellm")
    library.suppress_debug_info = True  # type: ignore[attr-defined]
    library.telemetry = False  # type: ignore[attr-defined]
    if not os.environ.get("LITELLM_LOG"):
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
    replace_unusable_gateway()
    importlib.import_module("openai.resources.chat")
    _warm_up(library, None)
    return library


def _warm_up(library: Any, tools: list[dict[str, Any]] | None) -> None:
    """Make a call with litellm's own mock. Blocking; nothing leaves the process.

    The first call imports half a thousand modules more, the first with tools some
    hundred. Made in a thread, that does not freeze the server's loop for a second.
    """

    async def call() -> None:
        stream = await library.acompletion(
            model="openai/warm-up",
            messages=[{"role": "user", "content": "Hello"}],
            mock_response="Hello",
            stream=True,
            stream_options={"include_usage": True},
            tools=tools,
        )
        async for _ in stream:
            pass

    asyncio.run(call())


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set variables that are not set, and unset them again: kernels inherit ours."""
    ours = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in ours})
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
