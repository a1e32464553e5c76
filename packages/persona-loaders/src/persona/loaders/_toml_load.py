"""The whole way from a TOML file to definitions and presets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from persona.core import (
    Diagnostic,
    LoadResult,
    PersonaDefinition,
    PresetDefinition,
    Source,
    did_you_mean,
    slugify,
)
from persona.loaders import _toml_quick as quick
from persona.loaders._nodes import Node, Origins, mapping
from persona.loaders._presets import KINDS, Preset
from persona.loaders._quick import Unusual
from persona.loaders._report import MOST, Refused, Report, short
from persona.loaders._shape import implied_by, is_slug
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
    return load_document(document, source)


def load_document(document: Document, source: Source) -> LoadResult:
    """Return what a file with this content gives. Called before it is written, too."""
    report = Report(source.file, toml=True)
    broken: dict[str, tuple[Diagnostic, ...]] = {}
    definitions = load_definitions(document, source, report, broken)
    presets = define_presets(document, source, report)
    found = sorted(report.diagnostics[:MOST], key=lambda d: (d.line, d.column, d.code))
    return LoadResult(tuple(definitions.values()), tuple(found), broken, presets)


def load_definitions(
    document: Document,
    source: Source,
    report: Report,
    broken: dict[str, tuple[Diagnostic, ...]] | None = None,
) -> dict[str, PersonaDefinition]:
    """Return the personas of a document by the names of their tables.

    Why others cannot be used is put into ``broken``, by short name.
    """
    _check_root(document, report)
    found: dict[str, PersonaDefinition] = {}
    slugs: dict[str, str] = {}
    for key in document.table(PERSONAS):
        definition, diagnostics = load_definition(document, key, source)
        report.diagnostics += diagnostics
        if definition is None:
            report.failed = True
            if broken is not None:
                slug = key if is_slug(key) else slugify(key)
                errors = tuple(d for d in diagnostics if d.severity == "error")
                broken.setdefault(slug or key, errors)
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
    definition = define_quickly(document, key, source)
    return (definition, []) if definition else define_closely(document, key, source)


def define_quickly(document: Document, key: str, source: Source) -> PersonaDefinition | None:
    """Return a persona that nothing is wrong with; places are looked up when asked for."""
    if document.has_odd_values:
        return None
    try:
        definition, implied = quick.define(key, document.data[PERSONAS][key])
    except Unusual:
        return None
    origins = Origins(partial(_shaped, document, key, source, places=True), source, implied)
    return definition.placed(source, origins, implied)


def define_closely(
    document: Document, key: str, source: Source
) -> tuple[PersonaDefinition | None, list[Diagnostic]]:
    """Return one persona, or None and what is wrong with it and where."""
    # Places cost a scan of the file, so they are looked up only if something is wrong.
    for places in (False, True):
        report = Report(source.file, toml=True)
        definition: PersonaDefinition | None = None
        try:
            definition = validate(_shaped(document, key, source, report, places=places), report)
        except Refused as refused:
            report.refuse(refused)
        if not report.diagnostics:
            break
    if definition is None or report.failed:
        return None, report.diagnostics
    implied = implied_by(document.node(PERSONAS, key, places=False))
    origins = Origins(partial(_shaped, document, key, source, places=True), source, implied)
    return definition.located(source, origins, implied).keyed(key), report.diagnostics


def _shaped(
    document: Document, key: str, source: Source, report: Report | None = None, *, places: bool
) -> Node:
    """Return a persona in the form of the models; what is wrong is told to ``report``."""
    at = document.place(PERSONAS, key) if places else (1, 1)
    table = document.node(PERSONAS, key, places=places)
    name = Node(key, *at, None, None, key)
    return shape_table(table, name, report or Report(source.file, toml=True))


def load_presets(document: Document, file: Path, report: Report) -> dict[str, dict[str, Preset]]:
    """Return the presets of a document: by the name of their kind, then by their own."""
    found: dict[str, dict[str, Preset]] = {kind: {} for kind in KINDS}
    for kind, name, preset in _each_preset(document, file, report):
        if isinstance(preset, Preset):
            found[kind][name] = preset
    return found


def define_presets(
    document: Document, source: Source, report: Report
) -> tuple[PresetDefinition, ...]:
    """Return the presets of a document as data for the catalog, broken ones too."""
    found = []
    for kind, name, preset in _each_preset(document, source.file, report):
        origins = Origins(partial(_whole_preset, document, kind, name), source)
        if isinstance(preset, Preset):
            values = preset.model_dump(exclude_unset=True, exclude={"name"})
            found.append(PresetDefinition(kind, name, source, values, origins))
        else:
            found.append(PresetDefinition(kind, name, source, {}, origins, tuple(preset)))
    return tuple(found)


def _each_preset(
    document: Document, file: Path, report: Report
) -> Iterator[tuple[str, str, Preset | list[Diagnostic]]]:
    """Yield kind, name and each preset, or what is wrong with it, which is told too."""
    for kind, model in KINDS.items():
        for name in document.table(kind):
            own = Report(file, toml=True)
            preset: Preset | None = None
            try:
                preset = _preset(document, kind, name, model)
            except Refused as refused:
                own.refuse(refused)
            except ValidationError as exc:
                node = document.node(kind, name, places=True)
                for error in exc.errors(include_url=False, include_input=False):
                    tell(error["type"], error["loc"], error.get("ctx", {}), error["msg"],
                         node, own)  # fmt: skip
            report.diagnostics += own.diagnostics
            report.failed = report.failed or own.failed
            yield kind, name, own.diagnostics if preset is None else preset


def _whole_preset(document: Document, kind: str, name: str) -> Node:
    """Return a preset with the places of its values, and that of its name."""
    at = document.place(kind, name)
    try:
        node = document.node(kind, name, places=True)
    except Refused:  # told already
        node = Node({}, *at, {}, {})
    return mapping(
        node, {**node.members, "name": Node(name, *at)}, {**(node.keys or {}), "name": at}
    )


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
