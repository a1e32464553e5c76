"""Validation with the models, and what the models say in plain words."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from persona.core import PersonaDefinition
from persona.loaders._nodes import Node, mapping, sequence
from persona.loaders._report import Report, short
from persona.loaders._schema import suggest

_WANTED = {
    "bool": "true or false",
    "dict": "a mapping of keys to values",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "a mapping of keys to values",
    "string": "text",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
NUMBERS = ("temperature", "top_p", "max_output_tokens")
_EXAMPLES = {
    "model_id": "Write provider/model, for example `model_id: ollama/llama3.1`.",
    "url": "Add `url: https://…`.",
    "name": "Add `name: …`.",
}


_IN_TOML = {
    "Write each item on a line of its own, after `- `.": "Write the items in brackets: [a, b].",
    "Write `key: value` lines, indented under the key.": "Write it as a table: { key = value }.",
}


def validate(root: Node, report: Report) -> PersonaDefinition | None:
    """Return the definition, or None after telling what is wrong."""
    root = _without_bools(root, report)
    try:
        return PersonaDefinition.model_validate(root.data)
    except ValidationError as exc:
        # The input of an error may be as large as the file.
        for error in exc.errors(include_url=False, include_input=False):
            if report.full:
                break
            tell(error["type"], error["loc"], error.get("ctx", {}), error["msg"], root, report)
        report.failed = True
        return None


def _without_bools(root: Node, report: Report) -> Node:
    """Refuse ``temperature: true``, which the models would read as 1."""
    fields = dict(root.members)
    model, models = fields.get("model"), fields.get("models")
    if model is not None:
        fields["model"] = _numbers(model, ("model",), root, report)
    if models is not None and models.items:
        items = [_numbers(m, ("models", i), root, report) for i, m in enumerate(models.items)]
        if items != models.items:
            fields["models"] = sequence(models, items)
    return mapping(root, fields) if fields != root.members else root


def _numbers(model: Node, loc: tuple[str | int, ...], root: Node, report: Report) -> Node:
    members = model.members
    wrong = [k for k in NUMBERS if k in members and isinstance(members[k].data, bool)]
    for key in wrong:
        tell("float_type", (*loc, key), {}, "", root, report)
    if not wrong:
        return model
    return mapping(model, {k: n for k, n in members.items() if k not in wrong})


def tell(
    kind: str,
    loc: tuple[str | int, ...],
    ctx: dict[str, Any],
    text: str,
    root: Node,
    report: Report,
) -> None:
    """Turn one complaint of the models into a finding."""
    loc, tag = _without_tag(loc)
    holder, held_at, node, at = _find(root, loc)
    key = str(loc[-1]) if loc else ""
    above = _path(loc[:-1])
    if kind == "extra_forbidden":
        fix = suggest(key, tuple(str(part) for part in loc[:-1]), tag, toml=report.toml)
        inside = f" under {above}" if above else ""
        report.add("P201", f"Unknown key {short(key)!r}{inside}.", fix, at)
    elif kind == "missing":
        message, fix = f"{above} has no {key}.", _EXAMPLES.get(key, f"Add `{key}: …`.")
        if report.toml:
            fix = f'Add {key} = "…".'
        if tag == "stdio" and key == "command" and "type" not in holder.members:
            message = f"{above} has neither command nor url."
            fix = "Add `command: …` (a program to start) or `url: https://…`."
            if report.toml:
                fix = 'Add command = "…" (a program to start) or url = "https://…".'
        report.add("P203", message, fix, held_at)
    else:
        message, fix = _wrong(kind, _path(loc), ctx, text, node)
        if report.toml:
            fix = _IN_TOML.get(fix, fix)
        is_scalar = node is not None and node.children is None
        report.add("P202", message, fix, node.place if node and is_scalar else at)


def _without_tag(loc: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], str]:
    """Take out the kind of MCP server that pydantic puts behind its index."""
    if loc[:2] == ("context", "mcp_servers") and len(loc) >= 4 and loc[3] in ("stdio", "http"):
        rest = loc[:3] + loc[4:]
        return rest, str(loc[3]) if len(rest) == 4 else ""
    return loc, ""


def _find(
    root: Node, loc: tuple[str | int, ...]
) -> tuple[Node, tuple[int, int], Node | None, tuple[int, int]]:
    """Follow a path as far as it goes.

    Returns:
        What holds the value and the place of its key; the value, or None if it is
        missing, and the place of its key.
    """
    holder, held_at, node, at = root, root.place, root, root.place
    for part in loc:
        holder, held_at = node, at
        if isinstance(part, str) and part in node.members:
            at = node.place_of(part)
            node = node.members[part]
        elif isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            at = node.place
        else:
            return holder, held_at, None, held_at
    return holder, held_at, node, at


def _path(loc: tuple[str | int, ...]) -> str:
    """Return a path as people say it: ``context.mcp_servers, item 2``."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif part != "[key]":
            text += f".{part}" if text else str(part)
    return short(text)


def _wrong(
    kind: str, where: str, ctx: dict[str, Any], text: str, node: Node | None
) -> tuple[str, str]:
    """Return what is wrong with a value, and what to do."""
    written = _describe(node)
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{where} must be {words} {ctx[key]:g}, not {written}.", "Correct the number."
    wanted = _WANTED.get(kind.split("_")[0])
    if kind == "string_too_short":
        return f"{where} is empty.", "Write a value, or remove the key."
    if kind == "string_too_long":
        return f"{where} is longer than {ctx['max_length']} characters.", "Shorten it."
    if kind == "string_pattern_mismatch":
        return f"{where} must start with http:// or https://.", "Write the whole address."
    if kind == "literal_error":
        return f"{where} must be {ctx['expected']}, not {written}.", "Write one of these."
    if kind == "value_error":
        return f"{where}: {ctx.get('error', text)}.", "Correct the value."
    if wanted is not None:
        fix = "Correct the value."
        if wanted == "text" and node is not None and node.children is None:
            fix = f'Put it in quotes: "{short(node.raw, 30)}".'
        elif wanted == "a list":
            fix = "Write each item on a line of its own, after `- `."
        elif wanted.startswith("a mapping"):
            fix = "Write `key: value` lines, indented under the key."
        return f"{where} must be {wanted}, not {written}.", fix
    return f"{where}: {text}.", "Correct the value."


def _describe(node: Node | None) -> str:
    if node is None or node.data is None:
        return "empty"
    data = node.data
    if isinstance(data, list):
        return "a list"
    if isinstance(data, dict):
        return "a mapping"
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, str):
        return f"the text {short(data, 30)!r}"
    return short(data, 30)
