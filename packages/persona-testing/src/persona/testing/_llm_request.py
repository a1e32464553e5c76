"""What a scripted LLM server was sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(kw_only=True)
class RecordedRequest:
    """One chat-completions request, as it arrived.

    Tests read these from `ScriptedLLM.requests`; rules and callable replies get one as argument.

    Attributes:
        path: The path of the request, such as `/v1/chat/completions`.
        headers: The headers, names in lower case, `authorization` included.
        body: The JSON body.
        outcome: `open` while it is being answered, `answered` when all was sent,
            `disconnected` when the client left before the end, `cut` when the script broke the
            connection.
    """

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any] = field(repr=False)
    outcome: Literal["open", "answered", "disconnected", "cut"] = "open"

    @property
    def authorization(self) -> str:
        """The `Authorization` header, empty when none was sent."""
        return self.headers.get("authorization", "")

    @property
    def model(self) -> str:
        """The name of the model asked for."""
        return str(self.body.get("model", ""))

    @property
    def stream(self) -> bool:
        """Whether the client asked for a stream."""
        return self.body.get("stream") is True

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, as sent."""
        messages = self.body.get("messages")
        if not isinstance(messages, list):
            return []
        return [message for message in messages if isinstance(message, dict)]

    @property
    def system(self) -> str:
        """The text of all system and developer messages, joined by an empty line."""
        roles = ("system", "developer")
        return "\n\n".join(_text(m) for m in self.messages if m.get("role") in roles)

    @property
    def user_text(self) -> str:
        """The text of the last user message: what rules match. Empty when there is none."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                return _text(message)
        return ""

    @property
    def tools(self) -> list[str]:
        """The names of the tools offered."""
        offered = self.body.get("tools")
        return [tool["function"]["name"] for tool in offered] if isinstance(offered, list) else []

    @property
    def tool_results(self) -> list[str]:
        """The results of tool calls that stand at the end of the messages, in their order."""
        results: list[str] = []
        for message in reversed(self.messages):
            if message.get("role") != "tool":
                break
            results.insert(0, _text(message))
        return results

    @property
    def images(self) -> list[str]:
        """The addresses (`data:` or `http:`) of all images in the messages, in their order."""
        found: list[str] = []
        for message in self.messages:
            content = message.get("content")
            for part in content if isinstance(content, list) else []:
                if part.get("type") == "image_url":
                    image = part["image_url"]
                    found.append(image["url"] if isinstance(image, dict) else image)
        return found

    @property
    def text(self) -> str:
        """Every string in the body, one a line: messages, tools, arguments, everything.

        Use it to assert that something was, or was not, sent at all.
        """
        return "\n".join(_strings(self.body))


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(part["text"] for part in content if part.get("type") == "text")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
