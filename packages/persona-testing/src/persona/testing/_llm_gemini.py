"""The Gemini dialect."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from persona.testing._llm_reply import Call, Language, Reply, event, parsed
from persona.testing._llm_request import Reading, Said, objects

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
MESSAGES = {
    "invalid_api_key": "API key not valid. Please pass a valid API key.",
    "model_not_found": "models/{model} is not found for API version v1beta.",
    "context_length_exceeded": (
        "The input token count (9000) exceeds the maximum number of tokens allowed (8192)."
    ),
}
ENDS = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}


def read(body: Mapping[str, Any]) -> Reading:
    """Read a request. The model and whether it is a stream stand in the path, not here."""
    instruction = _either(body, "systemInstruction")
    said = []
    if isinstance(instruction, dict):
        said.append(Said(role="system", text=_text(instruction)))
    for content in objects(body.get("contents")):
        said += _said(content)
    names = [
        str(declared["name"])
        for tool in objects(body.get("tools"))
        for declared in objects(_either(tool, "functionDeclarations"))
    ]
    return Reading(said=tuple(said), tools=tuple(names))


def _either(holder: Mapping[str, Any], name: str) -> Any:
    # The API takes a name in two spellings: `inlineData` and `inline_data`.
    other = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return holder.get(name, holder.get(other))


def _said(content: Mapping[str, Any]) -> list[Said]:
    if content.get("role") == "model":
        return [Said(role="assistant", text=_text(content))]
    responses = [_either(part, "functionResponse") for part in objects(content.get("parts"))]
    results = [_result(response) for response in responses if isinstance(response, dict)]
    text, images = _text(content), _images(content)
    own = [Said(role="user", text=text, images=images)] if text or images or not results else []
    return [*results, *own]


def _result(response: Mapping[str, Any]) -> Said:
    value = response.get("response")
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return Said(role="tool", text=value if isinstance(value, str) else json.dumps(value))


def _text(content: Mapping[str, Any]) -> str:
    parts = objects(content.get("parts"))
    return "\n".join(str(p["text"]) for p in parts if "text" in p and not p.get("thought"))


def _images(content: Mapping[str, Any]) -> tuple[str, ...]:
    inline = [_either(part, "inlineData") for part in objects(content.get("parts"))]
    return tuple(
        f"data:{_either(data, 'mimeType')};base64,{data.get('data')}"
        for data in inline
        if isinstance(data, dict)
    )


def problem(status: int, error: Mapping[str, str], model: str) -> dict[str, Any]:
    """Make the body of an error."""
    message = (error["message"] or MESSAGES[error["code"]]).replace("{model}", model)
    kind = STATUSES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
    return {"error": {"code": status, "message": message, "status": kind}}


class Generation:
    """One response, whole or in parts; a list of them when no events were asked for."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._events = reply.request.query.get("alt") == "sse"
        self._begun = False

    @property
    def content_type(self) -> str:
        """The type of a stream."""
        return "text/event-stream" if self._events else "application/json"

    def whole(self) -> dict[str, Any]:
        """Give the answer to a request that is not a stream."""
        parts: list[dict[str, Any]] = []
        if reasoning := self._reply.answer.reasoning:
            parts.append({"text": reasoning, "thought": True})
        if self._reply.text:
            parts.append({"text": self._reply.text})
        return self._response([*parts, *self._called()], self._end())

    def head(self) -> Iterator[str]:
        """Give what a stream begins with: nothing."""
        yield from ()

    def reasoning(self, piece: str) -> Iterator[str]:
        """Give a piece of the reasoning."""
        yield self._chunk(self._response([{"text": piece, "thought": True}]))

    def text(self, piece: str) -> Iterator[str]:
        """Give a piece of the text."""
        yield self._chunk(self._response([{"text": piece}]))

    def calls(self) -> Iterator[str]:
        """Give the tool calls, all in one response."""
        if called := self._called():
            yield self._chunk(self._response(called))

    def tail(self) -> Iterator[str]:
        """Give the end of the stream, with its reason and the usage."""
        # A client takes a response without any part for a broken one.
        yield self._chunk(self._response([{"text": ""}], self._end()))
        if not self._events:
            yield "]"

    def _called(self) -> list[dict[str, Any]]:
        found = [(call, parsed(call.arguments)) for call in self._reply.calls]
        return [_part(call, given) for call, given in found if given is not None]

    def _end(self) -> str:
        # Arguments are objects here: what is none cannot be sent, only told.
        if any(parsed(call.arguments) is None for call in self._reply.calls):
            return "MALFORMED_FUNCTION_CALL"
        return ENDS.get(self._reply.answer.end, "STOP")

    def _response(self, parts: list[dict[str, Any]], end: str | None = None) -> dict[str, Any]:
        prompt, completion = self._reply.prompt_tokens, self._reply.completion_tokens
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        if end is not None:
            candidate["finishReason"] = end
        return {
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": prompt,
                "candidatesTokenCount": completion,
                "totalTokenCount": prompt + completion,
            },
            "modelVersion": self._reply.request.model,
            "responseId": f"resp-{self._reply.number}",
        }

    def _chunk(self, response: Mapping[str, Any]) -> str:
        if self._events:
            return event(response)
        before = ",\n" if self._begun else "["
        self._begun = True
        return before + json.dumps(response)


def _part(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"functionCall": {"id": call.id, "name": call.name, "args": given}}


GEMINI = Language(name="gemini", read=read, speak=Generation, problem=problem)
