"""What listings show: every persona that a chat sees, and its state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from persona.core import BasePersona, Source, mention_name
from persona.jupyter import _notices as notices
from persona.jupyter._last_good import LiveView
from persona.jupyter._session import session_of, state_of


def list_personas(
    view: LiveView, root: Path, live: Mapping[str, BasePersona] | None = None
) -> list[notices.Listed]:
    """Return what listings show of ``view``; ``live`` are the personas already in use."""
    rows: list[notices.Listed] = []
    for slug, definition in view.personas.items():
        persona = (live or {}).get(slug)
        source = definition.source
        fault = next(iter(view.kept.get(slug, ())), None)
        problem = next((d for d in view.findings(slug) if d.severity == "error"), None)
        if slug in view.kept:  # what is wrong with it is not what is in use
            problem = None
        detail = problem.message if problem else None
        refusal = view.refused.get(slug)
        if refusal is not None:  # no repair of its file helps
            fault, detail = None, f"{refusal.what} {refusal.fix}"
        rows.append(
            notices.Listed(
                slug=slug,
                name=definition.identity.name,
                mention_name=mention_name(definition.identity.name),
                engine=definition.engine,
                model=definition.model.model_id if definition.model else None,
                scope=source.scope if source else "code",
                file=_where(source, root) if source else "",
                state="unavailable" if detail else state_of(persona),
                session=session_of(persona),
                description=definition.identity.description,
                detail=detail,
                changed=dict(view.changed.get(slug, {})),
                fault=notices.where(fault, source.file, root) if fault and source else None,
            )
        )
    for broken in view.broken:
        if broken.slug in view.personas:
            continue
        found = broken.errors[0] if broken.errors else None
        rows.append(
            notices.Listed(
                slug=broken.slug,
                name=broken.slug,
                mention_name=broken.slug,
                engine="–",
                model=None,
                scope=broken.source.scope,
                file=_where(broken.source, root),
                state="broken",
                detail=f"line {found.line}: {found.message}" if found else None,
            )
        )
    return rows


def _where(source: Source, root: Path) -> str:
    """Return the file as people read it, or the package that brings it."""
    if source.package is not None:
        return source.package.distribution
    return notices.shown_path(source.file, root)
