"""From a Python file to definitions. Nothing of the file is run."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from persona.core import (
    CodeReference,
    LoadResult,
    Origin,
    PersonaContext,
    PersonaDefinition,
    PersonaIdentity,
    PersonaModel,
    slug_of,
    slugify,
    title_of,
)
from persona.loaders._report import Refused, Report
from persona.loaders._text import read_bytes
from persona.loaders.python._classes import Classes, Said
from persona.loaders.python._local import Local, digests, local_modules
from persona.loaders.python._outline import outline

if TYPE_CHECKING:
    from persona.core import Source

ENGINE = "python"
"""Id of the engine that runs such personas."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_PATHS = {"name": "identity.name", "description": "identity.description",
          "avatar_path": "identity.avatar", "system_prompt": "context.system_prompt",
          "model_uid": "model.model_id", "model": "model.model_id"}  # fmt: skip


def define(source: Source, module: str = "", only: str = "") -> LoadResult:
    """Return the personas that a file declares, or what is wrong with it.

    Args:
        source: The file.
        module: For an installed package, the module that the file is.
        only: Name of the one class that counts, if not all.
    """
    report = Report(source.file)
    definitions: list[PersonaDefinition] = []
    local: dict[str, Local] = {}
    try:
        if not source.holds(source.file):
            raise Refused(
                "P112",
                "The file is a link that leads out of the project.",
                "Copy the file into the project.",
            )
        data = read_bytes(source.file)
        found = outline(data)
        if not module:
            local = local_modules(source, found)
        digest = hashlib.sha256(data).hexdigest()
        classes = Classes(source.file, found, local).found()
        if only:
            classes = [said for said in classes if said.cls.name == only]
        for said in classes:
            definition = _definition(source, said, report)
            if definition is not None:
                definitions.append(definition.with_code(_code(source, said, digest, local, module)))
        if not classes and not source.file.name.startswith("test_"):
            report.add(
                "P111",
                "The file declares no persona.",
                "Write a class that is a BasePersona, or a PersonaEngine with an identity; "
                "or begin the file's name with _ if it is none.",
                (1, 1),
                "warning",
            )
    except Refused as refused:
        report.refuse(refused)
    except RecursionError:
        report.refuse(Refused("P110", "The file nests too deep.", "Write it more simply."))
    beside = tuple((one.code.file, one.stamp) for one in local.values())
    return LoadResult(_distinct(definitions), tuple(report.diagnostics), beside=beside)


def _code(
    source: Source, said: Said, digest: str, local: dict[str, Local], module: str
) -> CodeReference:
    return CodeReference(
        source.file,
        said.cls.name,
        digest,
        said.kind,
        digests(local),
        module,
        complete=said.complete,
    )


def _definition(source: Source, said: Said, report: Report) -> PersonaDefinition | None:
    values, line = said.values, said.cls.lineno
    bare = said.cls.name.removesuffix("Persona").removesuffix("Engine") or said.cls.name
    own = slugify("-".join(filter(None, _HUMP.split(bare))))
    shown = values.get("name")
    shown = " ".join(shown.split()) if isinstance(shown, str) else ""
    slug = slugify(shown) or own or slug_of(source.file)
    try:
        identity = PersonaIdentity(
            name=shown[:80] or title_of(own) or title_of(slug),
            avatar=_avatar(values.get("avatar_path"), source),
            description=_line(values.get("description")) or _summary(said),
        )
        definition = PersonaDefinition(
            name=slug,
            engine=ENGINE,
            identity=identity,
            context=PersonaContext(system_prompt=_text(values.get("system_prompt"))),
            model=_model(values),
        )
    except ValidationError as exc:
        for error in exc.errors(include_url=False, include_input=False):
            where = said.lines.get(str(error["loc"][0]) if error["loc"] else "name", (line, 1))
            path = ".".join(map(str, error["loc"]))
            report.add("P202", f"{path}: {error['msg']}.", "Correct it.", where)
        return None
    origins = {
        _PATHS[key]: Origin(source.file, at[0], source.scope, column=at[1])
        for key, at in said.lines.items()
    }
    origins |= {
        key: Origin(source.file, line, source.scope)
        for key in ("engine", "name", "identity.name")
        if key not in origins
    }
    implied = frozenset() if shown else frozenset({"identity.name"})
    return definition.located(source, origins, implied)


def _model(values: dict[str, Any]) -> PersonaModel | None:
    given = values.get("model")
    if given is None and isinstance(uid := values.get("model_uid"), str) and uid.strip():
        # Older files write provider:model.
        name = uid if "/" in uid.partition(":")[0] or "/" in uid else uid.replace(":", "/", 1)
        given = {"model_id": name}
    return None if given is None else PersonaModel.model_validate(given)


def _avatar(said: Any, source: Source) -> str | None:
    """Return an avatar as a definition names it: a path in the project is made relative."""
    if not isinstance(said, str | Path) or not str(said):
        return None
    text = str(said)
    path = Path(text)
    if not path.is_absolute():
        return text
    for folder in source.folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return None  # what lies elsewhere is not read for a picture


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _line(value: Any) -> str | None:
    return " ".join(value.split())[:400] or None if isinstance(value, str) else None


def _summary(said: Said) -> str | None:
    """Return the first line of the class's docstring."""
    import ast

    doc = ast.get_docstring(said.cls)
    return _line(doc.strip().partition("\n\n")[0]) if doc else None


def _distinct(found: list[PersonaDefinition]) -> tuple[PersonaDefinition, ...]:
    """Return the definitions with a name of its own for each: two classes may share a name."""
    taken: set[str] = set()
    distinct = []
    for definition in found:
        if definition.name in taken and definition.code is not None:
            own = slugify(f"{definition.name}-{definition.code.qualname}")
            code = definition.code
            renamed = definition.model_copy(update={"name": own})
            definition = renamed.with_code(code)
        taken.add(definition.name)
        distinct.append(definition)
    return tuple(distinct)
