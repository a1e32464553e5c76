"""The whole way from a TOML file to definitions and presets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from persona.core import Diagnostic, LoadResult, PersonaDefinition, Source, did_you_mean
from persona.loaders._nodes import Node, Origins
from persona.loaders._presets import KINDS, Preset
from persona.loaders._report import MOST, Refused, Report, short
from persona.loaders._shape import implied_by
from persona.loaders._toml_shape import shape_table
from persona.loaders._toml_text import Document, read_document
from persona.loaders._validate import tell, validate

PERSONAS = "personas"


def load(source: Source) -> LoadResult:
    """Read a file; what is wrong with it stands in the result."""
    report = Report(source.file, toml=True)
    try:
        document = read_document(source.file)
    except Refused as refused:
        report.refuse(refused)
        return LoadResult(diagnostics=tuple(report.diagnostics))
    definitions = load_definitions(document, source, report)
    load_presets(document, source.file, report)
    found = sorted(report.diagnostics[:MOST], key=lambda d: (d.line, d.column, d.code))
    return LoadResult(tuple(definitions.values()), tuple(found))


def load_definitions(
    document: Document, source: Source, report: Report
) -> dict[str, PersonaDefinition]:
    """Return the personas of a document by the names of their tables."""
    _check_root(document, report)
    found: dict[str, PersonaDefinition] = {}
    slugs: dict[str, str] = {}
    for key in document.table(PERSONAS):
        definition, diagnostics = load_definition(document, key, source)
        report.diagnostics += diagnostics
        if definition is None:
            report.failed = True
        elif (other := slugs.setdefault(definition.name, key)) != key:
            report.add("P303", f"[{PERSONAS}.{short(other)}] has the short name "
                       f"{definition.name!r} too and is used.", "Give one of them another name.",
                       document.place(PERSONAS, key), "warning")  # fmt: skip
        else:
            found[key] = definition
    return found


def load_definition(
    document: Document, key: str, source: Source
) -> tuple[PersonaDefinition | None, list[Diagnostic]]:
    """Return one persona, or None and what is wrong with it."""

    def shaped(report: Report, *, places: bool) -> Node:
        at = document.place(PERSONAS, key) if places else (1, 1)
        table = document.node(PERSONAS, key, places=places)
        return shape_table(table, Node(key, *at, None, None, key), report)

    def origins() -> Node:
        return shaped(Report(source.file, toml=True), places=True)

    # Places cost a scan of the file, so they are looked up only if something is wrong.
    for places in (False, True):
        report = Report(source.file, toml=True)
        definition: PersonaDefinition | None = None
        try:
            definition = validate(shaped(report, places=places), report)
        except Refused as refused:
            report.refuse(refused)
        if not report.diagnostics:
            break
    if definition is None or report.failed:
        return None, report.diagnostics
    implied = implied_by(document.node(PERSONAS, key, places=False))
    located = definition.located(source, Origins(origins, source, implied), implied)
    return located.keyed(key), report.diagnostics


def load_presets(document: Document, file: Path, report: Report) -> dict[str, dict[str, Preset]]:
    """Return the presets of a document: by the name of their kind, then by their own."""
    found: dict[str, dict[str, Preset]] = {kind: {} for kind in KINDS}
    for kind, model in KINDS.items():
        for name in document.table(kind):
            own = Report(file, toml=True)
            try:
                found[kind][name] = _preset(document, kind, name, model)
            except Refused as refused:
                own.refuse(refused)
            except ValidationError as exc:
                node = document.node(kind, name, places=True)
                for error in exc.errors(include_url=False, include_input=False):
                    tell(error["type"], error["loc"], error.get("ctx", {}), error["msg"],
                         node, own)  # fmt: skip
            report.diagnostics += own.diagnostics
            report.failed = report.failed or own.failed
    return found


def _preset(document: Document, kind: str, name: str, model: Callable[..., Preset]) -> Preset:
    for places in (False, True):
        try:
            node = document.node(kind, name, places=places)
            break
        except Refused:
            if places:
                raise
    if node.keys is None:
        line, column = document.place(kind, name)
        raise Refused("P202", f"{kind}.{short(name)} must be a table.",
                      f"Write [{kind}.{short(name)}] and the values below it.",
                      line=line, column=column)  # fmt: skip
    return model(**{**node.data, "name": name})


def _check_root(document: Document, report: Report) -> None:
    for name, value in document.data.items():
        if name in (PERSONAS, *KINDS):
            if not isinstance(value, dict):
                report.add("P202", f"{name} must be a table.",
                           f"Write [{name}.<name>] for each.", document.place(name))  # fmt: skip
            continue
        guess = did_you_mean(name, (PERSONAS, *KINDS)) if len(name) <= 60 else None
        fix = f"Did you mean {guess!r}?" if guess else "Personas stand in [personas.<name>]."
        report.add("P201", f"{short(name)!r} is not read.", fix, document.place(name), "warning")
