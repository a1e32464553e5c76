"""An answer made for one request, and what each dialect does with it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from persona.testing._llm_answer import Answer, ToolCall
from persona.testing._llm_request import Dialect, Reading, RecordedRequest

ARGUMENT_PIECES = 3


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of a tool: the arguments are JSON, unless the script wants them broken."""

    id: str
    name: str
    arguments: str

    def pieces(self) -> Iterator[str]:
        """Give the arguments in the pieces of a stream."""
        size = max(1, -(-len(self.arguments) // ARGUMENT_PIECES))
        for start in range(0, len(self.arguments), size):
            yield self.arguments[start : start + size]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer to one request, made: what a dialect turns into JSON.

    Attributes:
        request: What is answered.
        number: The number of the request; makes the ids.
        answer: The answer as scripted.
        text: Its text, made.
        calls: Its tool calls, made.
    """

    request: RecordedRequest
    number: int
    answer: Answer
    text: str
    calls: tuple[Call, ...]

    @property
    def prompt_tokens(self) -> int:
        """The scripted number of tokens sent, else the words counted."""
        given = self.answer.usage or {}
        return given.get("prompt_tokens", count_words(self.request.text))

    @property
    def completion_tokens(self) -> int:
        """The scripted number of tokens made, else the words counted."""
        return (self.answer.usage or {}).get("completion_tokens", count_words(self.text))


class Speech(Protocol):
    """One reply in one dialect. A stream is its parts in this order, those that are needed."""

    @property
    def content_type(self) -> str:
        """The type of a stream."""

    def whole(self) -> dict[str, Any]:
        """Give the answer to a request that is not a stream."""

    def head(self) -> Iterator[str]:
        """Give what a stream begins with."""

    def reasoning(self, piece: str) -> Iterator[str]:
        """Give a piece of the reasoning."""

    def text(self, piece: str) -> Iterator[str]:
        """Give a piece of the text."""

    def calls(self) -> Iterator[str]:
        """Give the tool calls."""

    def tail(self) -> Iterator[str]:
        """Give the end of the stream, with its reason and the usage."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """A dialect: how it reads a request, and says replies and errors.

    Attributes:
        name: Its name.
        read: Reads a body.
        speak: Says a reply.
        problem: Makes an error's body from the status, the error and the model asked for.
    """

    name: Dialect
    read: Callable[[Mapping[str, Any]], Reading]
    speak: Callable[[Reply], Speech]
    problem: Callable[[int, Mapping[str, str], str], dict[str, Any]]


def made_calls(calls: Sequence[ToolCall], number: int) -> tuple[Call, ...]:
    """Give the calls with an id each and their arguments as text."""
    made = []
    for index, call in enumerate(calls):
        arguments = call["arguments"]
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        made.append(
            Call(id=call.get("id", f"call_{number}_{index}"), name=call["name"], arguments=text)
        )
    return tuple(made)


def parsed(arguments: str) -> dict[str, Any] | None:
    """Give the arguments of a call as an object, or None when they are none."""
    try:
        value = json.loads(arguments)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def event(data: Mapping[str, Any], name: str = "") -> str:
    """Give one server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n"


def count_words(text: str) -> int:
    """Count what stands for tokens here."""
    return len(text.split())
