"""From the updates of an ACP session to the events of a turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from persona.core import (
    AvailableCommands,
    ConfigChange,
    ModeChange,
    Notice,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    Usage,
)
from persona.engines.acp._noise import NoiseFilter
from persona.engines.acp._places import Places
from persona.engines.acp._reading import (
    LARGEST,
    commands_of,
    config_values,
    content_markdown,
    content_text,
    count_of,
    mapping_of,
    output_text,
    plan_of,
    status_of,
)
from persona.engines.acp._transport import JsonObject

STATE = frozenset({"available_commands_update", "current_mode_update", "config_option_update"})
"""Updates that say how the session stands; they count outside of a turn too."""

_DONE = ("completed", "failed")
_NAMING = frozenset({"title", "kind", "locations"})


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

    @property
    def busy(self) -> bool:
        """Whether a tool is at work."""
        return not self._calls.keys() <= self._finished

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
                return (plan_of(update.get("entries")),)
            case "plan_update":
                plan = update.get("plan")
                entries = plan.get("entries") if isinstance(plan, dict) else None
                return (plan_of(entries),) if isinstance(entries, list) else ()
            case "usage_update":
                return self._usage_update(update)
            case "available_commands_update":
                return (AvailableCommands(commands_of(update.get("availableCommands"))),)
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
        cached = count_of(said.get("cachedReadTokens")) + count_of(said.get("cachedWriteTokens"))
        return Usage(
            input_tokens=count_of(said.get("inputTokens")) + cached,
            output_tokens=count_of(said.get("outputTokens")),
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
                    status=status_of(said.get("status")),
                    title=self._places.title(call) if _NAMING & said.keys() else None,
                    output=output,
                    input=mapping_of(said.get("rawInput")),
                    diffs=self._places.diffs(said) if "content" in said else None,
                    locations=self._places.locations(said) if "locations" in said else None,
                ),
            )
        begun = ToolCall(
            id=call_id,
            title=self._places.title(call),
            input=mapping_of(call.get("rawInput")),
            status=status_of(call.get("status")) or "pending",
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
                and 0 <= amount <= LARGEST  # false for NaN
            ):
                self._cost = float(amount)
        return (
            Usage(
                cost=self._turn_cost(),
                context_used=count_of(update.get("used")),
                context_size=count_of(update.get("size")) or None,
            ),
        )

    def _turn_cost(self) -> float | None:
        """Return the cost of this turn: agents tell the session's."""
        if self._cost is None:
            return None
        return max(self._cost - (self._cost_before or 0.0), 0.0)
