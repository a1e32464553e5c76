"""What stands in an agent's updates, whatever it may be: texts, settings, plans, counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast, get_args

from persona.core import AgentCommand, ConfigValue, Plan, PlanEntry, ToolStatus

LARGEST = 2**53
"""The largest count; not every reader of a chat takes longer numbers."""

_STATUSES = frozenset(get_args(ToolStatus))
_STEPS = frozenset({"pending", "in_progress", "completed"})
_MAX_IMAGE = 2 * 1024 * 1024


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
            uri = content.get("uri")
            name = str(content.get("title") or content.get("name") or uri or "")
            return f"[{name}]({uri})" if isinstance(uri, str) and uri else name
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


def commands_of(commands: object) -> tuple[AgentCommand, ...]:
    """Return the commands that an agent understands."""
    found: list[AgentCommand] = []
    for item in commands if isinstance(commands, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            given = item.get("input")
            hint = given.get("hint") if isinstance(given, dict) else None
            found.append(
                AgentCommand(item["name"], str(item.get("description") or ""), str(hint or ""))
            )
    return tuple(found)


def plan_of(entries: object) -> Plan:
    """Return an agent's plan."""
    return Plan(
        tuple(
            PlanEntry(str(entry.get("content") or ""), _step(entry.get("status")))
            for entry in cast(Sequence[Any], entries if isinstance(entries, list) else ())
            if isinstance(entry, dict)
        )
    )


def _step(value: object) -> Literal["pending", "in_progress", "completed"]:
    return cast(Any, value) if isinstance(value, str) and value in _STEPS else "pending"


def status_of(value: object) -> ToolStatus | None:
    """Return how a tool call stands, or None if that is not said."""
    return cast(ToolStatus, value) if isinstance(value, str) and value in _STATUSES else None


def mapping_of(value: object) -> Mapping[str, Any] | None:
    """Return an object, or None if it is none."""
    return value if isinstance(value, dict) else None


def count_of(value: object) -> int:
    """Return a count; 0 for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return 0
    return int(min(max(value, 0), LARGEST))
