"""The OpenAI chat-completions dialect: answers as JSON."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from persona.testing._llm_answer import Answer, ToolCall
from persona.testing._llm_request import RecordedRequest

ARGUMENT_PIECES = 3


def call_parts(calls: Sequence[ToolCall], prefix: str) -> list[dict[str, Any]]:
    """Give the calls as they stand in a message, with an id each."""
    return [
        {
            "id": call.get("id", f"call_{prefix}_{index}"),
            "type": "function",
            "function": {"name": call["name"], "arguments": _arguments(call)},
        }
        for index, call in enumerate(calls)
    ]


def _arguments(call: ToolCall) -> str:
    arguments = call["arguments"]
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


class Completion:
    """One completion of one request, whole or in chunks.

    Args:
        request: What is answered.
        number: The number of the request; makes the ids.
        answer: The answer.
        text: The answer's text, made.
        calls: The answer's tool calls, made.
    """

    def __init__(
        self,
        request: RecordedRequest,
        number: int,
        answer: Answer,
        text: str,
        calls: Sequence[ToolCall],
    ) -> None:
        self._request = request
        self._answer = answer
        self._text = text
        self._calls = call_parts(calls, str(number))
        self._head = {
            "id": f"chatcmpl-{number}",
            "created": int(time.time()),
            "model": request.model,
        }

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for a usage chunk at the end of the stream."""
        options = self._request.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    def whole(self) -> dict[str, Any]:
        """Give the answer to a request that is not a stream."""
        message: dict[str, Any] = {"role": "assistant", "content": self._text or None}
        if self._answer.end in ("stop", "content_filter", "length"):
            message["content"] = self._text
        if self._answer.reasoning:
            message["reasoning_content"] = self._answer.reasoning
        if self._calls:
            message["tool_calls"] = self._calls
        choice = {"index": 0, "message": message, "finish_reason": self._answer.end}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self.usage(),
        }

    def chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        """Give one chunk of a stream."""
        choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
        chunk = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        return {**chunk, "usage": None} if self.wants_usage else chunk

    def usage_chunk(self) -> dict[str, Any]:
        """Give the chunk without choices that ends a stream with usage."""
        return {
            **self._head,
            "object": "chat.completion.chunk",
            "choices": [],
            "usage": self.usage(),
        }

    def call_deltas(self) -> Iterator[dict[str, Any]]:
        """Give the deltas of the tool calls: name and id first, the arguments in pieces."""
        for index, call in enumerate(self._calls):
            function = call["function"]
            first = {**call, "index": index, "function": {**function, "arguments": ""}}
            yield {"tool_calls": [first]}
            arguments = function["arguments"]
            size = max(1, -(-len(arguments) // ARGUMENT_PIECES))
            for start in range(0, len(arguments), size):
                piece = {"arguments": arguments[start : start + size]}
                yield {"tool_calls": [{"index": index, "function": piece}]}

    def usage(self) -> dict[str, int]:
        """Give the usage: the scripted numbers, else words counted."""
        given = self._answer.usage or {}
        prompt = given.get("prompt_tokens", len(self._request.text.split()))
        completion = given.get("completion_tokens", len(self._text.split()))
        return {
            **given,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


def error_body(error: Mapping[str, str], model: str) -> dict[str, Any]:
    """Give the body of an error."""
    message = error["message"].replace("{model}", model)
    return {
        "error": {
            "message": message,
            "type": error["type"],
            "param": None,
            "code": error["code"] or None,
        }
    }


def model_list(models: Sequence[str]) -> dict[str, Any]:
    """Give the answer to `GET /v1/models`."""
    entries = [{"id": m, "object": "model", "created": 0, "owned_by": "persona"} for m in models]
    return {"object": "list", "data": entries}
