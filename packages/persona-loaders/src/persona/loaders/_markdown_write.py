"""A whole persona as a Markdown file, and the same file with other values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from persona.core import DefinitionError, LoadResult, PersonaDefinition, Source, title_of
from persona.loaders._define import define_closely
from persona.loaders._keys import PROMPT, Path, get, unfolded, with_values
from persona.loaders._markdown_edit import put_body, put_front
from persona.loaders._markdown_layout import lay_open
from persona.loaders._markdown_yaml import mapping_text
from persona.loaders._report import Refused, Report
from persona.loaders._text import decode, split

_ORDER = (
    "name", "formerly", "extends", "engine", "model", "models", "identity", "context", "options",
    "enabled",
)  # fmt: skip


def content_of(values: Mapping[str, Any], *, head: str = "") -> bytes:
    """Return the content of a new file.

    Args:
        values: What it says, the prompt under ``context``.
        head: Comment lines for its start.

    Raises:
        DefinitionError: YAML has no form for a value.
    """
    front = dict(sorted(values.items(), key=lambda item: _rank(item[0])))
    prompt = get(front, PROMPT)
    body = ""
    if isinstance(prompt, str) and _fits_below(prompt):
        body = f"{prompt}\n"
        front = with_values(front, {}, [PROMPT])
    return f"---\n{head}{mapping_text(front)}---\n{body}".encode()


def with_other_values(
    content: bytes, values: Mapping[Path, Any], unset: Iterable[Path] = ()
) -> bytes:
    """Return the content of a file with other values, every other byte as it was.

    Raises:
        Refused: The file cannot be read.
        DefinitionError: The values cannot be changed so.
    """
    layout = lay_open(content)
    front, gone = dict(values), list(unset)
    body: str | None = None
    if layout.body or get(layout.data, PROMPT) is None:  # the prompt is the text below
        if PROMPT in gone and layout.body:
            gone.remove(PROMPT)
            body = ""
        prompt = front.get(PROMPT)
        if isinstance(prompt, str) and (layout.body or _fits_below(prompt)):
            body = front.pop(PROMPT)
    text = put_front(layout, with_values(layout.data, front, gone))
    if body is not None and body != layout.body:
        text = put_body(lay_open((layout.mark + text).encode()), body)
    return (layout.mark + text).encode()


def values_of(content: bytes) -> dict[str, Any]:
    """Return what a file says, the text below as the prompt under ``context``.

    Raises:
        Refused: The file cannot be read.
    """
    layout = lay_open(content)
    if not layout.body or not isinstance(layout.data.get("context") or {}, dict):
        return layout.data
    return with_values(_without_empty(layout.data), {PROMPT: layout.body})


def load_content(source: Source, content: bytes) -> LoadResult:
    """Return what a file with this content gives, without reading the file."""
    report = Report(source.file)
    definition: PersonaDefinition | None = None
    try:
        definition = define_closely(source, split(decode(content)), report)
    except Refused as refused:
        report.refuse(refused)
    found = tuple(sorted(report.diagnostics, key=lambda d: (d.line, d.column, d.code)))
    if definition is None or report.failed:
        return LoadResult(diagnostics=found)
    return LoadResult((definition,), found)


def definition_values(definition: PersonaDefinition) -> dict[str, Any]:
    """Return what a definition says, as values for a file named after its short name."""
    # With a base, a value that is said is another thing than its default.
    said = {"exclude_unset": True} if definition.extends else {"exclude_defaults": True}
    data = definition.model_dump(mode="json", **said)  # type: ignore[arg-type]
    if definition.model is not None and not definition.model.model_id:
        data["model"].pop("model_id", None)
    name = definition.identity.name
    implied = "identity.name" in definition.implied or name == title_of(definition.name)
    if implied and "identity" in data:
        data["identity"].pop("name", None)
    data.pop("name", None)
    return {key: value for key, value in data.items() if value not in ({}, None)}


def from_flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of ``personas.toml`` in the form that Markdown files have.

    Raises:
        DefinitionError: It says something twice.
    """
    data = dict(values)
    if "preferred_models" in data:
        if "model" in data or "models" in data:
            raise DefinitionError("preferred_models and model are two ways to say the same.")
        models = unfolded(data.pop("preferred_models"))
        if models:
            data["model"] = models[0]
        if models[1:]:
            data["models"] = models[1:]
    prompt = data.pop("system_prompt", None)
    return data if prompt is None else with_values(data, {PROMPT: prompt})


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}


def _fits_below(prompt: str) -> bool:
    """Whether a prompt can be the text below the front matter."""
    return bool(prompt) and prompt == prompt.strip() and "\r" not in prompt and "\0" not in prompt


def _rank(key: str) -> int:
    return _ORDER.index(key) if key in _ORDER else len(_ORDER)
