"""Saves a persona that a chat brings as a file of one's own."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from persona.core import (
    AvatarError,
    DefinitionError,
    EngineError,
    Location,
    Packed,
    PersonaDefinition,
    Scope,
    avatar_bytes,
    avatar_data_uri,
    image_type,
    level_for_new,
)
from persona.jupyter import _carried_offer as texts
from persona.jupyter._carried import Carried
from persona.jupyter._refusal import Refusal
from persona.jupyter._target import split_name
from persona.jupyter._whereabouts import shown_path

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._manager import PersonaManager

_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
}


@dataclass(frozen=True, slots=True)
class SavedPersona:
    """What was saved.

    Attributes:
        slug: Short name of the persona.
        name: The name shown.
        file: The file, as people read it.
        scope: ``project`` or ``user``.
        packed: What the chat brought.
        problems: What could not be saved with it, and why it cannot answer yet.
    """

    slug: str
    name: str
    file: str
    scope: str
    packed: Packed
    problems: tuple[str, ...] = ()

    def told(self, by: str = "") -> str:
        """Return what the chat says."""
        return texts.saved(self.name, self.file, self.packed, self.problems, by)


async def save_carried(
    manager: PersonaManager, slug: str, scope: str = "project", seal: str | None = None
) -> SavedPersona:
    """Write a persona that a chat brings into a file, and let it answer.

    Args:
        manager: The chat's manager.
        slug: Its short name.
        scope: ``project``, the chat's, or ``user``.
        seal: Of what was looked at before it was decided; by default whatever is there now.

    Raises:
        Refusal: There is no such persona in the chat, or there is one here already, or the
            server does not allow it, or it cannot be written.
    """
    if scope not in (Scope.PROJECT, Scope.USER):
        raise Refusal("failed", "A persona is saved to `project` or `user`.")
    async with manager.carried.saving:
        if slug in manager.personas.everyone.personas:
            raise Refusal("taken", "There is a persona of that name already.")
        carried = manager.carried.all(manager.view).get(slug)
        if carried is None:
            raise Refusal("unknown", "This chat brings no persona of that name.")
        if carried.packed is None:
            raise Refusal("refused", carried.problem)
        if seal is not None and not manager.carried.has_shown(carried, seal):
            raise Refusal(
                "changed",
                "What you see was not shown by this server, or has changed since. "
                f"Write @{slug} and look at it again.",
            )
        definition = carried.packed.definition.model_copy(update={"name": slug})
        try:
            manager.policy.check(definition)
        except EngineError as exc:
            raise Refusal("refused", f"{exc.summary} {exc.fix}") from exc
        level = level_for_new(manager.levels(), Scope(scope))
        if level is None:
            raise Refusal("failed", "This folder is no project of its own. Save it to `user`.")
        try:
            file, problems = await asyncio.to_thread(
                _write, level, definition, carried, manager.root_dir
            )
        except (DefinitionError, OSError) as exc:
            raise Refusal("failed", str(exc)) from exc
        await manager.reload()
        await manager.trust.written(slug)  # what it would run was shown before
        found = manager.view.findings(slug)
        errors = [f"{d.message} {d.fix}".strip() for d in found if d.severity == "error"]
        problems = (*problems, *errors)
    shown = shown_path(file, manager.root_dir)
    return SavedPersona(slug, carried.name, shown, scope, carried.packed, problems)


async def save_named(manager: PersonaManager, rest: str, message: Message) -> str | None:
    """Do ``/save @Name`` for a persona that the chat brings.

    Args:
        manager: The chat's manager.
        rest: What stands after the command: ``@Name`` and perhaps ``user``.
        message: The message.

    Returns:
        What the chat says; None if nobody whom the chat brings is named so.
    """
    known = manager.carried.all(manager.view)
    found = split_name(rest, {slug: (c.name, slug) for slug, c in known.items()})
    if found is None:
        return None
    slug, where = found
    try:
        saved = await save_carried(manager, slug, where.strip("`") or "project")
    except Refusal as exc:
        return f"Not saved. {exc}"
    manager.offers.settle(slug, f"✓ **Saved** as `{saved.file}`.")
    return saved.told()


def _write(
    level: Location, definition: PersonaDefinition, carried: Carried, root: Path
) -> tuple[Path, tuple[str, ...]]:
    from persona.loaders import MarkdownPersonaStore

    folder = Path(os.path.realpath(level.folder))
    if level.scope is Scope.PROJECT and not folder.is_relative_to(os.path.realpath(root)):
        raise DefinitionError("The project's folder of personas leads out of the server's root.")
    store = MarkdownPersonaStore(level.folder, scope=level.scope, root=level.root)
    other = store.path(definition.name) or store.new_path(definition.name)
    if os.path.lexists(other):
        raise DefinitionError(f"{shown_path(other, root)} exists already and is not overwritten.")
    image: Path | None = None
    problems: list[str] = []
    avatar = definition.identity.avatar
    if avatar is None and carried.avatar:
        try:
            avatar, image = _save_image(carried.avatar, folder, definition.name)
        except AvatarError as exc:
            problems.append(f"Its picture was left out: {exc}")
    identity = definition.identity.model_copy(update={"avatar": avatar})
    with ExitStack() as undo:
        if image is not None:
            undo.callback(_remove, image)
        file = store.create(definition.model_copy(update={"identity": identity}))
        undo.pop_all()
    return file, tuple(problems)


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink()


def _save_image(avatar: str, folder: Path, slug: str) -> tuple[str | None, Path | None]:
    """Write the picture beside the definition; return what the definition says of it.

    Raises:
        AvatarError: It is no image, or one that could do something.
        OSError: It cannot be written.
    """
    uri = avatar_data_uri(avatar, [])
    if uri is None or not uri.startswith("data:"):
        return uri, None
    data = avatar_bytes(uri)
    ending = _ENDINGS[image_type(data, "of the chat")]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 100):
        file = folder / (f"{slug}{ending}" if number == 1 else f"{slug}-{number}{ending}")
        with suppress(FileExistsError):
            with file.open("xb") as stream:
                stream.write(data)
            return file.name, file
    raise AvatarError("too many files of its name are there.")
