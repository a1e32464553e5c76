"""What an expression of a Python file says, found without running it.

Only what authors write for names, prompts and paths is understood: texts, their sums,
f-strings of names, and paths made from ``__file__``. Everything else is `UNKNOWN`.
"""

from __future__ import annotations

import ast
import os
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

LONGEST = 200_000
"""Characters that a text may have; a few lines of code could ask for any number."""

_DEPTH = 40


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Any] = _Unknown()
"""Stands for a value that only running the code would tell."""

Names = Mapping[str, ast.expr]
"""What each name was given last."""


class Values:
    """Evaluates expressions of one file.

    Args:
        file: The file, for ``__file__``.
        names: What is assigned at the top of the file.
        own: What is assigned in the class, for ``self.X``.
        dotted: Gives the full dotted name of an expression by the file's imports.
    """

    def __init__(
        self, file: Path, names: Names, own: Names, dotted: Callable[[ast.expr], str]
    ) -> None:
        self._file = file
        self._names = names
        self._own = own
        self._dotted = dotted
        self._steps = 0

    def value(self, node: ast.expr, local: Names | None = None) -> Any:
        """Return the value, or `UNKNOWN`. A path is a `Path`.

        Args:
            node: The expression.
            local: What is assigned in the function that it stands in.
        """
        self._steps = 0
        try:
            return self._of(node, local or {}, 0)
        except (ValueError, IndexError, TypeError, OSError, RuntimeError):
            return UNKNOWN

    def _of(self, node: ast.expr, local: Names, depth: int) -> Any:
        self._steps += 1
        if depth > _DEPTH or self._steps > 10_000:
            return UNKNOWN
        found: Any = UNKNOWN
        match node:
            case ast.Constant(value=str() | int() | float() | bool() | None):
                found = node.value
            case ast.Name(id="__file__"):
                found = str(self._file)
            case ast.Name(id=name):
                for known in (local, self._names):
                    if name in known:
                        # A name stands for what was said before it, so never for itself.
                        left = {k: v for k, v in local.items() if k != name}
                        found = self._of(known[name], left, depth + 1)
                        break
            case ast.JoinedStr(values=parts):
                found = self._joined(parts, local, depth)
            case ast.BinOp(left=left, op=ast.Add() | ast.Div() as sign, right=right):
                found = _combined(
                    self._of(left, local, depth + 1),
                    self._of(right, local, depth + 1),
                    division=isinstance(sign, ast.Div),
                )
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                items = [self._of(item, local, depth + 1) for item in elts]
                found = UNKNOWN if UNKNOWN in items else items
            case ast.Dict(keys=keys, values=values):
                found = self._mapping(keys, values, local, depth)
            case ast.Attribute(value=inner, attr=attr):
                found = self._attribute(node, inner, attr, local, depth)
            case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=index):
                path, number = self._of(inner, local, depth + 1), self._of(index, local, depth + 1)
                if isinstance(path, Path) and isinstance(number, int):
                    found = path.parents[number]
            case ast.Call():
                found = self._call(node, local, depth)
        if isinstance(found, str) and len(found) > LONGEST:
            return UNKNOWN
        return found

    def _joined(self, parts: list[ast.expr], local: Names, depth: int) -> Any:
        texts: list[str] = []
        for part in parts:
            if isinstance(part, ast.FormattedValue):
                if part.format_spec is not None or part.conversion != -1:
                    return UNKNOWN
                part = part.value
            value = self._of(part, local, depth + 1)
            if not isinstance(value, str | int | float | Path):
                return UNKNOWN
            texts.append(str(value))
        return "".join(texts)

    def _mapping(
        self, keys: list[ast.expr | None], values: list[ast.expr], local: Names, depth: int
    ) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            said = UNKNOWN if key is None else self._of(key, local, depth + 1)
            if not isinstance(said, str):
                return UNKNOWN
            found[said] = self._of(value, local, depth + 1)
        return found

    def _attribute(
        self, node: ast.expr, inner: ast.expr, attr: str, local: Names, depth: int
    ) -> Any:
        if isinstance(inner, ast.Name) and inner.id in ("self", "cls") and attr in self._own:
            return self._of(self._own[attr], {}, depth + 1)
        value = self._of(inner, local, depth + 1)
        if isinstance(value, Path):
            return {"parent": value.parent, "stem": value.stem, "name": value.name}.get(
                attr, UNKNOWN
            )
        return UNKNOWN

    def _call(self, node: ast.Call, local: Names, depth: int) -> Any:
        args = [self._of(arg, local, depth + 1) for arg in node.args]
        if any(arg is UNKNOWN for arg in args) or node.keywords:
            return UNKNOWN
        dotted = self._dotted(node.func)
        if dotted in _CALLS and all(isinstance(arg, str | Path) for arg in args):
            return _CALLS[dotted](*args)
        if not isinstance(node.func, ast.Attribute):
            return UNKNOWN
        owner, name = self._of(node.func.value, local, depth + 1), node.func.attr
        if isinstance(owner, Path) and name in _OF_PATHS:
            # What links lead to is looked up where the image is read, within the project.
            return getattr(owner, "absolute" if name == "resolve" else name)(*args)
        if isinstance(owner, str) and name in _OF_TEXTS and all(isinstance(a, str) for a in args):
            return getattr(owner, name)(*args)
        if isinstance(owner, str) and name == "join" and len(args) == 1:
            return owner.join(args[0])
        return UNKNOWN


_CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    "str": str,
    "pathlib.Path": Path,
    "pathlib.PurePath": Path,
    "os.fspath": os.fspath,
    "os.path.abspath": os.path.abspath,
    "os.path.dirname": os.path.dirname,
    "os.path.join": os.path.join,
    "os.path.normpath": os.path.normpath,
    "os.path.realpath": os.path.abspath,
    "textwrap.dedent": textwrap.dedent,
}
_OF_PATHS = frozenset({"absolute", "resolve", "joinpath", "with_name", "with_suffix", "as_posix"})
_OF_TEXTS = frozenset({"strip", "rstrip", "lstrip", "title", "lower", "upper"})


def _combined(left: Any, right: Any, *, division: bool) -> Any:
    if division:
        if isinstance(left, Path) and isinstance(right, str | Path):
            return left / right
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return UNKNOWN
