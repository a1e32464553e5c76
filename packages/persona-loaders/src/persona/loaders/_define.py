"""The whole way from a Markdown file to a definition."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from persona.core import LoadResult, PersonaDefinition, Source
from persona.loaders import _quick as quick
from persona.loaders._flat import indent
from persona.loaders._foreign import foreign
from persona.loaders._nodes import Node, Origins
from persona.loaders._report import Refused, Report
from persona.loaders._shape import implied_by, is_slug, shape, slug_of_file
from persona.loaders._text import Parts, read_parts
from persona.loaders._validate import validate
from persona.loaders._yaml import parse
from persona.loaders._yaml_quick import read_values


def load(source: Source) -> LoadResult:
    """Read a file; what is wrong with it stands in the result."""
    try:
        parts = read_parts(source.file)
        definition = define_quickly(source, parts)
        return LoadResult((definition,)) if definition else _load_closely(source, parts)
    except Refused as refused:
        report = Report(source.file)
        report.refuse(refused)
        return LoadResult(diagnostics=tuple(report.diagnostics))


def _load_closely(source: Source, parts: Parts) -> LoadResult:
    report = Report(source.file)
    definition: PersonaDefinition | None = None
    try:
        definition = define_closely(source, parts, report)
    except Refused as refused:
        report.refuse(refused)
    found = tuple(sorted(report.diagnostics, key=lambda d: (d.line, d.column, d.code)))
    if definition is None or report.failed:
        return LoadResult(diagnostics=found)
    return LoadResult((definition,), found)


def define_quickly(source: Source, parts: Parts) -> PersonaDefinition | None:
    """Return the definition if nothing is wrong with it; places are looked up when asked for."""
    values = read_values(parts.yaml)
    if values is None:
        return None
    try:
        values = quick.write_out(values)
        implied = _fill_in(values, source.file, parts.body)
        definition = quick.define(values)
    except quick.Unusual:
        return None
    return definition.placed(
        source, Origins(partial(_root, source, parts), source, implied), implied
    )


def _root(source: Source, parts: Parts) -> Node:
    return _shaped(source, parts, Report(source.file))[0]


def _fill_in(values: dict[str, Any], file: Path, body: str) -> frozenset[str]:
    """Fill in prompt and names; return the paths of what the file does not say.

    Raises:
        Unusual: There is something to be told about them.
    """
    slug = values.get("name")
    if slug is None:
        slug = slug_of_file(file)
    if type(slug) is not str or not is_slug(slug):
        raise quick.Unusual
    values["name"] = slug
    context = values.setdefault("context", {}) if body else {}
    if "system_prompt" in context:
        raise quick.Unusual
    if body:
        context["system_prompt"] = body
    return quick.fill_identity(values, slug)


def define_closely(source: Source, parts: Parts, report: Report) -> PersonaDefinition | None:
    """Return the definition, or None after telling what is wrong with it and where."""
    shaped, implied = _shaped(source, parts, report)
    definition = validate(shaped, report)
    if definition is None:
        return None
    return definition.located(source, Origins(shaped, source, implied), implied)


def _shaped(source: Source, parts: Parts, report: Report) -> tuple[Node, frozenset[str]]:
    """Return the values in the form of the models with their places, and what is implied."""
    root = parse(parts.yaml, parts.line)
    if root is None or root.data is None:
        root = Node({}, max(parts.line - 1, 1), 1, children={}, keys={})
    if root.keys is None:
        raise Refused(
            "P107",
            "The front matter is not made of `key: value` lines.",
            "Write for example `model: provider/model` on a line of its own.",
            line=root.line,
            column=root.column,
        )
    other = foreign(root)
    if other is not None:
        raise other
    root = indent(root, report)
    return shape(root, parts, source.file, report), implied_by(root)
