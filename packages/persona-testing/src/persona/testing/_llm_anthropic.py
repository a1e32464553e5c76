"""The Anthropic messages dialect."""

from collections.abc import Iterator, Mapping
from typing import Any

from persona.testing._llm_reply import Call, Language, Reply, event, parsed
from persona.testing._llm_request import Reading, Said, joined, objects

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
MESSAGES = {
    "invalid_api_key": "invalid x-api-key",
    "model_not_found": "model: {model}",
    "context_length_exceeded": "prompt is too long: 9000 tokens > 8192 maximum",
}
ENDS = {"tool_calls": "tool_use", "length": "max_tokens", "content_filter": "refusal"}


def read(body: Mapping[str, Any]) -> Reading:
    """Read a request. Instructions may stand between the messages too."""
    system = joined(body.get("system"), "text")
    said = [Said(role="system", text=system)] if system else []
    for message in objects(body.get("messages")):
        said += _said(message)
    return Reading(
        model=str(body.get("model", "")),
        stream=body.get("stream") is True,
        said=tuple(said),
        tools=tuple(str(tool["name"]) for tool in objects(body.get("tools")) if "name" in tool),
    )


def _said(message: Mapping[str, Any]) -> list[Said]:
    content = message.get("content")
    text = joined(content, "text")
    if message.get("role") == "system":
        return [Said(role="system", text=text)]
    if message.get("role") == "assistant":
        return [Said(role="assistant", text=text)]
    parts = objects(content)
    results = [
        Said(role="tool", text=joined(part.get("content"), "text"), images=_images(part))
        for part in parts
        if part.get("type") == "tool_result"
    ]
    images = _images(message)
    own = [Said(role="user", text=text, images=images)] if text or images or not results else []
    return [*results, *own]


def _images(holder: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for part in objects(holder.get("content")):
        if part.get("type") == "image":
            source = part["source"]
            inline = f"data:{source.get('media_type')};base64,{source.get('data')}"
            found.append(str(source.get("url") or inline))
    return tuple(found)


def problem(status: int, error: Mapping[str, str], model: str) -> dict[str, Any]:
    """Make the body of an error."""
    message = (error["message"] or MESSAGES[error["code"]]).replace("{model}", model)
    kind = KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


class Message:
    """One message, whole or as the events of its content blocks."""

    content_type = "text/event-stream"

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._blocks = 0
        self._open = ""

    def whole(self) -> dict[str, Any]:
        """Give the answer to a request that is not a stream."""
        content: list[dict[str, Any]] = []
        if reasoning := self._reply.answer.reasoning:
            content.append({"type": "thinking", "thinking": reasoning, "signature": "c2lnbmVk"})
        if self._reply.text:
            content.append({"type": "text", "text": self._reply.text})
        content += [_block(call, parsed(call.arguments) or {}) for call in self._reply.calls]
        usage = self._usage(self._reply.completion_tokens)
        return {**self._message(), "content": content, "stop_reason": self._end(), "usage": usage}

    def head(self) -> Iterator[str]:
        """Give what a stream begins with."""
        yield _event("message_start", message={**self._message(), "usage": self._usage(1)})
        yield _event("ping")

    def reasoning(self, piece: str) -> Iterator[str]:
        """Give a piece of the reasoning."""
        yield from self._start("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        yield self._delta({"type": "thinking_delta", "thinking": piece})

    def text(self, piece: str) -> Iterator[str]:
        """Give a piece of the text."""
        yield from self._start("text", {"type": "text", "text": ""})
        yield self._delta({"type": "text_delta", "text": piece})

    def calls(self) -> Iterator[str]:
        """Give the tool calls: a block each, the arguments in pieces."""
        for call in self._reply.calls:
            yield from self._start(call.id, _block(call, {}))
            for piece in call.pieces():
                yield self._delta({"type": "input_json_delta", "partial_json": piece})

    def tail(self) -> Iterator[str]:
        """Give the end of the stream, with its reason and the usage."""
        yield from self._stop()
        usage = {"output_tokens": self._reply.completion_tokens}
        delta = {"stop_reason": self._end(), "stop_sequence": None}
        yield _event("message_delta", delta=delta, usage=usage)
        yield _event("message_stop")

    def _start(self, name: str, block: Mapping[str, Any]) -> Iterator[str]:
        if self._open == name:
            return
        yield from self._stop()
        self._open = name
        yield _event("content_block_start", index=self._blocks, content_block=block)

    def _stop(self) -> Iterator[str]:
        if not self._open:
            return
        if self._open == "thinking":
            yield self._delta({"type": "signature_delta", "signature": "c2lnbmVk"})
        yield _event("content_block_stop", index=self._blocks)
        self._open = ""
        self._blocks += 1

    def _delta(self, delta: Mapping[str, Any]) -> str:
        return _event("content_block_delta", index=self._blocks, delta=delta)

    def _message(self) -> dict[str, Any]:
        return {
            "id": f"msg_{self._reply.number}",
            "type": "message",
            "role": "assistant",
            "model": self._reply.request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }

    def _end(self) -> str:
        return ENDS.get(self._reply.answer.end, "end_turn")

    def _usage(self, output: int) -> dict[str, int]:
        return {
            "input_tokens": self._reply.prompt_tokens,
            "output_tokens": output,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        }


def _block(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": given}


def _event(name: str, **data: Any) -> str:
    return event({"type": name, **data}, name)


ANTHROPIC = Language(name="anthropic", read=read, speak=Message, problem=problem)
