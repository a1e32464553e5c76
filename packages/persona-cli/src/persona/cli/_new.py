"""``jupyter persona new`` and ``copy``: a new definition, from nothing or from another one."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from persona.cli._carry import Carried, carry
from persona.cli._done import finish
from persona.cli._entry import WRITABLE, Entry, find_entries, first_of_substance
from persona.cli._errors import USAGE, CliError
from persona.cli._guard import Guard
from persona.cli._place import Place, find_place
from persona.cli._target import Name, find_level, new_source, parse_name, refuse_taken
from persona.cli._trust import trust_as_written, untrusted_of
from persona.core import LoadResult, Location, PersonaDefinition, Source, title_of

if TYPE_CHECKING:
    from persona.loaders import PersonaEntry


def run_new(args: Namespace) -> int:
    """Write a new definition."""
    place = find_place(args.dir, args.root)
    name = parse_name(args.name, args.shown)
    if args.origin is not None:
        scope, _, origin = args.origin.rpartition(":")
        start = first_of_substance(place, origin, scope or None)
        return _copy(args, place, start, name, args.scope)
    level = find_level(place, args.scope or "project")
    source = new_source(level, name.slug, args.format or "md")
    refuse_taken(place, level, name.slug, source.file)
    from persona.loaders import starter_choice, starter_prompt

    prompt = starter_prompt(name.shown) if args.prompt is None else args.prompt.strip()
    check = Guard(place, name.slug).check(source)
    entry = _open(source, name.slug)
    if entry.format == "md":
        from persona.loaders import MarkdownEntry, markdown_starter

        content = markdown_starter(name.shown, args.engine, args.model, prompt)
        MarkdownEntry(source).create_content(content, check=check)
    else:
        from persona.cli._starter import toml_starter

        head, values = toml_starter(name, args.engine, args.model, prompt)
        entry.create(values, head=head, check=check)
    trust_as_written(place, name.slug)
    more = [f"Short name: {name.slug}; in the chat: {name.shown}"]
    _, model = starter_choice(args.engine, args.model)
    if args.model is None and model is not None:
        more.append(f"Its model is {model}; put yours in its place.")
    more += _hides(place, name.slug, source)
    return finish(args, place, "created", name.slug, source, text="Made", more=more)


def run_copy(args: Namespace) -> int:
    """Copy a definition."""
    place = find_place(args.dir, args.root)
    entry = first_of_substance(place, args.name)
    return _copy(args, place, entry, parse_name(args.new, args.shown), args.scope)


def _copy(args: Namespace, place: Place, origin: Entry, name: Name, scope: str | None) -> int:
    definition = origin.definition
    if definition is None:
        raise CliError(f"{origin.slug!r} cannot be copied. {origin.errors[0]}")
    level = _level(args, place, origin, scope)
    if name.slug == origin.slug and (level.scope, level.root) == (
        origin.source.scope,
        origin.source.root,
    ):
        raise CliError(f"{origin.slug!r} cannot be copied onto itself. Name another one.", USAGE)
    source = new_source(level, name.slug, args.format or _format(origin.source))
    refuse_taken(place, level, name.slug, source.file)
    carried = carry(definition, source, level, name.slug)
    _write(place, origin, definition, source, name, _changes(args, definition, name), carried)
    # What the original would run is no more trusted in a copy.
    if origin.slug not in untrusted_of(place, place.view()):
        trust_as_written(place, name.slug)
    more = [f"Copied from {origin.where(place)}"]
    more += [f"Copied beside it: {target}" for target in carried.copies]
    if not definition.enabled:
        more.append(f"It is disabled, as the original is: jupyter persona enable {name.slug}")
    more += _hides(place, name.slug, source)
    data: dict[str, object] = {
        "from": str(origin.source.file),
        "copied": [str(target) for target in carried.copies],
    }
    return finish(args, place, "copied", name.slug, source, text="Made", more=more, data=data)


def _level(args: Namespace, place: Place, origin: Entry, scope: str | None) -> Location:
    """Return where a copy goes: a bare `copy` leaves it beside the original."""
    if scope is None and args.command == "copy":
        scope = "user"
        for level in place.catalog.locations(place.folder, place.root):
            same = (level.scope, level.root) == (origin.source.scope, origin.source.root)
            if same and level.scope in WRITABLE:
                return level
    return find_level(place, scope or "project")


def _write(
    place: Place,
    origin: Entry,
    definition: PersonaDefinition,
    source: Source,
    name: Name,
    changes: dict[str, Any],
    carried: Carried,
) -> None:
    entry = _open(source, name.slug)
    guard = Guard(place, name.slug, like=definition)
    check = _same(definition, source, name, changes, guard)
    bases = _bases(place, origin, definition, name, source)
    changes = {**changes, **bases, **carried.values}
    with ExitStack() as undo:
        undo.callback(carried.take_back)
        carried.bring()
        other = _reader(origin)
        if other is None:
            from persona.loaders import definition_values

            base = definition_values(definition)
            base.pop("formerly", None)
            entry.create(base, check=None)
            entry.change(changes, check=check)
        else:
            # A copy is somebody else: the original goes on for who it was.
            own = ["formerly", *(["name"] if other.format == "md" else [])]
            unset = [key for key in own if key in other.values()]
            entry.create_from(other, changes, unset, check=check)
        undo.pop_all()


def _changes(args: Namespace, definition: PersonaDefinition, name: Name) -> dict[str, Any]:
    """Return the values in which the copy differs by name or by wish."""
    changes: dict[str, Any] = {}
    shown = name.shown
    if not name.given and name.slug == definition.name:
        shown = definition.identity.name
    explicit = "identity.name" not in definition.implied
    if explicit or shown != title_of(name.slug):
        changes["identity.name"] = shown
    for option, key in (("engine", "engine"), ("model", "model.model_id")):
        value = getattr(args, option, None)
        if value is not None:
            changes[key] = value
    prompt = getattr(args, "prompt", None)
    if prompt is not None:
        changes["context.system_prompt"] = prompt.strip()
    return changes


def _bases(
    place: Place, origin: Entry, definition: PersonaDefinition, name: Name, source: Source
) -> dict[str, Any]:
    """Return the bases by scope where their bare name would mean another persona there."""
    if definition.name not in definition.extends or name.slug == origin.slug:
        return {}
    farther = [e for e in find_entries(place, origin.slug) if e.level > origin.level]
    if not farther or farther[0].source.scope == source.scope:
        return {}
    scope = farther[0].source.scope.value
    own = definition.name
    return {"extends": [f"{scope}:{b}" if b == own else b for b in definition.extends]}


def _same(
    definition: PersonaDefinition,
    source: Source,
    name: Name,
    changes: dict[str, Any],
    guard: Guard,
) -> Callable[[LoadResult], None]:
    """Return a check that the copy says what the original says."""
    refuse = guard.check(source)

    def check(result: LoadResult) -> None:
        found = next((d for d in result.definitions if d.name == name.slug), None)
        if found is not None:
            changed = {key.partition(".")[0] for key in changes} | {"name", "extends", "formerly"}
            one, other = _told(definition, changed), _told(found, changed)
            lost = [key for key in one if one[key] != other[key]]
            if lost:
                raise CliError(
                    f"{source.file} cannot hold this persona as it is ({', '.join(lost)} would "
                    "change). Use the other format."
                )
        refuse(result)

    return check


def _told(definition: PersonaDefinition, without: set[str]) -> dict[str, Any]:
    data = definition.model_dump(mode="json", exclude=without)
    for key in ("name", "avatar"):
        data.get("identity", {}).pop(key, None)
    data.get("context", {}).pop("skills_paths", None)
    return data


def _reader(origin: Entry) -> PersonaEntry | None:
    """Return what reads the original as it is written; None for formats of other packages."""
    from persona.core import DefinitionError
    from persona.loaders import open_entry

    try:
        return open_entry(origin.source, origin.key)
    except DefinitionError:
        return None


def _open(source: Source, slug: str) -> PersonaEntry:
    from persona.loaders import open_entry

    return open_entry(source, slug)


def _format(source: Source) -> str:
    return "toml" if source.file.suffix == ".toml" else "md"


def _hides(place: Place, slug: str, source: Source) -> list[str]:
    """Return what is to be told of other personas of that name."""
    view = place.view()
    seen = view.personas.get(slug)
    if seen is not None and seen.source is not None and seen.source.file != source.file:
        return [f"It is not seen here: {seen.source.file} ({seen.source.scope.value}) is nearer."]
    farther = view.hidden.get(slug, ())
    return [f"It hides {d.source.file} ({d.source.scope.value})" for d in farther[:1] if d.source]
