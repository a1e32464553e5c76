"""``jupyter persona show``: one persona, and where each of its values stands."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping

from persona.cli._engines import support_line
from persona.cli._errors import OK
from persona.cli._json import print_json
from persona.cli._list import row_of
from persona.cli._place import Place, find_persona, find_place, shown_path
from persona.cli._state import State, state_of_absent, state_of_persona
from persona.cli._terminal import harmless
from persona.cli._trust import untrusted_of
from persona.core import CatalogView, Origin, PersonaDefinition

_BLOCKS = ("identity", "model", "context", "options")
_OTHERS = ("tool_preset", "bias_profile", "context_preset", "aggregation_strategy")
_LONGEST = 60


def run(args: Namespace) -> int:
    """Print the persona."""
    place = find_place(args.dir, args.root)
    view = place.view()
    definition = find_persona(view, args.name)
    registry = place.catalog.registry
    absent = view.absent.get(definition.name)
    waiting = untrusted_of(place, view).get(definition.name)
    state = (
        state_of_absent(absent, registry)
        if absent
        else state_of_persona(definition, registry, waiting)
    )
    if args.json:
        print_json(_as_dict(definition, state, view))
    else:
        _print(definition, state, view, place)
    return OK


def _as_dict(definition: PersonaDefinition, state: State, view: CatalogView) -> dict[str, object]:
    data = definition.model_dump(mode="json")
    return {
        **row_of(definition, state),
        "blocks": {key: data[key] for key in ("engine", *_BLOCKS, "models", *_OTHERS)},
        "code": definition.code.as_dict() if definition.code else None,
        "extends": definition.extends,
        "formerly": definition.formerly,
        "origins": {key: _origin_as_dict(o) for key, o in definition.origins.items()},
        "hides": [
            {"file": str(d.source.file), "scope": d.source.scope.value}
            for d in view.hidden.get(definition.name, ())
            if d.source
        ],
        "support": state.support.as_dict() if state.support else None,
        "diagnostics": [d.as_dict() for d in view.findings(definition.name)],
    }


def _origin_as_dict(origin: Origin) -> dict[str, object]:
    place = _place_as_dict(origin)
    place["hides"] = [{**_place_as_dict(o), "value": o.value} for o in origin.hides]
    if origin.includes:
        place["includes"] = [{**_place_as_dict(o), "value": o.value} for o in origin.includes]
    return place


def _place_as_dict(origin: Origin) -> dict[str, object]:
    return {"file": str(origin.file), "line": origin.line, "scope": origin.scope.value}


def _print(definition: PersonaDefinition, state: State, view: CatalogView, place: Place) -> None:
    _say(f"{definition.identity.name} ({definition.name})")
    source = definition.source
    if source:
        _say(f"  file    {shown_path(source.file, place.folder)} ({source.scope.value})")
    if definition.code:
        _say(f"  class   {definition.code.qualname}")
        for module in definition.code.modules.values():
            _say(f"  imports {shown_path(module.file, place.folder)}")
    for hidden in view.hidden.get(definition.name, ()):
        if hidden.source:
            where = shown_path(hidden.source.file, place.folder)
            _say(f"  hides   {where} ({hidden.source.scope.value})")
    if definition.extends:
        _say(f"  extends {', '.join(definition.extends)}{_origin('extends', definition, place)}")
    if definition.formerly:
        was = ", ".join(definition.formerly)
        _say(f"  was     {was}{_origin('formerly', definition, place)}")
    _say(f"  state   {state.word}{': ' + state.detail if state.detail else ''}")
    if state.support:
        _say(f"  honours {support_line(state.support) or 'nothing'}")
        if state.support.ignored:
            _say(f"  ignores {', '.join(state.support.ignored)}")
    _say(f"\nengine = {definition.engine}{_origin('engine', definition, place)}")
    _print_hidden("engine", definition, place)
    data = definition.model_dump(mode="json", exclude_none=True)
    for key in _OTHERS:
        if key in data:
            _say(f"{key} = {data[key]}{_origin(key, definition, place)}")
            _print_hidden(key, definition, place)
    for block in (*_BLOCKS[:2], "models", *_BLOCKS[2:]):
        leaves = list(_leaves(data.get(block) or {}, block))
        if leaves:
            _say(f"\n{block}")
        for path, value in leaves:
            _print_value(path, value, definition, place)
        _print_replaced(block, {path for path, _ in leaves}, definition, place)
    findings = view.findings(definition.name)
    if findings:
        _say("\nfindings")
    for found in findings:
        where = f"line {found.line}"
        if source is None or found.file != source.file:
            where = f"{shown_path(found.file, place.folder)} {where}"
        _say(f"  {where}: {found.code} {found.message} {found.fix}".rstrip())


def _print_value(path: str, value: object, definition: PersonaDefinition, place: Place) -> None:
    key = path.split(".", 1)[1]
    origin = _origin(path, definition, place)
    if isinstance(value, str) and "\n" in value:
        _say(f"  {key} ={origin}")
        for line in value.splitlines():
            _say(f"    {line}".rstrip())
    else:
        _say(f"  {key} = {value}{origin}")
    _print_hidden(path, definition, place)


def _print_hidden(path: str, definition: PersonaDefinition, place: Place) -> None:
    origin = definition.origins.get(path)
    for word, others in (("includes", origin.includes), ("hides", origin.hides)) if origin else ():
        for other in others:
            shown = _short(other.value)
            _say(f"      {word} {shown}{_where(other, place)}")


def _print_replaced(
    block: str, printed: set[str], definition: PersonaDefinition, place: Place
) -> None:
    """Print what values hide that have no line of their own, such as lists of servers."""
    for path, origin in definition.origins.items():
        if path.startswith(f"{block}.") and path not in printed and origin.hides:
            _say(f"  {path.split('.', 1)[1]}{_where(origin, place)}")
            _print_hidden(path, definition, place)


def _say(line: str) -> None:
    print(harmless(line))


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


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
        made = path == "identity.name" and path in definition.implied
        return "  (from the short name)" if made else "  (default)"
    return _where(origin, place)


def _where(origin: Origin, place: Place) -> str:
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
