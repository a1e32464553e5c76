"""What has to be written so that a file says another definition than before."""

from __future__ import annotations

from typing import Any

from persona.core import DefinitionError, LoadResult, PersonaDefinition, title_of
from persona.loaders._entry import Check
from persona.loaders._keys import get, same
from persona.loaders._markdown_write import definition_values, values_of, with_other_values

_BLOCKS = ("model", "context", "identity", "options")


def says(wanted: PersonaDefinition) -> Check:
    """Return a check that a file gives this definition."""

    def check(result: LoadResult) -> None:
        found = result.definitions[0] if result.definitions else None
        if found is None or found.model_dump() != wanted.model_dump():
            why = f" {result.diagnostics[0]}" if result.diagnostics else ""
            raise DefinitionError(
                f"{wanted.name!r} cannot be written as a Markdown file without a loss.{why}"
            )

    return check


def renamed(content: bytes, name: str) -> bytes:
    """Return a file's content with another short name and the shown name made from it."""
    values = values_of(content)
    unset: list[tuple[str, ...]] = [("name",)] if "name" in values else []
    shown: dict[tuple[str, ...], str] = {}
    if isinstance(values.get("identity"), str):
        shown = {("identity",): title_of(name)}
    elif get(values, ("identity", "name")) is not None:
        shown = {("identity", "name"): title_of(name)}
    return with_other_values(content, shown, unset)


def differences(
    before: PersonaDefinition, after: PersonaDefinition
) -> tuple[dict[tuple[str, ...], Any], list[tuple[str, ...]]]:
    """Return the values that differ, and the paths of those that are no longer said."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    said = definition_values(after)
    values: dict[tuple[str, ...], Any] = {}
    unset: list[tuple[str, ...]] = []

    def compare(one: Any, other: Any, compact: Any, path: tuple[str, ...]) -> None:
        for key in {**one, **other}:
            here = (*path, key)
            a, b = one.get(key), other.get(key)
            if same(a, b) and (key in other) is (key in one):
                continue
            shown = compact.get(key) if isinstance(compact, dict) else None
            block = len(here) > 1 or key in _BLOCKS
            if block and isinstance(a, dict) and isinstance(b, dict):
                compare(a, b, shown, here)
            elif shown is not None or (key in other and path[:1] == ("options",)):
                values[here] = b if shown is None else shown
            elif b is not None and after.extends:
                values[here] = b  # it is the default, but the base may say another value
            else:
                unset.append(here)

    compare(old, new, said, ())
    return values, unset
