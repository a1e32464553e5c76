"""From the updates of an ACP session to the events of a turn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast, get_args

from persona.core import (
    AgentCommand,
    AvailableCommands,
    ConfigChange,
    ConfigValue,
    ModeChange,
    Notice,
    Plan,
    PlanEntry,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    ToolStatus,
    Usage,
)
from persona.engines.acp._noise import NoiseFilter
from persona.engines.acp._places import Places
from persona.engines.acp._transport import JsonObject

STATE = frozenset({"available_commands_update", "current_mode_update", "config_option_update"})
"""Updates that say how the session stands; they count outside of a turn too."""

_STATUSES = frozenset(get_args(ToolStatus))
_DONE = ("completed", "failed")
_NAMING = frozenset({"title", "kind", "locations"})
_STEPS = frozenset({"pending", "in_progress", "completed"})
_MAX_IMAGE = 2 * 1024 * 1024
_MAX_NUMBER = 2**53


class Translator:
    """Turns one session's updates into events. Keeps what later updates refer to.

    Args:
        noise: Sorts out the agent's own remarks.
        places: Says files and tool calls briefly.
    """

    def __init__(self, noise: NoiseFilter, places: Places) -> None:
        self._noise = noise
        self._places = places
        self._calls: dict[str, JsonObject] = {}
        self._finished: set[str] = set()
        self._told: set[str] = set()
        self._message: object = None
        self._open_text = False
        self._cost_before: float | None = None
        self._cost: float | None = None

    def begin(self) -> None:
        """Forget what belongs to the last turn."""
        self._calls.clear()
        self._finished.clear()
        self._told.clear()
        self._message = None
        self._open_text = False
        self._cost_before = self._cost
        self._noise.begin()

    def call(self, call_id: str) -> JsonObject:
        """Return what is known about a tool call: ``kind``, ``title``, ``rawInput`` …"""
        return self._calls.get(call_id, {})

    def take(self, update: JsonObject) -> Iterable[ReplyEvent]:
        """Return the events of one update; unknown kinds give none."""
        match update.get("sessionUpdate"):
            case "agent_message_chunk":
                return self._text(update)
            case "agent_thought_chunk":
                text = content_text(update.get("content"))
                return (Thought(text),) if text else ()
            case "tool_call" | "tool_call_update":
                self._open_text = False
                return self._tool(update)
            case "plan":
                return (_plan(update.get("entries")),)
            case "plan_update":
                plan = update.get("plan")
                entries = plan.get("entries") if isinstance(plan, dict) else None
                return (_plan(entries),) if isinstance(entries, list) else ()
            case "usage_update":
                return self._usage_update(update)
            case "available_commands_update":
                return (AvailableCommands(_commands(update.get("availableCommands"))),)
            case "current_mode_update":
                mode = update.get("currentModeId")
                return (ModeChange(mode),) if isinstance(mode, str) else ()
            case "config_option_update":
                return (ConfigChange(config_values(update.get("configOptions"))),)
            case _:
                return ()

    def usage(self, answer: Mapping[str, Any]) -> Usage | None:
        """Return what the answer to a prompt says about usage."""
        said = answer.get("usage")
        if not isinstance(said, dict):
            return None
        cached = _number(said.get("cachedReadTokens")) + _number(said.get("cachedWriteTokens"))
        return Usage(
            input_tokens=_number(said.get("inputTokens")) + cached,
            output_tokens=_number(said.get("outputTokens")),
            cost=self._turn_cost(),
        )

    # -- kinds of updates ---------------------------------------------------------

    def _text(self, update: JsonObject) -> Iterable[ReplyEvent]:
        content = update.get("content")
        if isinstance(content, dict) and content.get("type") == "text":
            text = content.get("text")
            if not isinstance(text, str):
                return ()
        else:
            text = content_markdown(content)
        if not text:
            return ()
        if self._finished:
            # The chat has gone on below these calls: their report is written.
            self._told |= self._finished
            self._finished.clear()
        message = update.get("messageId")
        apart = self._open_text and message is not None and message != self._message
        self._message = message
        if not self._noise.active:
            self._open_text = True
            return (Text("\n\n" + text if apart else text),)
        text, remarks = self._noise.split(text)
        events: list[ReplyEvent] = [Notice(remark) for remark in remarks]
        if text:
            events.append(Text("\n\n" + text if apart else text))
            self._open_text = True
        return events

    def _tool(self, update: JsonObject) -> Iterable[ReplyEvent]:
        call_id = update.get("toolCallId")
        if not isinstance(call_id, str):
            return ()
        known = call_id in self._calls
        if call_id in self._told and update.get("status") in (None, *_DONE):
            return ()  # some agents have more to say of a call that is over, a nicer title
        # A null says nothing, like a member that is not there.
        said = {name: value for name, value in update.items() if value is not None}
        call = self._calls.setdefault(call_id, {})
        call.update(said)
        if call.get("status") in _DONE:
            self._finished.add(call_id)
        output = output_text(said)
        if known and said.get("sessionUpdate") == "tool_call_update":
            return (
                ToolCallUpdate(
                    id=call_id,
                    status=_status(said.get("status")),
                    title=self._places.title(call) if _NAMING & said.keys() else None,
                    output=output,
                    input=_mapping(said.get("rawInput")),
                    diffs=self._places.diffs(said) if "content" in said else None,
                    locations=self._places.locations(said) if "locations" in said else None,
                ),
            )
        begun = ToolCall(
            id=call_id,
            title=self._places.title(call),
            input=_mapping(call.get("rawInput")),
            status=_status(call.get("status")) or "pending",
            kind=call["kind"] if isinstance(call.get("kind"), str) else None,
            diffs=self._places.diffs(call),
            locations=self._places.locations(call),
        )
        return (begun, ToolCallUpdate(id=call_id, output=output)) if output else (begun,)

    def _usage_update(self, update: JsonObject) -> Iterable[ReplyEvent]:
        cost = update.get("cost")
        if isinstance(cost, dict) and cost.get("currency", "USD") == "USD":
            amount = cost.get("amount")
            if (
                isinstance(amount, int | float)
                and not isinstance(amount, bool)
                and 0 <= amount <= _MAX_NUMBER  # false for NaN
            ):
                self._cost = float(amount)
        return (
            Usage(
                cost=self._turn_cost(),
                context_used=_number(update.get("used")),
                context_size=_number(update.get("size")) or None,
            ),
        )

    def _turn_cost(self) -> float | None:
        """Return the cost of this turn: agents tell the session's."""
        if self._cost is None:
            return None
        return max(self._cost - (self._cost_before or 0.0), 0.0)


