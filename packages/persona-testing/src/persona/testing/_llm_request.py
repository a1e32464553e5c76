"""What a scripted LLM server was sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Dialect = Literal["chat", "responses", "anthropic", "gemini"]
"""OpenAI chat completions, OpenAI responses, Anthropic messages, Gemini."""

MESSAGES: Mapping[Dialect, str] = {
    "chat": "messages",
    "responses": "input",
    "anthropic": "messages",
    "gemini": "contents",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing that was said, whatever the dialect: a message, or the result of one tool call.

    Attributes:
        role: Who said it. `system` stands for all instructions, wherever they were.
        text: Its text; of a call of a tool it is empty.
        images: The addresses (`data:` or `http:`) of its images.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A request as a dialect reads it.

    Attributes:
        model: The name of the model asked for.
        stream: Whether the client asked for a stream.
        said: What was said, in order; the instructions first.
        tools: The names of the tools offered.
    """

    model: str = ""
    stream: bool = False
    said: tuple[Said, ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(kw_only=True)
class RecordedRequest:
    """One request, as it arrived.

    Tests read these from `ScriptedLLM.requests`; rules and callable replies get one as argument.
    Everything but `body` and `messages` reads the same in every dialect.

    Attributes:
        path: The path of the request, such as `/v1/chat/completions`.
        headers: The headers, names in lower case, `authorization` included.
        body: The JSON body.
        dialect: What the client speaks: `chat`, `responses`, `anthropic` or `gemini`.
        query: What stands behind the path's question mark.
        reading: The body, as the dialect reads it.
        outcome: `open` while it is being answered, `answered` when all was sent,
            `disconnected` when the client left before the end, `cut` when the script broke the
            connection.
    """

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any] = field(repr=False)
    dialect: Dialect = "chat"
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    reading: Reading = field(default_factory=Reading, repr=False)
    outcome: Literal["open", "answered", "disconnected", "cut"] = "open"

    @property
    def authorization(self) -> str:
        """The `Authorization` header, empty when none was sent."""
        return self.headers.get("authorization", "")

    @property
    def api_key(self) -> str:
        """The key, in whichever way of the four it was sent; empty when none was."""
        return (
            self.authorization.removeprefix("Bearer").strip()
            or self.headers.get("x-api-key")
            or self.headers.get("x-goog-api-key")
            or self.query.get("key", "")
        )

    @property
    def model(self) -> str:
        """The name of the model asked for."""
        return self.reading.model

    @property
    def stream(self) -> bool:
        """Whether the client asked for a stream."""
        return self.reading.stream

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, as sent, in the dialect's own form."""
        return objects(self.body.get(MESSAGES[self.dialect]))

    @property
    def said(self) -> tuple[Said, ...]:
        """What was said, in order, in one form for all dialects."""
        return self.reading.said

    @property
    def system(self) -> str:
        """The text of all instructions (system, developer), joined by an empty line."""
        return "\n\n".join(said.text for said in self.said if said.role == "system")

    @property
    def user_text(self) -> str:
        """The text of the last user message: what rules match. Empty when there is none."""
        return next((said.text for said in reversed(self.said) if said.role == "user"), "")

    @property
    def tools(self) -> list[str]:
        """The names of the tools offered. One in a namespace is `namespace__name`."""
        return list(self.reading.tools)

    @property
    def tool_results(self) -> list[str]:
        """The results of the tool calls that the model asked for last, in their order."""
        results: list[str] = []
        for said in reversed(self.said):
            if said.role == "assistant":
                break
            if said.role == "tool":
                results.insert(0, said.text)
        return results

    @property
    def images(self) -> list[str]:
        """The addresses (`data:` or `http:`) of all images in the messages, in their order."""
        return [image for said in self.said for image in said.images]

    @property
    def text(self) -> str:
        """Every string in the body, one a line: messages, tools, arguments, everything.

        Use it to assert that something was, or was not, sent at all.
        """
        return "\n".join(_strings(self.body))


def objects(value: object) -> list[dict[str, Any]]:
    """Give the objects in a list; none when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def joined(content: object, *kinds: str) -> str:
    """Give the text of a content: a string, or parts of these kinds, one a line."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in objects(content) if part.get("type") in kinds)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
