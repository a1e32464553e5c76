"""What a command that writes prints: what it did, to which file, and what is wrong there."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from persona.cli._check import describe
from persona.cli._errors import FAILURE, OK
from persona.cli._json import print_json
from persona.cli._place import Place
from persona.core import Diagnostic, Source


def finish(
    args: Namespace,
    place: Place,
    action: str,
    slug: str,
    source: Source,
    *,
    text: str,
    more: Sequence[str] = (),
    changed: bool = True,
    data: dict[str, object] | None = None,
    strict: bool = False,
) -> int:
    """Print the end of a command and return its exit code.

    Args:
        args: Of the command.
        place: Where it looked from.
        action: What was done, for programs.
        slug: The persona.
        source: The file that was touched.
        text: What was done, for people; the file's path is put behind it.
        more: Further lines for people.
        changed: Whether the file changed.
        data: More for programs.
        strict: Whether errors in the file make the command fail.
    """
    found = _findings(place, slug, source)
    if args.json:
        visible = place.view().personas.get(slug)
        print_json(
            {
                "action": action,
                "slug": slug,
                "scope": source.scope.value,
                "format": "toml" if source.file.suffix == ".toml" else "md",
                "file": str(source.file),
                "changed": changed,
                "visible": str(visible.source.file) if visible and visible.source else None,
                **(data or {}),
                "diagnostics": [d.as_dict() for d in found],
            }
        )
    else:
        # The whole path, so that it can be copied to wherever.
        print(f"{text} {source.file}")
        for line in more:
            print(line)
        for finding in found:
            for line in describe(finding):
                print(line)
    return FAILURE if strict and any(d.severity == "error" for d in found) else OK


def _findings(place: Place, slug: str, source: Source) -> list[Diagnostic]:
    view = place.view()
    found = dict.fromkeys([*view.findings(slug), *view.diagnostics])
    broken = {d for b in view.broken if b.slug == slug for d in b.errors}
    own = set(view.findings(slug)) | broken
    alone = source.file.suffix != ".toml"
    return [d for d in found if d in own or (alone and d.file == source.file)]
