"""One turn with the model: ask, run the tools that it wants, ask again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from persona.core import Notice, ReplyEvent, Text, Thought, TurnError, Usage
from persona.engines.litellm._client import CallPart, Client, Delta
from persona.engines.litellm._errors import empty, filtered
from persona.engines.litellm._messages import Message
from persona.engines.litellm._settings import Settings
from persona.engines.litellm._tools import Call, Result, ToolBox

_ANSWER_NOW = "(You have used all your rounds of tool calls. Answer now with what you know.)"


@dataclass(slots=True)
class _Answer:
    """What one call of the model brought."""

    text: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    thinking: list[dict[str, Any]] = field(default_factory=list)
    finish: str | None = None
    usage: Any = None
    model: str = ""
    _by_index: dict[int, Call] = field(default_factory=dict)

    def take(self, delta: Delta) -> None:
        if delta.text:
            self.text.append(delta.text)
        for part in delta.calls:
            self._take_call(part)
        for block in delta.thinking:
            self._take_thinking(block)
        self.finish = delta.finish or self.finish
        self.usage = delta.usage or self.usage
        self.model = delta.model or self.model

    def _take_call(self, part: CallPart) -> None:
        call = self._by_index.get(part.index)
        # Some servers give every call the index 0; a new id with a name is a new call.
        if call is None or (part.id and part.name and part.id != call.id):
            call = Call(id=part.id)
            self._by_index[part.index] = call
            self.calls.append(call)
        call.name += part.name
        call.arguments += part.arguments

    def _take_thinking(self, block: Mapping[str, Any]) -> None:
        last = self.thinking[-1] if self.thinking else None
        if last is None or last.get("type") != block.get("type") or last.get("signature"):
            self.thinking.append(dict(block))
            return
        last["thinking"] = (last.get("thinking") or "") + (block.get("thinking") or "")
        if block.get("signature"):
            last["signature"] = block["signature"]

    def message(self) -> Message:
        """Return the answer as the assistant's message that tool results refer to."""
        message: Message = {
            "role": "assistant",
            "content": "".join(self.text) or None,
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.sendable},
                }
                for call in self.calls
            ],
        }
        if self.thinking:
            message["thinking_blocks"] = self.thinking
        return message


class Rounds:
    """Asks the model until it answers without asking for a tool.

    Args:
        client: litellm.
        settings: How to call the model.
        tools: What it may call.
        limit: After how many rounds of tool calls it must answer.
    """

    def __init__(self, client: Client, settings: Settings, tools: ToolBox, limit: int) -> None:
        self._client = client
        self._settings = settings
        self._tools = tools
        self._limit = limit
        self._usage = Usage()

    async def run(self, messages: list[Message]) -> AsyncGenerator[ReplyEvent, None]:
        """Yield what happens. ``messages`` grows by the calls and their results.

        Raises:
            TurnError: The model could not be called, or gave nothing.
        """
        number = 0
        while True:
            last = number >= self._limit
            answer = _Answer()
            async with aclosing(self._ask(messages, answer, last)) as events:
                async for event in events:
                    yield event
            if answer.usage is not None:
                yield self._add_usage(answer)
            if last or not answer.calls or not len(self._tools):
                for notice in self._check_end(answer):
                    yield notice
                return
            messages.append(answer.message())
            results: list[Result] = []
            running = self._tools.run(self._identified(answer.calls, number), results, f"{number}")
            async with aclosing(running) as events:
                async for event in events:
                    yield event
            messages += [
                {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": result.text}
                for call, result in zip(answer.calls, results, strict=True)
            ]
            number += 1
            if number >= self._limit:
                messages.append({"role": "user", "content": _ANSWER_NOW})
                yield Notice(
                    f"No more tools in this turn: {self._limit} rounds of calls are used up. "
                    "`options: {max_tool_rounds: …}` sets the bound.",
                    "warning",
                )

    async def _ask(
        self, messages: list[Message], answer: _Answer, last: bool
    ) -> AsyncGenerator[ReplyEvent, None]:
        deltas = self._client.complete(self._settings, messages, self._offer(last))
        async with aclosing(deltas):
            async for delta in deltas:
                answer.take(delta)
                if delta.thought:
                    yield Thought(delta.thought)
                if delta.text:
                    yield Text(delta.text)

    def _offer(self, last: bool) -> dict[str, Any]:
        if not len(self._tools):
            return {}
        offer: dict[str, Any] = {"tools": self._tools.specs()}
        # The tools stay listed: some providers refuse results of tools that are not.
        if last and self._client.takes_tool_choice(self._settings):
            offer["tool_choice"] = "none"
        return offer

    def _identified(self, calls: list[Call], number: int) -> list[Call]:
        """Give an id to calls that came without one: their results must name it."""
        for index, call in enumerate(calls):
            call.id = call.id or f"call_{number}_{index}"
        return calls

    def _add_usage(self, answer: _Answer) -> Usage:
        used, before = answer.usage, self._usage
        cost = self._client.cost(self._settings, used)
        window = self._client.context_size(self._settings)
        # The last round sends all that came before it.
        taken = (used.prompt_tokens or 0) + (used.completion_tokens or 0)
        self._usage = Usage(
            input_tokens=before.input_tokens + (used.prompt_tokens or 0),
            output_tokens=before.output_tokens + (used.completion_tokens or 0),
            cost=before.cost if cost is None else (before.cost or 0.0) + cost,
            model=answer.model or before.model,
            context_used=window and taken,
            context_size=window,
        )
        return self._usage

    def _check_end(self, answer: _Answer) -> list[Notice]:
        if answer.finish == "content_filter":
            raise filtered(self._settings)
        if not "".join(answer.text).strip():
            raise self._no_answer(answer)
        if answer.finish == "length":
            text = "The answer was cut: it reached the longest length. Raise max_output_tokens."
            return [Notice(text, "warning")]
        return []

    def _no_answer(self, answer: _Answer) -> TurnError:
        if not answer.calls:
            return empty(self._settings, answer.finish)
        if not len(self._tools):
            return TurnError(
                f"{self._settings.model_id} asked for a tool, but this persona has none.",
                fix="Ask again, or give it mcp_servers or skills in the persona file.",
                kind="no-tools",
            )
        return TurnError(
            f"{self._settings.model_id} asked for tools again and again and gave no answer.",
            fix="Ask for less at once, or raise `options: {max_tool_rounds: …}`.",
            kind="tool-rounds",
        )
