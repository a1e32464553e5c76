"""``jupyter persona trust``: look at what a project's personas would run, and decide."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from persona.cli._errors import FAILURE, OK, USAGE, CliError
from persona.cli._json import print_json
from persona.cli._place import Place, find_persona, find_place, find_root, shown_path
from persona.cli._trust_shown import described, plain, quoted
from persona.core import (
    Approval,
    CatalogView,
    PersonaDefinition,
    TrustError,
    TrustJudge,
    Untrusted,
)


def judge_of(place: Place) -> TrustJudge:
    """Return who decides for the command line: what the user has trusted."""
    return TrustJudge(place.catalog.registry)


def untrusted_of(place: Place, view: CatalogView) -> dict[str, Untrusted]:
    """Return the personas that wait for trust, by short name."""
    return judge_of(place).look_at_all(view.personas.values(), place.folder)


def trust_as_written(place: Place, slug: str) -> None:
    """Trust a persona that was just written through the product."""
    judge = judge_of(place)
    definition = place.view().personas.get(slug)
    found = judge.look(definition, place.folder) if definition is not None else None
    if found is not None and not found.version.problems:
        try:
            judge.store.approve([found.version])
        except TrustError as exc:
            print(f"It waits for trust: {exc}", file=sys.stderr)


def require_trust(place: Place, definition: PersonaDefinition) -> None:
    """Ask for trust where somebody can be asked.

    Raises:
        CliError: The persona is not trusted.
    """
    judge = judge_of(place)
    found = judge.look(definition, place.folder)
    if found is None:
        return
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(*described(found, place), sep="\n", file=sys.stderr)
        if not found.version.problems and _confirm("Trust this version?"):
            _keep(judge, [found])
            return
    file = shown_path(found.version.file)
    raise CliError(
        f"{definition.identity.name} is not trusted. {found.detail} "
        f"Look at it and trust it with: jupyter persona trust {quoted(file)}"
    )


def run(args: Namespace) -> int:
    """Trust, list or revoke."""
    place, named = _place(args)
    if args.list:
        return _list(args, place, named)
    if args.revoke:
        return _revoke(args, place, named)
    found = _found(place, named)
    judge = judge_of(place)
    if args.project:
        return _trust_project(args, place, judge, found)
    if not found:
        problem = judge.store.problem
        if problem:
            raise CliError(problem)
        _say(args, place, "Nothing here waits for trust.", [])
        return OK
    if not args.json:
        for waiting in found.values():
            print(*described(waiting, place), "", sep="\n")
    if not _agreed(args, f"Trust {'these versions' if len(found) > 1 else 'this version'}?"):
        print("Nothing was trusted.", file=sys.stderr)
        return FAILURE
    usable = [w for w in found.values() if not w.version.problems]
    _keep(judge, usable)
    for waiting in found.values():
        if waiting.version.problems:
            print(f"Not trusted: {waiting.version.name}: {waiting.problem}", file=sys.stderr)
    names = ", ".join(w.version.name for w in usable)
    _say(args, place, f"Trusted as they are now: {names}." if names else "", usable)
    return OK if len(usable) == len(found) else FAILURE


def _place(args: Namespace) -> tuple[Place, str | Path | None]:
    """Return where to look from, and the persona or the file that is meant; None: everything."""
    if args.path is None:
        return find_place(args.dir, args.root), None
    path = Path(args.path)
    if path.is_dir():
        folder = path.resolve()
        inside = next((p.parent for p in (folder, *folder.parents) if p.name == ".jupyter"), folder)
        return find_place(inside, args.root), None
    if path.is_file() or path.is_symlink():
        # Links are not followed: the file belongs to the project that it stands in.
        file = path.parent.resolve() / path.name
        return find_place(find_root(file.parent), args.root), file
    if path.suffix or len(path.parts) > 1:
        raise CliError(f"{path} does not exist.", USAGE)
    return find_place(args.dir, args.root), args.path


def _found(place: Place, named: str | Path | None) -> dict[str, Untrusted]:
    view = place.view()
    every = untrusted_of(place, view)
    if named is None:
        return every
    if isinstance(named, Path):
        slugs = {d.name for d in view.personas.values() if d.source and d.source.file == named}
        slugs |= {s for s, w in every.items() if any(r.file == named for r in w.version.runs)}
    else:
        slugs = {find_persona(view, named).name}
    return {slug: waiting for slug, waiting in every.items() if slug in slugs}


def _trust_project(
    args: Namespace, place: Place, judge: TrustJudge, found: Mapping[str, Untrusted]
) -> int:
    roots = {w.version.root for w in found.values()} or {place.root}
    shown = ", ".join(map(str, sorted(roots)))
    if not args.json:
        for waiting in found.values():
            print(*described(waiting, place), "", sep="\n")
    if not _agreed(args, f"Trust everything in {shown}, also what changes there later?"):
        print("Nothing was trusted.", file=sys.stderr)
        return FAILURE
    try:
        judge.store.trust_project(sorted(roots))
    except TrustError as exc:
        raise CliError(str(exc)) from exc
    _say(args, place, f"Trusted from now on: {shown}.", list(found.values()))
    return OK


def _list(args: Namespace, place: Place, named: str | Path | None) -> int:
    store = judge_of(place).store
    waiting = _found(place, named)
    approvals = store.approvals()
    if named is not None or args.path is not None:
        approvals = [a for a in approvals if _fits(a, place, named)]
    if args.json:
        print_json(
            {
                "store": str(store.file),
                "problem": store.problem or None,
                "trusted": [_as_dict(approval) for approval in approvals],
                "waiting": [_waiting_as_dict(w) for w in waiting.values()],
            }
        )
        return OK
    if store.problem:
        print(store.problem, file=sys.stderr)
    for approval in approvals:
        if approval.file is None:
            print(f"project  {plain(str(approval.root))}  since {approval.at}")
        else:
            versions = f"{len(approval.digests)} version{'s' if len(approval.digests) > 1 else ''}"
            where = plain(str(approval.file))
            print(f"persona  {approval.slug}  {where}  {versions}, {approval.at}")
    for found in waiting.values():
        print(f"waits    {found.version.slug}  {plain(str(found.version.file))}: {found.detail}")
    if not approvals and not waiting:
        print("Nothing is trusted, and nothing here waits for it.")
    return OK


def _revoke(args: Namespace, place: Place, named: str | Path | None) -> int:
    store = judge_of(place).store
    try:
        gone = store.revoke(lambda approval: _fits(approval, place, named))
    except TrustError as exc:
        raise CliError(str(exc)) from exc
    if args.json:
        print_json({"revoked": [_as_dict(approval) for approval in gone]})
    elif gone:
        for approval in gone:
            what = approval.slug or "the project"
            print(f"Not trusted any more: {what}, {approval.file or approval.root}")
    else:
        print("Nothing of it was trusted.")
    return OK


def _fits(approval: Approval, place: Place, named: str | Path | None) -> bool:
    """Whether a decision is about what was named; without a name about the whole project."""
    if isinstance(named, Path):
        return approval.file == named.resolve()
    if isinstance(named, str):
        return approval.root == place.root and approval.slug == named.removeprefix("@")
    return approval.root == place.root or approval.root.is_relative_to(place.folder)


def _agreed(args: Namespace, question: str) -> bool:
    """Whether the user agrees; to name the command is enough where nobody can be asked."""
    if args.yes or args.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    return _confirm(question)


def _confirm(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _keep(judge: TrustJudge, found: Sequence[Untrusted]) -> None:
    try:
        judge.store.approve(w.version for w in found)
    except TrustError as exc:
        raise CliError(str(exc)) from exc


def _say(args: Namespace, place: Place, text: str, trusted: Sequence[Untrusted]) -> None:
    if args.json:
        print_json(
            {"root": str(place.root), "trusted": [_waiting_as_dict(found) for found in trusted]}
        )
    elif text:
        print(text)


def _as_dict(approval: Approval) -> dict[str, object]:
    return {
        "project": str(approval.root),
        "file": str(approval.file) if approval.file else None,
        "slug": approval.slug or None,
        "versions": list(approval.digests),
        "at": approval.at,
    }


def _waiting_as_dict(found: Untrusted) -> dict[str, object]:
    version = found.version
    return {
        "project": str(version.root),
        "file": str(version.file),
        "slug": version.slug,
        "name": version.name,
        "version": version.digest,
        "why": found.why,
        "detail": found.detail,
        "problem": found.problem or None,
        "runs": [run.as_dict() for run in version.runs],
        "files": [{"file": str(f.path), "sha256": f.sha256 or None} for f in version.files],
    }
