"""What the chat says when an agent cannot be used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from persona.core import TurnError, escape_markdown
from persona.engines.acp._row import AgentRow

AUTH_REQUIRED = -32000
NOT_FOUND = -32002

_LOST = re.compile(
    r"(?i)session\b.*(not found|unknown|not exist)|(unknown|invalid|no such) session"
)


def not_installed(row: AgentRow, program: str) -> TurnError:
    """The program is not there."""
    return TurnError(
        f"{row.name} is not installed: there is no program {program!r}.",
        fix=f"Install it: {_code(row.install)}"
        if row.install
        else "Install it, or correct its path.",
        kind="not-installed",
    )


def _code(install: str) -> str:
    """Return a command as Markdown code; what stands in brackets behind it is for people."""
    command, bracket, more = install.partition(" (")
    return f"`{command}`{bracket}{more}"


def too_old(row: AgentRow, version: str) -> TurnError:
    """The version does not work with this engine."""
    minimum = ".".join(map(str, row.minimum))
    return TurnError(
        f"{row.name} {version} is too old; {minimum} is needed.",
        fix=f"Update it: {_code(row.install)}" if row.install else "Update it.",
        kind="too-old",
    )


def wrong_protocol(row: AgentRow, version: object) -> TurnError:
    """The agent speaks another version of the protocol."""
    return TurnError(
        f"{row.name} speaks version {str(version)[:20]} of the Agent Client Protocol; "
        "version 1 is needed.",
        fix=f"Install another version: {row.install}" if row.install else "Update it.",
        kind="protocol",
    )


def no_start(row: AgentRow, why: str, details: Sequence[str] = ()) -> TurnError:
    """The process could not be started, or ended or hung before it was ready."""
    return TurnError(
        f"{row.name} could not be started: {why}",
        fix="Try the program in a terminal, then ask again.",
        details="\n".join(details),
        kind="start",
    )


def silent(row: AgentRow, seconds: float) -> TurnError:
    """The agent hangs in a turn."""
    return TurnError(
        f"{row.name} has said nothing for {seconds:g} seconds and was given up.",
        fix="Ask again: it is started anew. If it needs longer, raise `silence_seconds` under "
        "`options`.",
        kind="silent",
    )


def flooded(row: AgentRow) -> TurnError:
    """Nobody took what the agent said, for so long that the rest was dropped."""
    return TurnError(
        f"{row.name} said more than could be written, and was stopped.",
        fix="Ask again; look whether the chat can still be written.",
        kind="flood",
    )


def gone(row: AgentRow, why: str, details: Sequence[str] = ()) -> TurnError:
    """The process ended in the middle."""
    return TurnError(
        f"{row.name} ended unexpectedly{': ' + why if why else '.'}",
        fix="Ask again: it is started anew.",
        details="\n".join(details),
        kind="crash",
    )


def closing(row: AgentRow) -> TurnError:
    """The server stops."""
    return TurnError(
        f"{row.name} is not started any more: the server stops.",
        fix="Ask again when it runs.",
        kind="closing",
    )


def login_wanted(row: AgentRow, methods: Iterable[Mapping[str, Any]]) -> TurnError:
    """The agent wants a login first."""
    ways = [_method(method) for method in methods]
    known = row.login or "Log in with its own program in a terminal."
    if ways and not row.login:
        # What the agent says itself is all that there is to go by.
        known += f" It offers: {escape_markdown('; '.join(ways))}."
    return TurnError(
        f"{row.name} wants you to log in first.",
        fix=f"{known} Then ask again.",
        details="\n".join(["It offers:", *(f"- {way}" for way in ways)])
        if ways and row.login
        else "",
        kind="login",
    )


def refused(
    row: AgentRow, what: str, message: str, data: object = None, code: object = None
) -> TurnError:
    """The agent answered a request with an error; kind ``lost`` if it forgot the session."""
    lost = code == NOT_FOUND or _LOST.search(message) is not None
    if isinstance(data, Mapping) and message.casefold().rstrip(".") == "internal error":
        # What happened stands behind a message that says nothing.
        said = next((data[name] for name in ("details", "message", "error") if name in data), None)
        message = " ".join(said.split()) if isinstance(said, str) and said.strip() else message
    if data is not None and not isinstance(data, str):
        data = json.dumps(data, ensure_ascii=False, default=str)
    return TurnError(
        f"{row.name} could not {what}: {message[:400].rstrip('.')}.",
        fix="Ask again; if it stays, /restart it or look at its own settings.",
        details=(data or "")[:4000],
        kind="lost" if lost else "agent",
    )


def bad_options(message: str) -> TurnError:
    """A value under ``options`` cannot be used."""
    return TurnError(message, fix="Correct it under options: in the persona file.", kind="options")


def no_variable(name: str) -> TurnError:
    """``${NAME}`` names a variable that is not set."""
    return TurnError(
        f"The environment variable {name} is not set.",
        fix="Set it where the Jupyter server is started, or take it out of the persona file.",
        kind="environment",
    )


def ending(name: str, reason: object) -> str:
    """Return what people should know about how a turn ended; nothing if it is done."""
    match reason:
        case "end_turn":
            return ""
        case "max_tokens":
            return "The answer was cut: it reached the longest length."
        case "max_turn_requests":
            return f"{name} stopped: it has asked its model as often as it may in one turn."
        case "refusal":
            return f"{name} refused to go on. Ask in another way."
        case "cancelled":
            return f"{name} ended its turn early."
        case _:
            return (
                f"{name} ended its turn for a reason that is not known here: {str(reason)[:100]}."
            )


def _method(method: Mapping[str, Any]) -> str:
    name = str(method.get("name") or method.get("id") or "a login")
    text = str(method.get("description") or "").strip()
    return f"{name}: {text.rstrip('.')}" if text else name
