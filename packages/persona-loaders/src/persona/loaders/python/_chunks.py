"""From whatever a persona streams to text and events."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from persona.core import ReplyEvent, TurnError


async def as_events(stream: Any) -> AsyncIterator[ReplyEvent | str]:
    """Yield text and events of a stream.

    Args:
        stream: An async iterator, a coroutine that gives one, or a plain iterable; of texts,
            LiteLLM chunks, LangChain chunks or events.

    Raises:
        TurnError: It is no stream, or something in it is no text.
    """
    if inspect.isawaitable(stream):
        stream = await stream
    if isinstance(stream, str):
        yield stream
    elif isinstance(stream, AsyncIterable):
        iterator = aiter(stream)
        if inspect.isasyncgen(iterator):
            async with aclosing(iterator):
                async for chunk in iterator:
                    yield text_of(chunk)
        else:
            async for chunk in iterator:
                yield text_of(chunk)
    elif isinstance(stream, Iterable):
        for chunk in stream:
            yield text_of(chunk)
    else:
        raise TurnError(
            f"stream_message() was given a {type(stream).__name__}, which is no stream.",
            fix="Give it an async generator, or the answer of `litellm.acompletion(stream=True)`.",
            kind="contract",
        )


def text_of(chunk: Any) -> ReplyEvent | str:
    """Return the text of one chunk; an event is given back as it is.

    Raises:
        TurnError: It is no text.
    """
    if isinstance(chunk, str | ReplyEvent):
        return chunk
    if chunk is None:
        return ""
    choices = _part(chunk, "choices")
    if choices is not None:
        if not choices:
            return ""  # only usage is told in such a chunk
        delta = _part(choices[0], "delta") or _part(choices[0], "message")
        return str(_part(delta, "content") or "")
    content = _part(chunk, "content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        blocks = (b if isinstance(b, str) else _part(b, "text") or "" for b in content)
        return "".join(map(str, blocks))
    raise TurnError(
        f"stream_message() was given a {type(chunk).__name__} where text belongs.",
        fix="Yield texts, or chunks of LiteLLM.",
        kind="contract",
    )


def _part(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)
