"""A Python file in outline: imports, names, classes. Nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from persona.core import parse_python
from persona.loaders._report import Refused
from persona.loaders._text import decode

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Imported:
    """One module that a file imports, somewhere in it.

    Attributes:
        module: Its dotted name; empty for ``from . import x``.
        level: Dots before it.
        names: What is taken from it, for ``from … import``.
    """

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Outline:
    """What stands at the top of a file.

    Attributes:
        aliases: Full dotted name of each imported name.
        names: What each name was given last.
        classes: The classes by name, in their order.
        imports: Every import in the file, also within functions.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    names: dict[str, ast.expr] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imports: list[Imported] = field(default_factory=list)

    def dotted(self, node: ast.expr) -> str:
        """Return the full name of an expression such as ``jp.BasePersona``; empty if it has none.

        What a subscript says (``Base[int]``) does not count.
        """
        if isinstance(node, ast.Subscript):
            node = node.value
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self.aliases.get(node.id, node.id))
        return ".".join(reversed(parts))


def outline(data: bytes) -> Outline:
    """Return the outline of a file's content.

    Raises:
        Refused: P102, P103 or P110.
    """
    text = decode(data)
    if not text.strip():
        raise Refused("P103", "The file is empty.", "Write a class that is a BasePersona.")
    try:
        tree = parse_python(data)
    except SyntaxError as exc:
        raise Refused(
            "P110",
            f"The file is not valid Python: {exc.msg}.",
            "Correct this line.",
            line=exc.lineno or 1,
            column=exc.offset or 1,
        ) from None
    except (RecursionError, MemoryError, ValueError, OverflowError) as exc:
        raise Refused(
            "P110",
            f"The file cannot be read as Python: {type(exc).__name__}.",
            "It nests too deep, or holds characters that no Python file may hold.",
        ) from None
    found = Outline()
    for statement in _top(tree.body):
        _note(statement, found)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found.imports += [Imported(alias.name) for alias in names]
            case ast.ImportFrom(module=module, level=level, names=names):
                taken = tuple(alias.name for alias in names)
                found.imports.append(Imported(module or "", level, taken))
    return found


def _top(body: Sequence[ast.stmt], depth: int = 0) -> Iterator[ast.stmt]:
    """Yield the statements of a file, those within ``if``, ``try`` and ``with`` too."""
    for statement in body:
        yield statement
        if depth > 20:
            continue
        match statement:
            case ast.If(body=inner, orelse=other):
                yield from _top([*inner, *other], depth + 1)
            case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=last):
                caught = [s for handler in handlers for s in handler.body]
                # What is tried counts more than what stands in for it, so it comes last.
                yield from _top([*caught, *inner, *other, *last], depth + 1)
            case ast.With(body=inner):
                yield from _top(inner, depth + 1)


def _note(statement: ast.stmt, found: Outline) -> None:
    match statement:
        case ast.Import(names=names):
            for alias in names:
                head = alias.name.partition(".")[0]
                found.aliases[alias.asname or head] = alias.name if alias.asname else head
        case ast.ImportFrom(module=module, level=level, names=names):
            base = f"{'.' * level}{module or ''}"
            for alias in names:
                joint = "" if base.endswith(".") else "."
                found.aliases[alias.asname or alias.name] = f"{base}{joint}{alias.name}"
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            found.names[name] = value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            found.names[name] = value
        case ast.ClassDef(name=name):
            found.classes[name] = statement


def attributes(cls: ast.ClassDef) -> dict[str, ast.expr]:
    """Return what is assigned in the body of a class."""
    found: dict[str, ast.expr] = {}
    for statement in cls.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
    return found


def method(cls: ast.ClassDef, name: str) -> Function | None:
    """Return a method that the class itself defines."""
    found = [s for s in cls.body if isinstance(s, Function) and s.name == name]
    return found[-1] if found else None
