"""Permission requests of an agent: answered by the persona's policy, or asked in the chat."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from persona.core import (
    Notice,
    PermissionKind,
    PermissionOption,
    PermissionRequest,
    escape_markdown,
)
from persona.engines.acp._options import Permissions
from persona.engines.acp._places import Places
from persona.engines.acp._reading import output_text
from persona.engines.acp._transport import JsonObject

_KINDS = frozenset(get_args(PermissionKind))
_READS = frozenset({"read", "search"})
_ALLOW = ("allow_once", "allow_always")
_REJECT = ("reject_once", "reject_always")


def options_of(params: Mapping[str, Any]) -> tuple[PermissionOption, ...]:
    """Return the answers that the agent takes; those of unknown kinds are left out."""
    found: list[PermissionOption] = []
    options = params.get("options")
    for item in options if isinstance(options, list) else ():
        if not isinstance(item, dict):
            continue
        id_, kind = item.get("optionId"), item.get("kind")
        if not isinstance(id_, str) or not isinstance(kind, str) or kind not in _KINDS:
            continue
        if all(id_ != known.id for known in found):
            name = " ".join(str(item.get("name") or id_).split())
            found.append(PermissionOption(id_, name, cast(PermissionKind, kind)))
    return tuple(found)


def tool_call_of(params: Mapping[str, Any], known: Mapping[str, Any]) -> JsonObject:
    """Return the tool call that a request is about, with what was said of it before."""
    asked = params.get("toolCall")
    said = asked if isinstance(asked, dict) else {}
    return {**known, **{name: value for name, value in said.items() if value is not None}}


def by_policy(
    policy: Permissions, call: Mapping[str, Any], options: Sequence[PermissionOption]
) -> PermissionOption | None:
    """Return the answer that the persona's policy gives, or None if people are asked.

    An answer for once is preferred: one for ever may be written to the user's settings.
    """
    kind = call.get("kind")
    reads = isinstance(kind, str) and kind in _READS
    if policy == "allow-all" or (policy == "allow-reads" and reads):
        return _first(options, _ALLOW)
    if policy == "deny":
        return _first(options, _REJECT)
    return None


def request_of(
    call: Mapping[str, Any], options: tuple[PermissionOption, ...], places: Places
) -> PermissionRequest:
    """Return the question as it is put to the people in the chat."""
    call_id, kind = call.get("toolCallId"), call.get("kind")
    command = _command(call.get("rawInput"))
    details = output_text({"content": call.get("content")}) or ""
    return PermissionRequest(
        id=uuid.uuid4().hex,
        title=places.title(call),
        options=options,
        tool_call=call_id if isinstance(call_id, str) else None,
        kind=kind if isinstance(kind, str) else None,
        command=command,
        diffs=places.diffs(call),
        locations=places.locations(call),
        details="" if details == command else details,
    )


def unanswerable(name: str, call: Mapping[str, Any], places: Places) -> Notice:
    """Return what the chat says of a question without an answer that could be given."""
    title = escape_markdown(places.title(call))
    return Notice(
        f"{escape_markdown(name)} asked for permission ({title}) but offers no answer that is "
        "known here. It was not given.",
        "warning",
    )


def selected(option: PermissionOption | None) -> JsonObject:
    """Return the answer as the agent wants it; None is for a question that was withdrawn."""
    if option is None:
        return {"outcome": {"outcome": "cancelled"}}
    return {"outcome": {"outcome": "selected", "optionId": option.id}}


def _first(options: Sequence[PermissionOption], kinds: Sequence[str]) -> PermissionOption | None:
    ranked = sorted((o for o in options if o.kind in kinds), key=lambda o: kinds.index(o.kind))
    return ranked[0] if ranked else None


def _command(given: object) -> str | None:
    if not isinstance(given, dict):
        return None
    command = given.get("command") or given.get("cmd")
    if isinstance(command, str):
        return command
    if isinstance(command, list) and all(isinstance(part, str) for part in command):
        return " ".join(command)
    return None
