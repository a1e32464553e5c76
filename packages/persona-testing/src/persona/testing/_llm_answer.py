"""The answers of a scripted LLM server, as data."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

from persona.testing._gate import Gate
from persona.testing._llm_request import RecordedRequest


class ToolCall(TypedDict):
    """A call of a tool that the model asks for.

    `arguments` is a mapping, or a string that is sent as it is (to test broken JSON).
    """

    name: str
    arguments: Mapping[str, Any] | str
    id: NotRequired[str]


Text = str | Callable[[RecordedRequest], str]
Calls = Sequence[ToolCall] | Callable[[RecordedRequest], Sequence[ToolCall]]
Match = str | re.Pattern[str] | Callable[[str], bool]
End = Literal["stop", "tool_calls", "length", "content_filter", "cut", "hang"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, as data: the server turns it into bytes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, str] | None = None
    page: str | None = None
    text: Text = ""
    reasoning: str = ""
    calls: Calls = ()
    chunk: int = 4
    delay: float = 0.002
    gates: tuple[Gate, ...] = ()
    usage: Mapping[str, int] | None = None
    end: End = "stop"


def echo(request: RecordedRequest) -> str:
    """Give the text of the default answer: the last user text, behind `echo: `."""
    return f"echo: {request.user_text}"


def split_at_gates(text: str, gates: Sequence[Gate]) -> list[tuple[str, Gate | None]]:
    """Split a text into the parts before each gate; the last part has none.

    Raises:
        ValueError: A gate's text is not in what is left of the text.
    """
    parts: list[tuple[str, Gate | None]] = []
    start = 0
    for gate in gates:
        found = text.find(gate.after, start)
        if found < 0:
            raise ValueError(f"The gate's text {gate.after!r} is not in {text[start:]!r}.")
        end = found + len(gate.after)
        parts.append((text[start:end], gate))
        start = end
    return [*parts, (text[start:], None)]
