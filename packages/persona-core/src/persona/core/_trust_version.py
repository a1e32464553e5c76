"""One version of a persona that would run something: what trust is given to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from persona.core._definition import PersonaDefinition
from persona.core._events import Diff
from persona.core._executions import Execution, executions
from persona.core._local_code import LocalCode, LocalFile, read_local
from persona.core._merge import written
from persona.core._models import McpServerStdio
from persona.core._paths import leads_elsewhere, real
from persona.core._registry import EngineRegistry
from persona.core._secrets import looks_secret, without_secrets
from persona.core._source import Scope, Source

DEFINITION = "definition"
"""Name of the definition among the texts of a version."""

_LONGEST_TEXT = 48_000
_LONGEST_TEXTS = 192_000


@dataclass(frozen=True, slots=True)
class TrustVersion:
    """What one persona of a project would run, as it is now.

    Attributes:
        root: The project's folder, links followed.
        file: The definition's file, links followed.
        slug: Short name of the persona.
        name: The name shown.
        digest: Changes when anything does that decides what runs.
        runs: What it would run.
        files: The local files that would run or that are named for it.
        homes: Folders of all projects that have a say in it.
        definition: The definition, with what it inherits.
    """

    root: Path
    file: Path
    slug: str
    name: str
    digest: str
    runs: tuple[Execution, ...]
    files: tuple[LocalFile, ...]
    homes: frozenset[Path]
    definition: PersonaDefinition = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """What it is known by, the same for all its versions."""
        return json.dumps([str(self.root), str(self.file), self.slug])

    @property
    def problems(self) -> tuple[LocalFile, ...]:
        """Files that cannot be checked, so that no single version can be trusted."""
        return tuple(found for found in self.files if found.problem)

    def told(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return what a person approves, made anew as listings have no use for it.

        Returns:
            Texts by name: the definition without secrets, and the files. And digests of the
            values that the texts leave out, by dotted path.
        """
        return _texts(self.definition, self.files, self.root)

    def differs_from(self, texts: Mapping[str, str], hidden: Mapping[str, str]) -> list[Diff]:
        """Return the changes since what was approved."""
        now, left_out = self.told()
        found = [
            Diff(name, texts.get(name), now.get(name, ""))
            for name in dict.fromkeys([*now, *texts])
            if texts.get(name) != now.get(name)
        ]
        other = [path for path in left_out if hidden.get(path, "") != left_out[path]]
        if other:
            found.append(Diff("values that are not shown", "", "\n".join(other)))
        return found


def version_of(
    definition: PersonaDefinition, folder: Path, registry: EngineRegistry, *, listing: bool = False
) -> TrustVersion | None:
    """Return what a project's persona would run, or None if that is nothing; blocking.

    Persona files outside of projects are the user's or an administrator's own.

    Args:
        definition: The definition, with what it inherits.
        folder: The chat's folder, where its programs start.
        registry: The engines.
        listing: Whether it is for a listing only, which imports fewer engines.
    """
    source = definition.source
    if source is None or source.scope is not Scope.PROJECT:
        return None
    runs = executions(definition, registry, listing=listing)
    if not runs:
        return None
    root = Path(real(source.root))
    files = _files(definition, source, folder)
    parts = {
        "values": _decisive(definition),
        "files": [[str(f.path), real(f.path), f.sha256, f.problem] for f in files],
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return TrustVersion(
        root,
        Path(real(source.file)),
        definition.name,
        definition.identity.name,
        hashlib.sha256(text.encode()).hexdigest(),
        runs,
        files,
        frozenset({root, *_homes(definition)}),
        definition,
    )


def _decisive(definition: PersonaDefinition) -> dict[str, Any]:
    """Return the values that decide what runs.

    What a class says of itself is in its file, whose content counts. It is known only in part
    before that runs, and must not look like a change then.
    """
    values = definition.model_dump(mode="json", exclude={"enabled", "formerly"}, fallback=str)
    if definition.code is None:
        return values
    own = {"class": definition.code.qualname, "kind": definition.code.kind}
    return {**own, **{key: values[key] for key in ("name", "engine", "extends", "options")}}


def _files(definition: PersonaDefinition, source: Source, folder: Path) -> tuple[LocalFile, ...]:
    code = LocalCode(folder, source.root)
    for server in definition.context.mcp_servers:
        if isinstance(server, McpServerStdio):
            code.add_command(server.command, server.args, server.env)
    options = definition.options
    command, args, env = options.get("command"), options.get("args"), options.get("env")
    if command or args or env:
        if isinstance(command, list) and command:
            command, args = command[0], [*command[1:], *(args if isinstance(args, list) else [])]
        code.add_command(
            str(command or ""),
            [str(arg) for arg in args] if isinstance(args, list | tuple) else [],
            {str(k): str(v) for k, v in env.items()} if isinstance(env, Mapping) else {},
        )
    for path in definition.resolved_context().skills_paths:
        if source.holds(Path(path)) and Path(path).is_dir():
            code.add_folder(Path(path))
    linked = "It is a link out of the project, and such a file runs nothing."
    own = (LocalFile(source.file, "", linked),) if leads_elsewhere(source) else ()
    return (*own, *_own_code(definition), *code.files)


def _own_code(definition: PersonaDefinition) -> Iterator[LocalFile]:
    """Yield the persona's own code, as it was read when the definition was: no other is run."""
    for code in definition.code.files if definition.code is not None else ():
        found = read_local(code.file)
        if found.sha256 != code.sha256:
            found = replace(found, sha256=code.sha256, problem="It is being changed just now.")
        yield found


def _homes(definition: PersonaDefinition) -> Iterator[Path]:
    """Yield the projects whose files say something in a definition."""
    files = {o.file for o in definition.origins.values() if o.scope is Scope.PROJECT}
    for file in files:
        parts = Path(real(file))
        above = next((p.parent for p in parts.parents if p.name == ".jupyter"), parts.parent)
        yield above


def _texts(
    definition: PersonaDefinition, files: tuple[LocalFile, ...], root: Path
) -> tuple[dict[str, str], dict[str, str]]:
    hidden: dict[str, str] = {}
    said = written(definition)
    if definition.code is not None:
        said = {key: said[key] for key in ("extends", "options") if key in said}
    lines = list(_lines("", {"engine": definition.engine, **said}, hidden))
    texts = {DEFINITION: _cut("\n".join(lines))}
    left = _LONGEST_TEXTS
    for file in files:
        path = Path(os.path.normpath(file.path))
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        text = file.text if file.text is not None and len(file.text) <= left else None
        told = file.problem or f"(sha256 {file.sha256})"
        texts[name] = told if text is None else _cut(text)
        left -= len(texts[name])
    return texts, hidden


def _lines(path: str, value: object, hidden: dict[str, str]) -> Iterator[str]:
    """Yield a line for each value; those of variables and of secrets are left out."""
    key = path.rpartition(".")[2]
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _lines(f"{path}.{name}" if path else str(name), inner, hidden)
    elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
        for number, inner in enumerate(value):
            yield from _lines(f"{path}.{number}", inner, hidden)
    elif f".{path}".rpartition(".")[0].endswith((".env", ".headers")) or looks_secret(key, value):
        hidden[path] = hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()
        yield f"{path}: …"
    elif isinstance(value, str) and "\n" in value:
        yield f"{path}: |"
        yield from (f"  {line}" for line in without_secrets(value).split("\n"))
    else:
        yield f"{path}: {without_secrets(json.dumps(value, ensure_ascii=False, default=str))}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}\n…"
