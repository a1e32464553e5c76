"""What listings show: every persona that a chat sees, its state, and where it is defined."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from persona.core import BasePersona, BrokenFile, EngineSupport, PersonaDefinition, mention_name
from persona.jupyter import _notices as notices
from persona.jupyter._failures import LOGIN, LastFailures
from persona.jupyter._last_good import LiveView
from persona.jupyter._session import session_of, state_of
from persona.jupyter._whereabouts import whereabouts


def list_personas(
    view: LiveView,
    root: Path,
    live: Mapping[str, BasePersona] | None = None,
    removed: Collection[str] = (),
    failures: LastFailures | None = None,
) -> list[notices.Listed]:
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


def with_support(
    rows: list[notices.Listed], supports: Mapping[str, EngineSupport]
) -> list[notices.Listed]:
    """Return the rows with what the engines miss as the state of those that are idle."""
    found: list[notices.Listed] = []
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
) -> notices.Listed:
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
    return notices.Listed(
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
        fault=notices.where(fault, source.file, root) if fault and source else None,
        scope=at.scope,
        file=at.file,
        line=at.line,
        package=at.package,
        path=at.path,
    )


def _broken(broken: BrokenFile, root: Path) -> notices.Listed:
    found = broken.errors[0] if broken.errors else None
    at = whereabouts(broken.source, root, found.line if found else None)
    return notices.Listed(
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
