"""From ``--dir`` and ``--root`` to what can be seen there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from persona.cli._errors import USAGE, CliError
from persona.core import Catalog, CatalogView, PersonaDefinition, did_you_mean, mention_name


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command looks from.

    Attributes:
        folder: The folder, absolute.
        root: The server's root folder, absolute.
        catalog: Reads what the folder sees.
    """

    folder: Path
    root: Path
    catalog: Catalog

    def view(self) -> CatalogView:
        """Return what the folder sees."""
        return self.catalog.view(self.folder, self.root)


def find_place(folder: Path, root: Path | None) -> Place:
    """Return the place for the options of a command.

    Raises:
        CliError: A folder does not exist, or the root does not hold it.
    """
    here = _existing(folder)
    top = find_root(here) if root is None else _existing(root)
    if not here.is_relative_to(top):
        raise CliError(f"The folder {here} does not lie in the root folder {top}.", USAGE)
    return Place(here, top, Catalog())


def find_root(folder: Path) -> Path:
    """Return the nearest folder with a project's ``.jupyter``, from ``folder`` up, or itself."""
    from jupyter_core.paths import jupyter_config_dir

    own = Path(jupyter_config_dir()).resolve()  # most homes hold one; it makes no project
    for candidate in (folder, *folder.parents):
        marker = candidate / ".jupyter"
        if marker.is_dir() and marker.resolve() != own:
            return candidate
    return folder


def find_persona(view: CatalogView, name: str) -> PersonaDefinition:
    """Return the persona with that short name or shown name, in any case.

    Raises:
        CliError: There is none, several, its file is broken, or it is disabled.
    """
    wanted = name.removeprefix("@").casefold()
    if wanted in view.personas:
        return view.personas[wanted]
    found = [d for d in view.personas.values() if wanted in shown_names(d)]
    if not found:  # what cannot run here says so when it is shown or asked
        absent = [a.definition for a in view.absent.values()]
        found = [d for d in absent if wanted == d.name or wanted in shown_names(d)]
    if len(found) == 1:
        return found[0]
    if found:
        slugs = ", ".join(sorted(d.name for d in found))
        raise CliError(f"Several personas are called {name!r}; use one of: {slugs}.")
    for broken in view.broken:
        if broken.slug.casefold() == wanted and broken.errors:
            raise CliError(f"{name!r} cannot be used. {broken.errors[0]}")
    if wanted in view.hidden:  # known, and neither usable nor broken
        raise CliError(f"{wanted!r} is disabled. To see it again: jupyter persona enable {wanted}.")
    known = {d.name for d in view.personas.values()}
    known |= {d.identity.name for d in view.personas.values()}
    known |= view.absent.keys()
    raise no_persona(name, known)


def no_persona(name: str, *known: set[str]) -> CliError:
    """Return the error for a name that nobody has.

    Args:
        name: What was typed.
        known: Names that may have been meant; the likeliest set first.
    """
    wanted = name.removeprefix("@")
    guess = next((found for names in known if (found := did_you_mean(wanted, names))), None)
    if guess:
        return CliError(f"There is no persona {name!r}. Did you mean {guess!r}?")
    return CliError(
        f"There is no persona {name!r}; jupyter persona list shows those that there are."
    )


def shown_path(file: Path, base: Path | None = None) -> str:
    """Return a path as people read it: relative to where they are, or from the home."""
    here = base or Path.cwd()
    try:
        home = Path.home()
    except RuntimeError:  # no home at all
        return str(file)
    if file.is_relative_to(here):
        return str(file.relative_to(here))
    return f"~{os.sep}{file.relative_to(home)}" if file.is_relative_to(home) else str(file)


def shown_names(definition: PersonaDefinition) -> set[str]:
    """Return the shown name as it is written and as it is mentioned, in lower case."""
    name = definition.identity.name
    return {name.casefold(), mention_name(name).casefold()}


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise CliError(f"{folder} is not a folder.", USAGE)
    return folder.resolve()
