"""Findings about a definition, at the place that its origins know."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlsplit

from persona.core._definition import PersonaDefinition
from persona.core._diagnostics import Diagnostic, Severity
from persona.core._models import PersonaModel, expand_env
from persona.core._source import Source

LONGEST = 60
"""Characters of an author's text that a message repeats."""


def finding(
    definition: PersonaDefinition,
    source: Source,
    key: str,
    code: str,
    message: str,
    fix: str,
    severity: Severity = "error",
) -> Diagnostic:
    """Return a finding about the value at ``key``, or the nearest known place above it."""
    origins = definition.origins
    path = key
    while path and path not in origins:
        path = path.rpartition(".")[0]
    at = origins.get(path or "name")
    if at is None:
        return Diagnostic(code, message, source.file, 1, 1, severity, fix)
    # The file may be one that this one extends.
    return Diagnostic(code, message, at.file, at.line, at.column, severity, fix)


def models_of(definition: PersonaDefinition) -> list[tuple[str, PersonaModel]]:
    """Return every model that a definition names, with its dotted path."""
    first = [("model", definition.model)] if definition.model else []
    return first + [(f"models.{n}", model) for n, model in enumerate(definition.models)]


def short(text: str) -> str:
    """Return a text on one line, cut to a length that fits into a message."""
    text = " ".join(text[: 4 * LONGEST].split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def wrong_address(url: str) -> str | None:
    """Return what is wrong with an address of a server, or None; variables may be anything."""
    if url.startswith("${"):  # the variable may hold the scheme and the host
        return None
    text = expand_env(url, defaultdict(lambda: "1"))
    if any(char.isspace() or not char.isprintable() for char in text):
        return "holds a space or a control character"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        return f"is not valid ({exc})"
    if parts.scheme not in ("http", "https"):
        return "does not start with http:// or https://"
    return None if host else "names no host"
