"""Makes a first persona for a chat: a commented file in its project."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persona.core import (
    CODE_ENGINE,
    DefinitionError,
    EngineRegistry,
    LoadResult,
    Location,
    Scope,
    Source,
    level_for_new,
    slugify,
    title_of,
)
from persona.jupyter._policy import Policy
from persona.jupyter._refusal import Refusal
from persona.jupyter._whereabouts import shown_path

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class NewPersona:
    """What was made.

    Attributes:
        slug: Short name.
        name: The name shown.
        file: Its file.
    """

    slug: str
    name: str
    file: Path


async def make_persona(
    name: str,
    levels: Sequence[Location],
    root: Path,
    taken: Sequence[str],
    registry: EngineRegistry,
    policy: Policy,
) -> NewPersona:
    """Write a new persona into the project of a chat. Nothing is ever overwritten.

    Args:
        name: Its name, as it is shown.
        levels: Where definitions of the chat are looked for, the farthest first.
        root: The server's root folder.
        taken: Short names that the chat knows already.
        registry: The installed engines.
        policy: What the server allows.

    Raises:
        Refusal: The name cannot be used, or the file cannot be written.
    """
    shown = " ".join(name.removeprefix("@").split())
    slug = slugify(shown)
    if not slug or len(shown) > _LONGEST or not shown.isprintable() or {"/", "\\"} & set(shown):
        raise Refusal("name", f"A name is one line of 1 to {_LONGEST} characters with letters.")
    if slug in taken:
        raise Refusal("taken", f"There is a persona of the name {slug} already.")
    if shown == slug:
        shown = title_of(slug)
    level = level_for_new(levels, Scope.PROJECT)
    if level is None:
        raise Refusal("failed", "This folder is your own, no project's. Open a chat in a project.")
    engine = _engine(registry, policy)
    try:
        file = await asyncio.to_thread(_write, level, slug, shown, engine, root)
    except FileExistsError as exc:
        raise Refusal("taken", str(exc)) from exc
    except (DefinitionError, OSError) as exc:
        raise Refusal("failed", str(exc)) from exc
    return NewPersona(slug, shown, file)


def _engine(registry: EngineRegistry, policy: Policy) -> str:
    """Return an engine that may be used here: the usual one, else the first that works."""
    from persona.loaders import starter_choice

    usual, _ = starter_choice(None, None)
    usable = [e.id for e in registry.entries.values() if not e.broken and e.id != CODE_ENGINE]
    allowed = [engine for engine in usable if policy.allows_engine(engine)]
    if not allowed:
        raise Refusal("refused", "No engine is installed here that the server allows.")
    return usual if usual in allowed else allowed[0]


def _write(level: Location, slug: str, shown: str, engine: str, root: Path) -> Path:
    from persona.loaders import MarkdownEntry, MarkdownPersonaStore, markdown_starter

    if not _inside(level.folder, root):
        raise DefinitionError("The project's folder of personas leads out of the server's root.")
    store = MarkdownPersonaStore(level.folder, scope=level.scope, root=level.root)
    file = store.path(slug) or store.new_path(slug)
    if os.path.lexists(file):
        raise FileExistsError(f"{shown_path(file, root)} exists already and is not overwritten.")
    entry = MarkdownEntry(Source(file, level.scope, level.root))
    entry.create_content(markdown_starter(shown, engine), check=_sound)
    return file


def _inside(folder: Path, root: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root))


def _sound(result: LoadResult) -> None:
    errors = [d for d in result.diagnostics if d.severity == "error"]
    if errors:
        raise DefinitionError(str(errors[0]), result.diagnostics)
