"""``jupyter persona enable`` and ``disable``: the line ``enabled`` of a definition."""

from __future__ import annotations

from argparse import Namespace

from persona.cli._done import finish
from persona.cli._entry import WRITABLE, Entry, all_entries, find_entries, find_seen
from persona.cli._errors import CliError
from persona.cli._guard import Guard
from persona.cli._place import Place, find_place
from persona.cli._starter import hidden_stub
from persona.cli._target import find_level, new_source, refuse_taken


def run_disable(args: Namespace) -> int:
    """Hide a persona."""
    place = find_place(args.dir, args.root)
    entries = find_entries(place, args.name)
    nearest = entries[0]
    if not nearest.enabled and args.scope in (None, nearest.source.scope.value):
        return _finish(args, place, nearest, "disabled", "Already disabled in", changed=False)
    scope = args.scope or nearest.source.scope.value
    if args.scope is None and nearest.source.scope not in WRITABLE:
        scope = "user"
    own = next((entry for entry in entries if entry.source.scope.value == scope), None)
    if own is None:
        return _hide(args, place, nearest, scope)
    changed = _write(place, own, enabled=False)
    text = "Disabled in" if changed else "Already disabled in"
    return _finish(args, place, own, "disabled", text, changed=changed)


def run_enable(args: Namespace) -> int:
    """Undo `run_disable`: show a persona again."""
    place = find_place(args.dir, args.root)
    entries = find_entries(place, args.name, args.scope)
    touched: list[tuple[Entry, str]] = []
    while entries and not entries[0].enabled:
        nearest = entries[0]
        if nearest.source.scope not in WRITABLE:
            raise CliError(
                f"{nearest.slug!r} is disabled for everybody, in {nearest.where(place)}. Ask the "
                f"administrator, or make your own: jupyter persona copy {nearest.slug} NEW."
            )
        if nearest.only_hides and _is_elsewhere(place, nearest):
            from persona.loaders import open_entry

            open_entry(nearest.source, nearest.key).delete()
            # A table is one of several in its file.
            done = (
                f"Removed {nearest.slug!r} from"
                if nearest.source.file.suffix == ".toml"
                else "Removed"
            )
            touched.append((nearest, done))
        else:
            _write(place, nearest, enabled=True)
            touched.append((nearest, "Enabled in"))
            break
        entries = [e for e in entries[1:] if e.level > nearest.level]
    if not touched:
        return _finish(args, place, entries[0], "enabled", "Already enabled in", changed=False)
    *others, (last, text) = touched
    more = [f"{done} {entry.source.file}" for entry, done in others]
    return _finish(args, place, last, "enabled", text, more=more)


def _hide(args: Namespace, place: Place, nearest: Entry, scope: str) -> int:
    """Write a small file that hides a farther persona."""
    level = find_level(place, scope)
    order = [(at.scope, at.root) for at in place.catalog.locations(place.folder, place.root)]
    farther = (nearest.source.scope, nearest.source.root)
    if farther in order and order.index(farther) > order.index((level.scope, level.root)):
        raise CliError(
            f"{nearest.slug!r} comes from {nearest.where(place)}, which is nearer than {scope} "
            f"scope. Leave --scope out, or write --scope {nearest.source.scope.value}."
        )
    source = new_source(level, nearest.slug, "md")
    refuse_taken(place, level, nearest.slug, source.file)
    from persona.loaders import open_entry

    head = hidden_stub(nearest.slug, nearest.source.scope.value)
    open_entry(source).create({"enabled": False}, head=head)
    made = Entry(nearest.slug, source, "", 0)
    return _finish(args, place, made, "disabled", "Disabled by", more=[
        f"That file hides {nearest.where(place)}."
    ])  # fmt: skip


def _write(place: Place, entry: Entry, *, enabled: bool) -> bool:
    if entry.definition is None:
        raise CliError(f"{entry.slug!r} cannot be changed. {entry.errors[0]}")
    if entry.definition.enabled is enabled:
        return False
    from persona.loaders import open_entry

    writer = open_entry(entry.source, entry.key)
    check = None if enabled else Guard(place, entry.slug).check(entry.source)
    return writer.change({"enabled": enabled}, check=check)


def _is_elsewhere(place: Place, entry: Entry) -> bool:
    return any(e.slug == entry.slug and e.level > entry.level for e in all_entries(place))


def _finish(
    args: Namespace,
    place: Place,
    entry: Entry,
    action: str,
    text: str,
    *,
    more: list[str] | None = None,
    changed: bool = True,
) -> int:
    lines = list(more or ())
    visible = place.view().personas.get(entry.slug)
    if action == "disabled" and visible is not None and visible.source is not None:
        lines.append(
            f"It is still seen: {visible.source.file} ({visible.source.scope.value}) is nearer."
        )
    if action == "enabled" and visible is None:
        nearest = find_seen(place, entry.slug)
        if nearest is not None and not nearest.enabled:
            lines.append(f"It is still hidden by {nearest.where(place)}.")
    return finish(
        args, place, action, entry.slug, entry.source, text=text, more=lines, changed=changed
    )
