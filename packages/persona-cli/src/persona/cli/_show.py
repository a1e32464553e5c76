"""``jupyter persona show``: one persona, and where each of its values stands."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from persona.cli._engines import support_line
from persona.cli._errors import OK
from persona.cli._json import print_json
from persona.cli._list import row_of
from persona.cli._place import Place, find_persona, find_place, shown_path
from persona.cli._state import State, state_of_persona
from persona.core import CatalogView, Diagnostic, Origin, PersonaDefinition

_BLOCKS = ("identity", "model", "context", "options")


def run(args: Namespace) -> int:
    """Print the persona."""
    place = find_place(args.dir, args.root)
    view = place.view()
    definition = find_persona(view, args.name)
    state = state_of_persona(definition, place.catalog.registry)
    if args.json:
        print_json(_as_dict(definition, state, view))
    else:
        _print(definition, state, view, place)
    return OK


def _as_dict(definition: PersonaDefinition, state: State, view: CatalogView) -> dict[str, object]:
    data = definition.model_dump(mode="json")
    origins = {
        key: {"file": str(o.file), "line": o.line, "scope": o.scope.value}
        for key, o in definition.origins.items()
    }
    return {
        **row_of(definition, state),
        "blocks": {key: data[key] for key in ("engine", *_BLOCKS)},
        "origins": origins,
        "hides": [
            {"file": str(d.source.file), "scope": d.source.scope.value}
            for d in view.hidden.get(definition.name, ())
            if d.source
        ],
        "support": state.support.as_dict() if state.support else None,
        "diagnostics": [d.as_dict() for d in _findings(definition, view)],
    }


def _print(definition: PersonaDefinition, state: State, view: CatalogView, place: Place) -> None:
    print(f"{definition.identity.name} ({definition.name})")
    source = definition.source
    if source:
        print(f"  file    {shown_path(source.file, place.folder)} ({source.scope.value})")
    for hidden in view.hidden.get(definition.name, ()):
        if hidden.source:
            where = shown_path(hidden.source.file, place.folder)
            print(f"  hides   {where} ({hidden.source.scope.value})")
    print(f"  state   {state.word}{': ' + state.detail if state.detail else ''}")
    if state.support:
        print(f"  honours {support_line(state.support) or 'nothing'}")
    print(f"\nengine = {definition.engine}{_origin('engine', definition, place)}")
    data = definition.model_dump(mode="json", exclude_none=True)
    for block in _BLOCKS:
        leaves = list(_leaves(data.get(block) or {}, block))
        if leaves:
            print(f"\n{block}")
        for path, value in leaves:
            _print_value(path, value, definition, place)
    findings = _findings(definition, view)
    if findings:
        print("\nfindings")
    for found in findings:
        print(f"  line {found.line}: {found.code} {found.message} {found.fix}".rstrip())


def _print_value(path: str, value: object, definition: PersonaDefinition, place: Place) -> None:
    key = path.split(".", 1)[1]
    origin = _origin(path, definition, place)
    if isinstance(value, str) and "\n" in value:
        print(f"  {key} ={origin}")
        for line in value.splitlines():
            print(f"    {line}".rstrip())
    else:
        print(f"  {key} = {value}{origin}")


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Return each value with its dotted path; lists of plain values stay whole."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}.{number}")
    elif value not in ([], None):
        yield path, value


def _origin(path: str, definition: PersonaDefinition, place: Place) -> str:
    origin = _nearest(path, definition.origins)
    if origin is None:
        return "  (default)"
    return f"  ({shown_path(origin.file, place.folder)}:{origin.line}, {origin.scope.value})"


def _nearest(path: str, origins: Mapping[str, Origin]) -> Origin | None:
    """Return the origin of the value, or of the list or mapping that it stands in."""
    if path in origins:
        return origins[path]
    while path.count(".") > 1:
        path = path.rpartition(".")[0]
        if path in origins:
            return origins[path]
    return None


def _findings(definition: PersonaDefinition, view: CatalogView) -> list[Diagnostic]:
    source: Any = definition.source
    return [d for d in view.diagnostics if source and d.file == source.file]
