"""Checks of a definition against the world: engine, presets, avatar, skills, names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import ValidationError

from persona.core._avatar import AvatarError, check_avatar
from persona.core._check_servers import check_servers
from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic, did_you_mean
from persona.core._errors import EngineError
from persona.core._findings import LONGEST, finding, models_of, short, wrong_address
from persona.core._known_engines import engine_fix
from persona.core._mentions import mention_name
from persona.core._paths import leads_out, leads_somewhere
from persona.core._preset import PRESET_KEYS
from persona.core._registry import EngineRegistry
from persona.core._source import Source


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
        *check_servers(definition, source),
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
            finding(definition, source, ".".join(["options", *map(str, error["loc"])]), "P308",
                f"The engine {definition.engine!r} does not take this option: {error['msg']}.",
                f"Correct {'.'.join(map(str, error['loc']))} under options.")
            for error in exc.errors(include_url=False, include_input=False)
        ]  # fmt: skip
    return []


def check_presets(
    definition: PersonaDefinition,
    known: Mapping[str, Collection[str]],
    broken: Collection[tuple[str, str]] = (),
) -> list[Diagnostic]:
    """Return which presets a definition names that do not exist.

    Args:
        definition: The definition, with what it inherits.
        known: Names of the presets by kind.
        broken: Kind and name of presets that cannot be used.
    """
    source = definition.source
    if source is None:
        return []
    found = []
    for key, kind in PRESET_KEYS.items():
        name = getattr(definition, key)
        there = known.get(kind, ())
        if name is None or name in there:
            continue
        message = f"There is no {key} {short(name)!r}."
        guess = did_you_mean(name, there) if len(name) <= LONGEST else None
        fix = f"Write it in personas.toml as [{kind}.<name>], or remove the line."
        if (kind, name) in broken:
            message = f"The {key} {short(name)!r} cannot be used."
            fix = f"Correct its table [{kind}.{short(name)}] first."
        elif guess:
            fix = f"Did you mean {guess!r}?"
        found.append(finding(definition, source, key, "P309", message, fix))
    return found


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
                told = finding(definition, definition.source, key, "P304",
                               f"@{name} is also {other.name!r}.",
                               "Give one of them another name.", "warning")  # fmt: skip
                found.append((definition.name, told))
                break
    return found


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
        fix = engine_fix(definition.engine, registry.entries)
    yield finding(definition, source, "engine", "P301", message, fix)


def _check_avatar(definition: PersonaDefinition, source: Source) -> Iterator[Diagnostic]:
    try:
        check_avatar(definition.identity.avatar, definition.avatar_folders)
    except AvatarError as exc:
        yield finding(definition, source, "identity.avatar", "P302", str(exc),
                  "The persona works without it and shows its initials.", "warning")  # fmt: skip


def _check_model(definition: PersonaDefinition, source: Source) -> Iterator[Diagnostic]:
    for path, model in models_of(definition):
        if not model.provider or not model.model:
            # Origins are looked up only for what is told: they cost a second look at the file.
            key = f"{path}.model_id" if f"{path}.model_id" in definition.origins else path
            message = f"The model {short(model.model_id)!r} has no provider."
            fix = f"Write provider/model, for example openai/{short(model.model.strip('/'))}."
            if not model.model.strip("/"):
                message = f"The model {short(model.model_id)!r} has no name."
                fix = "Write provider/model, for example ollama/llama3.1."
            yield finding(definition, source, key, "P306", message, fix, "warning")
        wrong = wrong_address(model.model_url) if model.model_url else None
        if wrong is not None:
            message = f"The model's address {short(model.model_url or '')!r} {wrong}."
            yield finding(definition, source, f"{path}.model_url", "P317", message,
                          "Write it as http://host:port or https://host/path.",
                          "warning")  # fmt: skip


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
        yield finding(definition, source, key, "P305", message, fix, "warning")
