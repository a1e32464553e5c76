"""Checks of a definition against the world: engine, avatar, skills, names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from persona.core._avatar import AvatarError, avatar_data_uri
from persona.core._definition import PersonaDefinition, Source
from persona.core._diagnostics import Diagnostic, Severity, did_you_mean
from persona.core._errors import EngineError
from persona.core._mentions import mention_name
from persona.core._paths import leads_out, leads_somewhere
from persona.core._registry import EngineRegistry


def check_definition(definition: PersonaDefinition, registry: EngineRegistry) -> list[Diagnostic]:
    """Return what is wrong with a definition that could be read.

    Reads the avatar and looks for the skills, imports no engine.
    """
    source = definition.source
    if source is None:
        return []
    return [
        *_check_engine(definition, source, registry),
        *_check_avatar(definition, source),
        *_check_model(definition, source),
        *_check_skills(definition, source),
    ]


def check_options(definition: PersonaDefinition, registry: EngineRegistry) -> list[Diagnostic]:
    """Return what is wrong with the options, by the engine's own model of them.

    Imports the engine, so it is for checks on demand, not for listings.
    """
    source = definition.source
    if source is None:
        return []
    try:
        model = registry.load(definition.engine).options_model
    except EngineError:  # told by `check_definition`
        return []
    if model is None:
        return []
    try:
        model.model_validate(definition.options)
    except ValidationError as exc:
        return [
            _at(definition, source, ".".join(["options", *map(str, error["loc"])]), "P308",
                f"The engine {definition.engine!r} does not take this option: {error['msg']}.",
                f"Correct {'.'.join(map(str, error['loc']))} under options.")
            for error in exc.errors(include_url=False, include_input=False)
        ]  # fmt: skip
    return []


def check_mention_names(
    definitions: Iterable[PersonaDefinition],
) -> list[tuple[str, Diagnostic]]:
    """Return short name and finding for each persona whose @-name is another's too."""
    owners: dict[str, PersonaDefinition] = {}
    found: list[tuple[str, Diagnostic]] = []
    for definition in definitions:
        for name in dict.fromkeys((mention_name(definition.identity.name), definition.name)):
            other = owners.setdefault(name.casefold(), definition)
            if other is not definition and definition.source is not None:
                key = "identity.name" if "identity.name" in definition.origins else "name"
                finding = _at(definition, definition.source, key, "P304",
                              f"@{name} is also {other.name!r}.",
                              "Give one of them another name.", "warning")  # fmt: skip
                found.append((definition.name, finding))
                break
    return found


def _at(
    definition: PersonaDefinition,
    source: Source,
    key: str,
    code: str,
    message: str,
    fix: str,
    severity: Severity = "error",
) -> Diagnostic:
    origin = definition.origins.get(key)
    if origin is None:
        return Diagnostic(code, message, source.file, 1, 1, severity, fix)
    # The file may be one that this one extends.
    return Diagnostic(code, message, origin.file, origin.line, 1, severity, fix)


def _check_engine(
    definition: PersonaDefinition, source: Source, registry: EngineRegistry
) -> Iterator[Diagnostic]:
    entry = registry.entries.get(definition.engine)
    if entry is not None and entry.broken is None:
        return
    if entry is not None:
        message = f"The engine {definition.engine!r} cannot be used: {entry.broken}."
        fix = f"Reinstall or remove {entry.distribution}."
    else:
        message = f"The engine {definition.engine!r} is not installed."
        guess = did_you_mean(definition.engine, registry.entries)
        known = ", ".join(registry.entries) or "none"
        fix = f"Did you mean {guess!r}?" if guess else f"Installed engines: {known}."
    yield _at(definition, source, "engine", "P301", message, fix)


def _check_avatar(definition: PersonaDefinition, source: Source) -> Iterator[Diagnostic]:
    try:
        avatar_data_uri(definition.identity.avatar, definition.avatar_folders)
    except AvatarError as exc:
        yield _at(definition, source, "identity.avatar", "P302", str(exc),
                  "The persona works without it and shows its initials.", "warning")  # fmt: skip


def _check_model(definition: PersonaDefinition, source: Source) -> Iterator[Diagnostic]:
    model = definition.model
    if model is None or "/" in model.model_id:
        return
    message = f"The model {model.model_id!r} has no provider."
    fix = f"Write provider/model, for example openai/{model.model_id}."
    yield _at(definition, source, "model.model_id", "P306", message, fix, "warning")


def _check_skills(definition: PersonaDefinition, source: Source) -> Iterator[Diagnostic]:
    said_by = definition.source_of("context.skills_paths") or source
    for number, given in enumerate(definition.context.skills_paths):
        if leads_somewhere(given, said_by):
            continue
        message = f"The skills path {given!r} matches nothing."
        fix = "Check the path; it is relative to the file or to the project."
        if leads_out(given, said_by):
            message = f"The skills path {given!r} leads out of the project."
            fix = "Move the skills into the project."
        key = f"context.skills_paths.{number}"
        if key not in definition.origins:
            key = "context.skills_paths"
        yield _at(definition, source, key, "P305", message, fix, "warning")
