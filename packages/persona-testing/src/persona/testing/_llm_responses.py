"""The OpenAI responses dialect."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from persona.testing._llm_chat import problem
from persona.testing._llm_reply import Call, Language, Reply, event, parsed
from persona.testing._llm_request import Reading, Said, joined, objects

TEXTS = ("input_text", "output_text", "text")
RESULTS = ("function_call_output", "custom_tool_call_output", "mcp_tool_call_output")
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def read(body: Mapping[str, Any]) -> Reading:
    """Read a request. Instructions are a field of their own, and messages of developers."""
    said = []
    if instructions := body.get("instructions"):
        said.append(Said(role="system", text=str(instructions)))
    given = body.get("input")
    if isinstance(given, str):
        said.append(Said(role="user", text=given))
    said += [_said(item) for item in objects(given)]
    return Reading(
        model=str(body.get("model", "")),
        stream=body.get("stream") is True,
        said=tuple(said),
        tools=tuple(_offered(body)),
    )


def _said(item: Mapping[str, Any]) -> Said:
    kind = item.get("type", "message")
    if kind in RESULTS:
        output = item.get("output")
        text = joined(output, *TEXTS)
        return Said(role="tool", text=text or ("" if output is None else json.dumps(output)))
    content = item.get("content")
    if kind != "message" or item.get("role") == "assistant":
        return Said(role="assistant", text=joined(content, *TEXTS))
    if item.get("role") in ("system", "developer"):
        return Said(role="system", text=joined(content, *TEXTS))
    images = [part.get("image_url") for part in objects(content)]
    urls = tuple(str(image) for image in images if image)
    return Said(role="user", text=joined(content, *TEXTS), images=urls)


def _offered(body: Mapping[str, Any]) -> dict[str, tuple[str, str | None, bool]]:
    """Give the tools by the name that rules know: name, namespace, and whether it is custom."""
    found: dict[str, tuple[str, str | None, bool]] = {}
    for tool in objects(body.get("tools")):
        name = str(tool.get("name", tool.get("type")))
        if tool.get("type") != "namespace":
            found[name] = (name, None, tool.get("type") == "custom")
            continue
        for inner in objects(tool.get("tools")):
            short = str(inner.get("name"))
            custom = inner.get("type") == "custom"
            found[f"{name.rstrip('_')}__{short}"] = (short, name, custom)
    return found


class Response:
    """One response, whole or as the events of its output items."""

    content_type = "text/event-stream"

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._offered = _offered(reply.request.body)
        self._created = int(time.time())
        self._events = 0
        self._output: list[dict[str, Any]] = []
        self._open: dict[str, Any] | None = None
        self._text = ""

    def whole(self) -> dict[str, Any]:
        """Give the answer to a request that is not a stream."""
        if reasoning := self._reply.answer.reasoning:
            self._output.append(self._reasoning_item(reasoning))
        if self._reply.text:
            self._output.append(self._message_item(self._reply.text))
        self._output += [self._call_item(call) for call in self._reply.calls]
        return self._response(ended=True)

    def head(self) -> Iterator[str]:
        """Give what a stream begins with."""
        yield self._event("response.created", response=self._response())
        yield self._event("response.in_progress", response=self._response())

    def reasoning(self, piece: str) -> Iterator[str]:
        """Give a piece of the reasoning."""
        at = {"summary_index": 0}
        if self._open is None:
            yield self._add({**self._reasoning_item(""), "summary": []})
            part = {"type": "summary_text", "text": ""}
            yield self._on_item("response.reasoning_summary_part.added", **at, part=part)
        self._text += piece
        yield self._on_item("response.reasoning_summary_text.delta", **at, delta=piece)

    def text(self, piece: str) -> Iterator[str]:
        """Give a piece of the text."""
        if self._open is None or self._open["type"] != "message":
            yield from self._close()
            yield self._add({**self._message_item(""), "content": [], "status": "in_progress"})
            part = _text_part("")
            yield self._on_item("response.content_part.added", content_index=0, part=part)
        self._text += piece
        yield self._on_item("response.output_text.delta", content_index=0, delta=piece)

    def calls(self) -> Iterator[str]:
        """Give the tool calls: an item each, the arguments in pieces."""
        yield from self._close()
        for call in self._reply.calls:
            item = self._call_item(call)
            key = "input" if item["type"] == "custom_tool_call" else "arguments"
            kind = "custom_tool_call_input" if key == "input" else "function_call_arguments"
            yield self._add({**item, key: "", "status": "in_progress"})
            for piece in call.pieces() if key == "arguments" else (item[key],):
                yield self._on_item(f"response.{kind}.delta", delta=piece)
            yield self._on_item(f"response.{kind}.done", **{key: item[key]})
            yield self._done(item)

    def tail(self) -> Iterator[str]:
        """Give the end of the stream, with its reason and the usage."""
        yield from self._close()
        response = self._response(ended=True)
        yield self._event(f"response.{response['status']}", response=response)

    def _close(self) -> Iterator[str]:
        if self._open is None:
            return
        if self._open["type"] == "reasoning":
            item = self._reasoning_item(self._text)
            at = {"summary_index": 0}
            yield self._on_item("response.reasoning_summary_text.done", **at, text=self._text)
            part = item["summary"][0]
            yield self._on_item("response.reasoning_summary_part.done", **at, part=part)
        else:
            item = self._message_item(self._text)
            yield self._on_item("response.output_text.done", content_index=0, text=self._text)
            part = item["content"][0]
            yield self._on_item("response.content_part.done", content_index=0, part=part)
        yield self._done(item)

    def _add(self, item: dict[str, Any]) -> str:
        self._open, self._text = item, ""
        index = len(self._output)
        return self._event("response.output_item.added", output_index=index, item=item)

    def _done(self, item: dict[str, Any]) -> str:
        index = len(self._output)
        self._output.append(item)
        self._open = None
        return self._event("response.output_item.done", output_index=index, item=item)

    def _on_item(self, kind: str, **data: Any) -> str:
        item = self._open["id"] if self._open else ""
        return self._event(kind, item_id=item, output_index=len(self._output), **data)

    def _event(self, kind: str, **data: Any) -> str:
        self._events += 1
        return event({"type": kind, "sequence_number": self._events - 1, **data}, kind)

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._reply.number}_{len(self._output)}"

    def _reasoning_item(self, text: str) -> dict[str, Any]:
        summary = [{"type": "summary_text", "text": text}]
        return {"id": self._id("rs"), "type": "reasoning", "summary": summary}

    def _message_item(self, text: str) -> dict[str, Any]:
        return {
            "id": self._id("msg"),
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [_text_part(text)],
        }

    def _call_item(self, call: Call) -> dict[str, Any]:
        name, namespace, custom = self._offered.get(call.name, (call.name, None, False))
        item = {"id": self._id("fc"), "call_id": call.id, "name": name, "status": "completed"}
        if namespace is not None:
            item["namespace"] = namespace
        if not custom:
            return {**item, "type": "function_call", "arguments": call.arguments}
        # A custom tool takes a text: the only argument's, or the whole as it stands.
        given = list((parsed(call.arguments) or {}).values())
        text = given[0] if len(given) == 1 and isinstance(given[0], str) else call.arguments
        return {**item, "type": "custom_tool_call", "input": text}

    def _response(self, *, ended: bool = False) -> dict[str, Any]:
        reason = INCOMPLETE.get(self._reply.answer.end) if ended else None
        status = "incomplete" if reason else "completed"
        return {
            "id": f"resp_{self._reply.number}",
            "object": "response",
            "created_at": self._created,
            "status": status if ended else "in_progress",
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "model": self._reply.request.model,
            "output": list(self._output),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": self._usage() if ended else None,
        }

    def _usage(self) -> dict[str, Any]:
        prompt, completion = self._reply.prompt_tokens, self._reply.completion_tokens
        return {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + completion,
        }


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


RESPONSES = Language(name="responses", read=read, speak=Response, problem=problem)