# -- pieces ---------------------------------------------------------------------------


def content_text(content: object) -> str:
    """Return the text of a content block, or an empty string."""
    if not isinstance(content, dict):
        return ""
    text = content.get("text")
    if isinstance(text, str):
        return text
    resource = content.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("text"), str):
        return str(resource["text"])
    return ""


def content_markdown(content: object) -> str:
    """Return a content block that is not plain text, as Markdown."""
    if not isinstance(content, dict):
        return ""
    match content.get("type"):
        case "image":
            data, kind = content.get("data"), str(content.get("mimeType") or "image/png")
            if isinstance(data, str) and len(data) <= _MAX_IMAGE and kind.startswith("image/"):
                return f"\n\n![image](data:{kind};base64,{data})\n\n"
            return "\n\n*(an image)*\n\n"
        case "audio":
            return "\n\n*(a sound)*\n\n"
        case "resource_link":
            name = str(content.get("title") or content.get("name") or content.get("uri") or "")
            return f"[{name}]({content.get('uri')})"
        case "resource":
            text = content_text(content)
            return f"\n\n```\n{text}\n```\n\n" if text else ""
        case _:
            return content_text(content)


def output_text(call: Mapping[str, Any]) -> str | None:
    """Return what a tool has put out, or None if nothing is said about it."""
    parts: list[str] = []
    content = call.get("content")
    for item in content if isinstance(content, list) else ():
        if isinstance(item, dict) and item.get("type") == "content":
            inner = item.get("content")
            parts.append(content_text(inner) or content_markdown(inner))
    text = "\n".join(part for part in parts if part)
    if text:
        return text
    raw = call.get("rawOutput")
    if raw is None:
        return None
    if isinstance(raw, str):
        return raw
    if isinstance(raw, dict):
        for name in ("formatted_output", "output", "stdout", "content", "text", "message", "error"):
            if isinstance(raw.get(name), str) and raw[name].strip():
                return str(raw[name])
    return json.dumps(raw, ensure_ascii=False, default=str)


def config_values(options: object) -> tuple[ConfigValue, ...]:
    """Return a session's config options as they stand."""
    found: list[ConfigValue] = []
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict) and isinstance(option.get("id"), str):
            value = option.get("currentValue")
            found.append(
                ConfigValue(
                    id=option["id"],
                    value=value if isinstance(value, str | bool) else None,
                    name=str(option.get("name") or ""),
                    category=option["category"]
                    if isinstance(option.get("category"), str)
                    else None,
                    choices=tuple(_choices(option.get("options"))),
                )
            )
    return tuple(found)


def _choices(options: object) -> Iterable[tuple[str, str]]:
    for item in options if isinstance(options, list) else ():
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("value"), str):
            yield item["value"], str(item.get("name") or item["value"])
        else:
            yield from _choices(item.get("options"))  # a group


def _commands(commands: object) -> tuple[AgentCommand, ...]:
    found: list[AgentCommand] = []
    for item in commands if isinstance(commands, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            given = item.get("input")
            hint = given.get("hint") if isinstance(given, dict) else None
            found.append(
                AgentCommand(item["name"], str(item.get("description") or ""), str(hint or ""))
            )
    return tuple(found)


def _plan(entries: object) -> Plan:
    return Plan(
        tuple(
            PlanEntry(str(entry.get("content") or ""), _step(entry.get("status")))
            for entry in cast(Sequence[Any], entries if isinstance(entries, list) else ())
            if isinstance(entry, dict)
        )
    )


def _step(value: object) -> Literal["pending", "in_progress", "completed"]:
    return cast(Any, value) if value in _STEPS else "pending"


def _status(value: object) -> ToolStatus | None:
    return cast(ToolStatus, value) if value in _STATUSES else None


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _number(value: object) -> int:
    """Return a count; 0 for what is none. Not every reader of a chat takes longer numbers."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return 0
    return int(min(max(value, 0), _MAX_NUMBER))
