"""Tools that a model may call: names, calls side by side, results in order."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from persona.core import Function, Notice, ReplyEvent, ToolCall, ToolCallUpdate, ToolStatus

MAX_OUTPUT = 50_000
"""Longest result that the model is given, in characters."""

_LONGEST_NAME = 64
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave.

    Attributes:
        text: For the model.
        failed: Whether it failed.
        notice: For the user, if there is more to say than that a tool failed.
    """

    text: str
    failed: bool = False
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        name: Its name, unique and valid once it is in a `ToolBox`.
        title: What the user reads.
        description: What the model reads.
        parameters: JSON Schema of the arguments.
        run: Called with the arguments. What it raises is told to the model.
        server: Name of the MCP server that offers it, if any.
    """

    name: str
    title: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[dict[str, Any]], Awaitable[Result]]
    server: str | None = None


def tool_of(function: Function) -> Tool:
    """Return a function that a persona's code gives for one turn as a tool."""

    async def run(arguments: dict[str, Any]) -> Result:
        return Result(await function.call(arguments))

    return Tool(function.name, function.name, function.description, function.parameters, run)


@dataclass(slots=True)
class Call:
    """A call that the model asks for."""

    id: str
    name: str = ""
    arguments: str = ""

    @property
    def sendable(self) -> str:
        """The arguments as history: some providers refuse a request with broken JSON in it."""
        whole = self.arguments.strip() and isinstance(_arguments(self.arguments), dict)
        return self.arguments if whole else "{}"


@dataclass(slots=True)
class _Run:
    call: Call
    event_id: str
    task: asyncio.Task[Result]


@dataclass(slots=True)
class ToolBox:
    """The tools of one turn, by the name that the model calls.

    Args:
        tools: The tools; names are made valid and unique here.
        timeout: Seconds that one call may take.
    """

    tools: Iterable[Tool]
    timeout: float = 300
    _by_name: dict[str, Tool] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for tool in self.tools:
            self._by_name[_free_name(tool.name, self._by_name)] = tool

    def __len__(self) -> int:
        return len(self._by_name)

    def specs(self) -> list[dict[str, Any]]:
        """Return the tools in OpenAI's form."""
        return [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters) or {"type": "object", "properties": {}},
                },
            }
            for name, tool in self._by_name.items()
        ]

    async def run(
        self, calls: Sequence[Call], results: list[Result], prefix: str
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Run the calls side by side and yield what happens.

        Args:
            calls: The calls.
            results: Filled with one result for each call, in their order.
            prefix: Makes the ids of the events unique in the turn.
        """
        runs: list[_Run] = []
        try:
            for number, call in enumerate(calls):
                runs.append(self._begin(call, f"{prefix}-{number}"))
                yield self._announce(runs[-1])
            waiting = {run.task: run for run in runs}
            while waiting:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for run in [waiting.pop(task) for task in list(waiting) if task in done]:
                    result = _outcome(run.task)
                    status: ToolStatus = "failed" if result.failed else "completed"
                    yield ToolCallUpdate(run.event_id, status, output=result.text)
                    if result.notice:
                        yield Notice(result.notice, "warning")
            results.extend(_outcome(run.task) for run in runs)
        finally:
            unfinished = [run.task for run in runs if not run.task.done()]
            for task in unfinished:
                task.cancel()
            if unfinished:
                await asyncio.wait(unfinished)

    def _begin(self, call: Call, event_id: str) -> _Run:
        return _Run(call, event_id, asyncio.create_task(self._call(call), name=f"tool {call.name}"))

    def _announce(self, run: _Run) -> ToolCall:
        tool = self._by_name.get(run.call.name)
        parsed = _arguments(run.call.arguments)
        return ToolCall(
            id=run.event_id,
            title=tool.title if tool else run.call.name,
            input=parsed if isinstance(parsed, dict) else None,
            server=tool.server if tool else None,
        )

    async def _call(self, call: Call) -> Result:
        tool = self._by_name.get(call.name)
        if tool is None:
            known = ", ".join(self._by_name)
            return Result(f"There is no tool {call.name!r}. The tools are: {known}.", failed=True)
        arguments = _arguments(call.arguments)
        if isinstance(arguments, str):
            return Result(f"The tool was not called: {arguments}", failed=True)
        try:
            async with asyncio.timeout(self.timeout):
                result = await tool.run(arguments)
        except TimeoutError:
            return Result(f"The tool gave no answer within {self.timeout:g} s.", failed=True)
        if len(result.text) <= MAX_OUTPUT:
            return result
        left_out = len(result.text) - MAX_OUTPUT
        clipped = f"{result.text[:MAX_OUTPUT]}\n… ({left_out} more characters left out)"
        return Result(clipped, result.failed, result.notice)


def _outcome(task: asyncio.Task[Result]) -> Result:
    """Return a finished task's result; what it raised becomes the model's to read."""
    if task.cancelled():
        return Result("The tool was stopped.", failed=True)
    error = task.exception()
    if error is None:
        return task.result()
    return Result(f"The tool failed: {type(error).__name__}: {error}", failed=True)


def _arguments(text: str) -> dict[str, Any] | str:
    """Return the parsed arguments, or what is wrong with them."""
    if not text.strip():
        return {}
    try:
        parsed = json.loads(text)
    except ValueError as exc:
        return f"its arguments are not valid JSON ({exc}). Send a JSON object."
    if parsed is None:
        return {}
    return parsed if isinstance(parsed, dict) else "its arguments must be a JSON object."


def _free_name(wanted: str, taken: Mapping[str, Tool]) -> str:
    base = _NOT_IN_A_NAME.sub("_", wanted)[:_LONGEST_NAME] or "tool"
    name, number = base, 1
    while name in taken:
        number += 1
        tail = f"_{number}"
        name = base[: _LONGEST_NAME - len(tail)] + tail
    return name
