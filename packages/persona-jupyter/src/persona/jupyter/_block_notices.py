"""What the chat says about blocks that were shown, changed, taken back or saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from persona.core import blanked_at, escape_markdown, fence, plain_text

if TYPE_CHECKING:
    from persona.jupyter._blocks import Change
    from persona.jupyter._choices import Option
    from persona.jupyter._saving import Saved

_MOST = 30
"""How many choices one list names."""

_WIDEST = 80
"""Characters of a value within a line."""

_SHOWN = {
    "engine": "engine",
    "model.model_id": "model",
    "context.system_prompt": "prompt",
    "identity.name": "name",
}


def refused(why: str) -> str:
    """Return why nothing was changed."""
    return f"Nothing was changed. {why}"


def changed(change: Change) -> str:
    """Return what is different from now on."""
    who = f"**{escape_markdown(change.name)}**"
    parts = [
        _step(path, blanked_at(path, change.before.get(path)), value)
        for path, value in change.values.items()
        if change.before.get(path) != value
    ]
    if not parts:
        return f"{who} is so already."
    when = ", after the reply that is being written" if change.busy else ""
    slug = change.slug
    tail = f"`/reset @{slug}` takes it back, `/save @{slug}` writes it into its file."
    return f"{who}: {'; '.join(parts)}{when}. {_rests(change)}Kept in this chat: {tail}"


def reset(change: Change) -> str:
    """Return what was taken back."""
    who = f"**{escape_markdown(change.name)}**"
    if not change.values:
        return f"{who} is as its file says. Nothing was changed in this chat."
    parts = [_back(path, change.before.get(path), v) for path, v in change.values.items()]
    when = ", after the reply that is being written" if change.busy else ""
    return f"{who} is as its file says again: {'; '.join(parts)}{when}. {_rests(change)}".strip()


def saved(done: Saved) -> str:
    """Return what was written where."""
    who = f"**{escape_markdown(done.name)}**"
    what = "Made" if done.made else "Changed"
    text = f"{who} is saved. {what}: `{done.file}`."
    if done.missing:
        text += " Not in it, as it was not carried by the chat: " + ", ".join(
            escape_markdown(item) for item in done.missing
        )
        text += "."
    if done.dropped:
        text += f" Taken out, as its engine does not take it: {_list(done.dropped)}."
    return text


def engines(name: str, now: Any, file: Any, known: Sequence[str]) -> str:
    """Return which engine a persona has and which there are."""
    return _chosen(name, "is answered by", now, file, "Engines here", known, "/engine")


def models(name: str, now: Any, file: Any, known: Sequence[str]) -> str:
    """Return which model a persona has and which are known."""
    return _chosen(name, "uses the model", now, file, "Models that are known", known, "/model")


def modes(name: str, now: Any, file: Any, known: Mapping[str, str]) -> str:
    """Return in which mode a persona's agent is and which it has told of."""
    if not known and now is None:
        return (
            f"**{escape_markdown(name)}** has told of no modes. Some agents have them, and tell "
            "of them with their first answer."
        )
    return _chosen(name, "is in the mode", now, file, "Modes", list(known), "/mode")


def prompt(name: str, now: Any, file: Any) -> str:
    """Return the prompt of a persona."""
    who = f"**{escape_markdown(name)}**"
    if not now:
        return f"{who} has no system prompt."
    where = "changed in this chat" if now != file else "as its file says"
    return f"The system prompt of {who}, {where}:\n\n{fence(str(now), 'markdown')}"


def options(name: str, rows: Sequence[Option]) -> str:
    """Return the options of a persona's engine."""
    who = f"**{escape_markdown(name)}**"
    if not rows:
        return f"{who} has no options, and its engine knows of none."
    lines = ["| Option | Value | What it is |", "|:--|:--|:--|"]
    for row in rows:
        value = "–" if row.value is None else _value(blanked_at(f"options.{row.key}", row.value))
        value += " (changed here)" if row.changed else ""
        what = escape_markdown(row.description)
        if row.choices:
            what += f" One of: {_list(row.choices)}"
        lines.append(f"| {escape_markdown(row.key)} | {value} | {what.strip()} |")
    return f"Options of {who}:\n\n" + "\n".join(lines)


def foreign(names: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
    """Return what a chat file brings that was changed on another server.

    Args:
        names: Name, short name and the changes of each persona.
    """
    parts = ["This chat was changed on another server. Here it has no effect yet:"]
    for name, slug, values in names:
        whole = {path: text for path, value in values.items() if (text := _long(path, value))}
        steps = [_step(path, None, value) for path, value in values.items() if path not in whole]
        steps += [f"{_name_of(path)} as below" for path in whole]
        parts.append(
            f"- **{escape_markdown(name)}**: {'; '.join(steps)}. `/keep-changes @{slug}` uses "
            f"this here, `/reset @{slug}` forgets it."
        )
        # Who agrees must see all of it: it may be a command.
        parts += [f"{_name_of(path)}:\n\n{fence(text)}" for path, text in whole.items()]
    return "\n\n".join(parts)


def _chosen(
    name: str, verb: str, now: Any, file: Any, title: str, known: Sequence[str], command: str
) -> str:
    who = f"**{escape_markdown(name)}**"
    first = f"{who} {verb} {_value(now)}" if now else f"{who} leaves that to its engine"
    if now != file:
        first += f", changed in this chat (its file: {_value(file) if file else 'nothing'})"
    if not known:
        return f"{first}. Change it with `{command} @Name …`."
    return f"{first}. {title}: {_list(known)}."


def _back(path: str, before: Any, after: Any) -> str:
    if path == "context.system_prompt":
        return "its own prompt"
    return _step(path, before, blanked_at(path, after))  # the file may hold what no chat may


def _name_of(path: str) -> str:
    what = _SHOWN.get(path) or path.removeprefix("options.").removeprefix("model.")
    return escape_markdown(what)


def _step(path: str, before: Any, after: Any) -> str:
    what = _name_of(path)
    if path == "context.system_prompt":
        return "a new prompt" if after else "no prompt"
    if after is None:
        return f"{what} is not set"
    arrow = f"{_value(before)} → " if before is not None else ""
    return f"{what} {arrow}{_value(after)}"


def _rests(change: Change) -> str:
    if not change.left:
        return ""
    return f"Without effect on this engine: {_list(change.left)}. "


def _long(path: str, value: Any) -> str:
    """Return a value as text if a line has no room for it, else an empty one."""
    text = _text(value)
    is_prompt = path == "context.system_prompt"
    return text if is_prompt or len(text) > _WIDEST or "\n" in text else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(value: Any) -> str:
    text = " ".join(plain_text(_text(value)).split())
    text = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
    return f"`{text}`" if text and not {"`", "|"} & set(text) else escape_markdown(text)


def _list(known: Sequence[str]) -> str:
    more = len(known) - _MOST
    shown = ", ".join(_value(item) for item in known[:_MOST])
    return f"{shown} and {more} more" if more > 0 else shown
