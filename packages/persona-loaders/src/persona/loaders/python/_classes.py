"""Which classes of a Python file are personas or engines, and what they say of themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from persona.loaders.python._local import Local, resolve
from persona.loaders.python._outline import Imported, Outline, attributes, method
from persona.loaders.python._values import UNKNOWN, Values

_ENGINE = "PersonaEngine"
_KEYS = ("name", "description", "avatar_path", "system_prompt", "model_uid")
_DEPTH = 16


@dataclass(slots=True)
class Said:
    """What a class says of itself.

    Attributes:
        cls: The class.
        kind: Whether it is a persona or an engine.
        values: What could be read: the keys of `PersonaDefaults`, and ``model``.
        lines: Where each of them stands.
        complete: Whether everything could be read.
    """

    cls: ast.ClassDef
    kind: Literal["persona", "engine"]
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    complete: bool = True


class Classes:
    """Finds the personas of one file.

    Args:
        file: The file.
        outline: What stands in it.
        local: The modules beside it that it imports.
    """

    def __init__(self, file: Path, outline: Outline, local: Mapping[str, Local]) -> None:
        self._file = file
        self._outline = outline
        self._local = local

    def found(self) -> list[Said]:
        """Return the personas and engines that the file declares, in their order.

        Classes that others build on are none: private ones, abstract ones, and those that
        say nothing of themselves and have heirs in the file.
        """
        found = []
        for cls in self._outline.classes.values():
            kind = self._kind(cls, self._outline, 0)
            if kind is None or cls.name.startswith("_") or self._is_abstract(cls):
                continue
            said = self._said(cls, kind)
            has_heirs = any(
                self._outline.dotted(base) == cls.name
                for other in self._outline.classes.values()
                for base in other.bases
            )
            if (has_heirs or kind == "engine") and not said.values and said.complete:
                continue
            found.append(said)
        return found

    # -- what kind of class ----------------------------------------------------

    def _kind(
        self, cls: ast.ClassDef, outline: Outline, depth: int
    ) -> Literal["persona", "engine"] | None:
        for base, where in self._bases(cls, outline):
            if isinstance(base, str):
                last = base.rpartition(".")[2]
                if last == _ENGINE or (last.endswith("Engine") and base.startswith("persona.")):
                    return "engine"
                if last.endswith("Persona"):
                    return "persona"
            elif depth < _DEPTH and base is not cls:
                kind = self._kind(base, where, depth + 1)
                if kind is not None:
                    return kind
        return None

    def _bases(
        self, cls: ast.ClassDef, outline: Outline
    ) -> Iterator[tuple[ast.ClassDef | str, Outline]]:
        """Yield what a class builds on: classes that can be looked at, else their full name."""
        for base in cls.bases:
            name = outline.dotted(base)
            if name in outline.classes:
                yield outline.classes[name], outline
                continue
            level = len(name) - len(name.lstrip("."))
            module, _, last = name.lstrip(".").rpartition(".")
            place = resolve(Imported(module, level), "")
            known = self._local.get(place)
            if known is not None and last in known.outline.classes:
                yield known.outline.classes[last], known.outline
            else:
                yield name, outline

    def _is_abstract(self, cls: ast.ClassDef) -> bool:
        if any(self._outline.dotted(b).rpartition(".")[2] == "ABC" for b in cls.bases):
            return True
        return any(
            self._outline.dotted(mark).rpartition(".")[2] == "abstractmethod"
            for statement in cls.body
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            for mark in statement.decorator_list
        )

    # -- what it says ------------------------------------------------------------

    def _said(self, cls: ast.ClassDef, kind: Literal["persona", "engine"]) -> Said:
        said = Said(cls, kind)
        chain = list(self._chain(cls, self._outline, 0))
        own = {k: v for c, _ in reversed(chain) for k, v in attributes(c).items()}
        for one, outline in chain:
            values = Values(self._file, outline.names, own, outline.dotted)
            if self._read(one, outline, values, said):
                break
        for one, outline in chain:
            given = attributes(one).get("model")
            if given is not None and "model" not in said.values:
                values = Values(self._file, outline.names, own, outline.dotted)
                self._read_model(given, outline, values, said)
        return said

    def _chain(
        self, cls: ast.ClassDef, outline: Outline, depth: int
    ) -> Iterator[tuple[ast.ClassDef, Outline]]:
        yield cls, outline
        if depth < _DEPTH:
            for base, where in self._bases(cls, outline):
                if isinstance(base, ast.ClassDef) and base is not cls:
                    yield from self._chain(base, where, depth + 1)

    def _read(self, cls: ast.ClassDef, outline: Outline, values: Values, said: Said) -> bool:
        """Take what one class says; return whether it says anything."""
        given = attributes(cls)
        local: dict[str, ast.expr] = {}
        node: ast.expr | None = given.get("defaults") or given.get("identity")
        if node is None and (found := method(cls, "defaults")) is not None:
            returns = [s for s in ast.walk(found) if isinstance(s, ast.Return)]
            node = returns[0].value if len(returns) == 1 else None
            if node is None:
                said.complete = False
                return True
            for statement in found.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value):
                        local[name] = value
                    case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                        local[name] = value
        if node is None:
            return False
        if isinstance(node, ast.Name):
            node = local.get(node.id) or outline.names.get(node.id) or node
        for key, value in _pairs(node):
            if key is None:
                said.complete = False
                continue
            key = {"avatar": "avatar_path"}.get(key, key)
            if key not in _KEYS:
                continue
            found_value = values.value(value, local)
            if found_value is UNKNOWN:
                said.complete = False
            elif found_value is not None:
                said.values[key] = found_value
                said.lines[key] = (value.lineno, value.col_offset + 1)
        if not isinstance(node, ast.Call | ast.Dict):
            said.complete = False
        return True

    def _read_model(self, node: ast.expr, outline: Outline, values: Values, said: Said) -> None:
        if isinstance(node, ast.Name):
            node = outline.names.get(node.id, node)
        if isinstance(node, ast.Call):
            if outline.dotted(node.func).rpartition(".")[2] != "PersonaModel":
                return
            found = {key: values.value(value) for key, value in _pairs(node) if key}
            if UNKNOWN not in found.values():
                said.values["model"] = found
                said.lines["model"] = (node.lineno, node.col_offset + 1)
            return
        value = values.value(node)
        if isinstance(value, str) and "/" in value:
            said.values["model"] = {"model_id": value}
            said.lines["model"] = (node.lineno, node.col_offset + 1)


def _pairs(node: ast.expr) -> Iterator[tuple[str | None, ast.expr]]:
    """Yield the arguments of a call, or what stands in a mapping; None for what is hidden."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            yield keyword.arg, keyword.value
        if node.args and isinstance(node.args[0], ast.Dict):
            yield from _pairs(node.args[0])
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            text = key.value if isinstance(key, ast.Constant) else None
            yield (text if isinstance(text, str) else None), value
