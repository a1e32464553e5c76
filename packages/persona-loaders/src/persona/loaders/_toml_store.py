"""Personas and presets in ``personas.toml``: load, save, delete, in two scopes."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from persona.core import (
    DefinitionChanged,
    DefinitionError,
    Diagnostic,
    PersonaDefinition,
    Scope,
    Source,
    locked,
)
from persona.loaders import paths
from persona.loaders._files import replace
from persona.loaders._presets import KINDS, Preset
from persona.loaders._profile import Persona
from persona.loaders._report import Refused, Report
from persona.loaders._toml_change import Entry, with_entry
from persona.loaders._toml_edit import Place
from persona.loaders._toml_load import PERSONAS, load_definitions, load_presets
from persona.loaders._toml_text import Document, read_document, read_for_editing

_SCOPES = {"project": Scope.PROJECT, "user": Scope.USER, "global": Scope.USER}


class TomlPersonaStore:
    """The personas of a project and of its user. The project's win.

    A name that this store has read is not overwritten if somebody else changed it since;
    entries of other names never stand in the way. Saving reads the file again under a
    lock, so several processes can save to one file. Blocking: call it off the event loop.

    Args:
        project_root: Folder of the project; without it there is only the user's scope.
        user_path: File of the user's scope, by default in Jupyter's configuration folder.
        project_path: File of the project, by default ``personas.toml`` in its folder.
    """

    def __init__(
        self,
        project_root: Path | str | None = None,
        *,
        user_path: Path | str | None = None,
        project_path: Path | str | None = None,
    ) -> None:
        self.project_root = None if project_root is None else Path(project_root)
        self._user_path = None if user_path is None else Path(user_path)
        self._project_path = None if project_path is None else Path(project_path)
        self._seen: dict[tuple[Path, str, str], object] = {}
        self._read: set[Path] = set()

    def path(self, scope: str = "project") -> Path:
        """Return the file of a scope: ``project``, or ``user`` (also called ``global``).

        Raises:
            DefinitionError: There is no such scope, or no project.
        """
        kind = _SCOPES.get(scope)
        if kind is Scope.USER:
            return self._user_path or paths.get_global_personas_path()
        if kind is None:
            raise DefinitionError(f"There is no scope {scope!r}. Write 'project' or 'user'.")
        if self._project_path is not None:
            return self._project_path
        if self.project_root is None:
            raise DefinitionError("No project is known. Give project_root, or use scope 'user'.")
        return paths.get_project_personas_path(self.project_root)

    def load_all(self) -> dict[str, Persona]:
        """Return all personas by name, those of the project over those of the user.

        What cannot be read is left out; `check` tells why.
        """
        found = self.load_definitions()
        return {name: Persona.from_definition(definition) for name, definition in found.items()}

    def load_definitions(self) -> dict[str, PersonaDefinition]:
        """Return the same as `load_all`, as definitions with their origins."""
        found: dict[str, PersonaDefinition] = {}
        for source, document in self._documents():
            self._remember(source.file, document)
            found |= load_definitions(document, source, Report(source.file, toml=True))
        return found

    def check(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the files of both scopes."""
        from persona.loaders._toml import TOML

        sources = [source for source in self._sources() if os.path.lexists(source.file)]
        return tuple(d for source in sources for d in TOML.load(source).diagnostics)

    def get_persona_scope(self, name: str) -> str:
        """Return ``"project"`` or ``"global"``, where a persona is; ``"project"`` if nowhere."""
        scopes = [s.scope for s, document in self._documents() if name in document.table(PERSONAS)]
        return "global" if scopes == [Scope.USER] else "project"

    def save_persona(self, persona: Persona | PersonaDefinition, scope: str = "project") -> Path:
        """Add a persona to the file of a scope, or change the one of its name there.

        Comments, order and whatever else stands in the file stay; of the persona itself
        only the values that changed are rewritten.

        Returns:
            The file.

        Raises:
            DefinitionChanged: Somebody else changed this persona since it was read here.
            DefinitionError: The persona or the file is not right; nothing was written.
            OSError: The file cannot be written.
        """
        if isinstance(persona, Persona):
            try:
                definition = persona.to_definition()
            except ValidationError as exc:
                error = exc.errors(include_url=False)[0]
                where = ".".join(map(str, error["loc"]))
                what = error["msg"].removeprefix("Value error, ").removesuffix(".")
                raise DefinitionError(f"{persona.name!r}: {where}: {what}.") from exc
        else:
            definition = persona
        return self._change((PERSONAS, definition.key), scope, definition)

    def delete_persona(self, name: str, scope: str = "project") -> None:
        """Remove a persona from the file of a scope. Nothing happens if it is not there.

        Raises:
            DefinitionChanged: Somebody else changed it since it was read here.
            DefinitionError: The file is not right; nothing was written.
            OSError: The file cannot be written.
        """
        self._change((PERSONAS, name), scope, None)

    def load_presets(self, kind: str) -> dict[str, Preset]:
        """Return the presets of a kind by name, those of the project over those of the user.

        Args:
            kind: ``tool_presets``, ``bias_profiles`` or ``context_presets``.
        """
        found: dict[str, Preset] = {}
        for source, document in self._documents():
            self._remember(source.file, document)
            found |= load_presets(document, source.file, Report(source.file, toml=True))[kind]
        return found

    def save_preset(self, preset: Preset, scope: str = "project") -> Path:
        """Add a preset to the file of a scope, or change the one of its name there.

        Returns and raises as `save_persona` does.
        """
        kind = next((kind for kind, model in KINDS.items() if isinstance(preset, model)), None)
        if kind is None:
            raise DefinitionError(f"{type(preset).__name__} is no kind of preset that has a table.")
        return self._change((kind, preset.name), scope, preset)

    def delete_preset(self, kind: str, name: str, scope: str = "project") -> None:
        """Remove a preset from the file of a scope. Nothing happens if it is not there."""
        if kind not in KINDS:
            raise DefinitionError(f"There is no kind {kind!r}. Write one of {', '.join(KINDS)}.")
        self._change((kind, name), scope, None)

    def _sources(self) -> list[Source]:
        """Return the files, the farther scope first."""
        scopes = ["user"]
        if self.project_root is not None or self._project_path is not None:
            scopes.append("project")
        return [_source(self.path(scope), scope) for scope in scopes]

    def _documents(self) -> list[tuple[Source, Document]]:
        found = []
        for source in self._sources():
            try:
                found.append((source, _document(source.file)))
            except Refused:  # told by `check`; what is broken gives no personas
                continue
        return found

    def _remember(self, file: Path, document: Document) -> None:
        """Note what a file says now, to see later what others changed."""
        for key in [key for key in self._seen if key[0] == file]:
            del self._seen[key]
        for outer in (PERSONAS, *KINDS):
            for name, entry in document.table(outer).items():
                self._seen[file, outer, name] = entry
        self._read.add(file)

    def _change(self, place: Place, scope: str, new: Entry | None) -> Path:
        file = self.path(scope)
        if new is None and not file.exists():
            return file
        source = _source(file, scope)
        with locked(file) as real:
            try:
                document, mark = read_for_editing(real) if real.exists() else (Document(""), "")
            except Refused as refused:
                report = Report(file, toml=True)
                report.refuse(refused)
                raise _unread(file, report.diagnostics) from refused
            self._refuse_changed(file, document, place)
            edited = with_entry(document, place, new, source)
            if edited.text != document.text:
                replace(real, (mark + edited.text).encode())
            self._seen[file, *place] = edited.table(place[0]).get(place[1])
        return file

    def _refuse_changed(self, file: Path, document: Document, place: Place) -> None:
        key = (file, *place)
        if key not in self._seen and file not in self._read:
            return
        outer, name = place
        before, now = self._seen.get(key), document.table(outer).get(name)
        if before == now or repr(before) == repr(now):
            return
        what = "was deleted"
        if now is not None:
            what = f"was changed by somebody else (line {document.place(outer, name)[0]})"
        raise DefinitionChanged(
            f"{outer}.{name} in {file} {what} since it was read. Load again, put your changes "
            "into what is there now, and save once more.",
            file=file,
            name=name,
        )


def _source(file: Path, scope: str) -> Source:
    folder = file.parent
    root = folder.parent if folder.name == ".jupyter" else folder
    return Source(file, _SCOPES[scope], root)


def _document(file: Path) -> Document:
    """Return what a file says; a missing one says nothing.

    Raises:
        Refused: It cannot be read, or is not TOML.
    """
    return read_document(file) if file.exists() or file.is_symlink() else Document("")


def _unread(file: Path, diagnostics: list[Diagnostic]) -> DefinitionError:
    first = diagnostics[0]
    return DefinitionError(
        f"{file} is left as it is, because it cannot be read. {first}", diagnostics
    )
