"""The OpenAI chat-completions dialect."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from persona.testing._llm_reply import Call, Language, Reply, event
from persona.testing._llm_request import Reading, Said, joined, objects

MESSAGES = {
    "invalid_api_key": ("Incorrect API key provided. You can find your API key in your account."),
    "model_not_found": "The model `{model}` does not exist or you do not have access to it.",
    "context_length_exceeded": (
        "This model's maximum context length is 8192 tokens. However, your messages resulted "
        "in 9000 tokens. Please reduce the length of the messages."
    ),
}


def read(body: Mapping[str, Any]) -> Reading:
    """Read a request."""
    tools = [tool.get("function") for tool in objects(body.get("tools"))]
    return Reading(
        model=str(body.get("model", "")),
        stream=body.get("stream") is True,
        said=tuple(_said(message) for message in objects(body.get("messages"))),
        tools=tuple(str(tool["name"]) for tool in tools if isinstance(tool, dict)),
    )


def _said(message: Mapping[str, Any]) -> Said:
    content = message.get("content")
    text = joined(content, "text")
    match message.get("role"):
        case "system" | "developer":
            return Said(role="system", text=text)
        case "assistant":
            return Said(role="assistant", text=text)
        case "tool" | "function":
            return Said(role="tool", text=text)
        case _:
            images = [part["image_url"] for part in objects(content) if "image_url" in part]
            urls = (image["url"] if isinstance(image, dict) else image for image in images)
            return Said(role="user", text=text, images=tuple(urls))


def problem(status: int, error: Mapping[str, str], model: str) -> dict[str, Any]:
    """Make the body of an error."""
    message = (error["message"] or MESSAGES[error["code"]]).replace("{model}", model)
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": message,
            "type": "rate_limit_error" if status == 429 else kind,
            "param": None,
            "code": error["code"] or None,
        }
    }


class Completion:
    """One completion, whole or in chunks."""

    content_type = "text/event-stream"

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._head = {
            "id": f"chatcmpl-{reply.number}",
            "created": int(time.time()),
            "model": reply.request.model,
        }
        options = reply.request.body.get("stream_options")
        self._wants_usage = isinstance(options, dict) and options.get("include_usage") is True

    def whole(self) -> dict[str, Any]:
        """Give the answer to a request that is not a stream."""
        answer = self._reply.answer
        message: dict[str, Any] = {"role": "assistant", "content": self._reply.text or None}
        if answer.end in ("stop", "content_filter", "length"):
            message["content"] = self._reply.text
        if answer.reasoning:
            message["reasoning_content"] = answer.reasoning
        if self._reply.calls:
            message["tool_calls"] = [_part(call) for call in self._reply.calls]
        choice = {"index": 0, "message": message, "finish_reason": answer.end}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._usage(),
        }

    def head(self) -> Iterator[str]:
        """Give what a stream begins with."""
        yield self._chunk({"role": "assistant", "content": ""})

    def reasoning(self, piece: str) -> Iterator[str]:
        """Give a piece of the reasoning."""
        yield self._chunk({"reasoning_content": piece})

    def text(self, piece: str) -> Iterator[str]:
        """Give a piece of the text."""
        yield self._chunk({"content": piece})

    def calls(self) -> Iterator[str]:
        """Give the deltas of the tool calls: name and id first, the arguments in pieces."""
        for index, call in enumerate(self._reply.calls):
            part = _part(call)
            function = {**part["function"], "arguments": ""}
            yield self._chunk({"tool_calls": [{**part, "index": index, "function": function}]})
            for piece in call.pieces():
                delta = {"index": index, "function": {"arguments": piece}}
                yield self._chunk({"tool_calls": [delta]})

    def tail(self) -> Iterator[str]:
        """Give the end of the stream, with its reason and, when asked for, the usage."""
        yield self._chunk({}, self._reply.answer.end)
        if self._wants_usage:
            chunk = {"object": "chat.completion.chunk", "choices": [], "usage": self._usage()}
            yield event({**self._head, **chunk})
        yield "data: [DONE]\n\n"

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
        chunk = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        return event({**chunk, "usage": None} if self._wants_usage else chunk)

    def _usage(self) -> dict[str, int]:
        prompt, completion = self._reply.prompt_tokens, self._reply.completion_tokens
        return {
            **(self._reply.answer.usage or {}),
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


def _part(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


CHAT = Language(name="chat", read=read, speak=Completion, problem=problem)
