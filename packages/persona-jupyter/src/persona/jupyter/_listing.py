"""What listings show: every persona that a chat sees, its state, and where it is defined."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from persona.core import BasePersona, BrokenFile, EngineSupport, PersonaDefinition, mention_name
from persona.jupyter._failures import LOGIN, LastFailures
from persona.jupyter._file_notices import where
from persona.jupyter._last_good import LiveView
from persona.jupyter._session import session_of, state_of
from persona.jupyter._whereabouts import whereabouts


@dataclass(frozen=True, slots=True)
class Listed:
    """A persona as listings show it."""

    slug: str
    name: str
    mention_name: str
    engine: str
    model: str | None
    scope: str
    file: str
    state: str
    description: str | None = None
    detail: str | None = None
    session: Mapping[str, Any] | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)
    """What was changed in this chat, by dotted path."""
    fault: str | None = None
    """Why it is in use as it was before its last edit, if it is."""
    activity: str | None = None
    """What one that is busy does: ``starting``, ``thinking``, ``writing``, ``tool``, …"""
    line: int | None = None
    """Where in the file it begins, if that is known; what is wrong with it, if it is broken."""
    package: str | None = None
    """The package that brings it, if one does."""
    path: str | None = None
    """The file's path below the server's root, if it lies there."""


def list_personas(
    view: LiveView,
    root: Path,
    live: Mapping[str, BasePersona] | None = None,
    removed: Collection[str] = (),
    failures: LastFailures | None = None,
) -> list[Listed]:
    """Return what listings show of ``view``.

    Args:
        view: The definitions.
        root: The server's root folder.
        live: The personas already in use.
        removed: Short names of those who were removed from the chat.
        failures: Why personas could not answer last.
    """
    rows = [
        _row(view, definition, root, (live or {}).get(slug), failures)
        for slug, definition in view.personas.items()
    ]
    rows += [_broken(found, root) for found in view.broken if found.slug not in view.personas]
    return [
        replace(row, state="removed", detail=None, fault=None) if row.slug in removed else row
        for row in rows
    ]


def with_support(rows: list[Listed], supports: Mapping[str, EngineSupport]) -> list[Listed]:
    """Return the rows with what the engines miss as the state of those that are idle."""
    found: list[Listed] = []
    for row in rows:
        missing = supports[row.slug].missing if row.slug in supports else ()
        if missing and row.state == "ready":
            state = "login" if LOGIN & {one.kind for one in missing} else "unavailable"
            row = replace(row, state=state, detail=" ".join(f"{m.what} {m.fix}" for m in missing))
        found.append(row)
    return found


def _row(
    view: LiveView,
    definition: PersonaDefinition,
    root: Path,
    persona: BasePersona | None,
    failures: LastFailures | None,
) -> Listed:
    slug, source = definition.name, definition.source
    fault = next(iter(view.kept.get(slug, ())), None)
    problem = next((d for d in view.findings(slug) if d.severity == "error"), None)
    if slug in view.kept:  # what is wrong with it is not what is in use
        problem = None
    detail = problem.message if problem else None
    refusal = view.refused.get(slug)
    if refusal is not None:  # no repair of its file helps
        fault, detail = None, f"{refusal.what} {refusal.fix}"
    untrusted = view.untrusted.get(slug)
    state = "unavailable" if detail else state_of(persona)
    if untrusted is not None and detail is None:
        state, detail = "untrusted", untrusted.detail
    failure = failures.of(slug, definition.engine) if failures else None
    if state == "ready" and failure is not None and failure.kind in LOGIN:
        state, detail = "login", failure.text
    name = definition.origins.get("name")
    at = whereabouts(source, root, name.line if name else None)
    return Listed(
        slug=slug,
        name=definition.identity.name,
        mention_name=mention_name(definition.identity.name),
        engine=definition.engine,
        model=definition.model.model_id if definition.model else None,
        state=state,
        session=session_of(persona),
        activity=persona.activity.state if persona is not None and persona.busy else None,
        description=definition.identity.description,
        detail=detail,
        changed=dict(view.changed.get(slug, {})),
        fault=where(fault, source.file, root) if fault and source else None,
        scope=at.scope,
        file=at.file,
        line=at.line,
        package=at.package,
        path=at.path,
    )


def _broken(broken: BrokenFile, root: Path) -> Listed:
    found = broken.errors[0] if broken.errors else None
    at = whereabouts(broken.source, root, found.line if found else None)
    return Listed(
        slug=broken.slug,
        name=broken.slug,
        mention_name=broken.slug,
        engine="–",
        model=None,
        state="broken",
        detail=f"line {found.line}: {found.message}" if found else None,
        scope=at.scope,
        file=at.file,
        line=at.line,
        package=at.package,
        path=at.path,
    )
