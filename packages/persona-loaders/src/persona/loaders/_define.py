"""The whole way from a Markdown file to a definition."""

from __future__ import annotations

from persona.core import LoadResult, PersonaDefinition, Source
from persona.loaders._flat import indent
from persona.loaders._foreign import foreign
from persona.loaders._nodes import Node, Origins
from persona.loaders._report import Refused, Report
from persona.loaders._shape import implied_by, shape
from persona.loaders._text import read_parts
from persona.loaders._validate import validate
from persona.loaders._yaml import parse


def load(source: Source) -> LoadResult:
    """Read a file; what is wrong with it stands in the result."""
    report = Report(source.file)
    definition: PersonaDefinition | None = None
    try:
        definition = _define(source, report)
    except Refused as refused:
        report.refuse(refused)
    found = tuple(sorted(report.diagnostics, key=lambda d: (d.line, d.column, d.code)))
    if definition is None or report.failed:
        return LoadResult(diagnostics=found)
    return LoadResult((definition,), found)


def _define(source: Source, report: Report) -> PersonaDefinition | None:
    parts = read_parts(source.file)
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
    shaped = shape(root, parts, source.file, report)
    definition = validate(shaped, report)
    if definition is None:
        return None
    implied = implied_by(root)
    return definition.located(source, Origins(shaped, source, implied), implied)
