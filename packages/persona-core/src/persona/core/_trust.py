"""Whether a project's persona may run what it wants to run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from persona.core._definition import PersonaDefinition
from persona.core._events import Diff
from persona.core._fences import plain_text
from persona.core._paths import lies_in, real
from persona.core._registry import EngineRegistry
from persona.core._trust_store import TrustStore
from persona.core._trust_version import TrustVersion, version_of

_MOST = 5
"""How many commands one line tells."""

TrustMode = Literal["ask", "always", "never"]


@dataclass(frozen=True, slots=True)
class TrustRules:
    """What whoever runs the server says of projects.

    Attributes:
        mode: ``ask`` the user, trust ``always``, or ``never``.
        paths: Folders whose projects are trusted in any case.
    """

    mode: TrustMode = "ask"
    paths: tuple[str, ...] = ()

    def covers(self, version: TrustVersion) -> bool:
        """Whether every project that has a say in a version is trusted by these rules."""
        if self.mode == "always":
            return True
        tops = [real(os.path.expanduser(p)) for p in self.paths if p]  # noqa: PTH111
        return bool(tops) and all(
            any(lies_in(str(home), top) for top in tops) for home in version.homes
        )


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A persona that waits, and why.

    Attributes:
        version: What it would run.
        why: ``new``; ``changed`` since it was trusted; ``never`` if the server trusts none.
        changes: What has changed since then.
        problem: What else stands in the way, one line.
    """

    version: TrustVersion
    why: Literal["new", "changed", "never"]
    changes: tuple[Diff, ...] = ()
    problem: str = ""

    @property
    def detail(self) -> str:
        """Why it does not answer, one line."""
        if self.why == "never":
            return "It would run programs, and this server trusts no project."
        what = (
            "It has changed since you trusted it" if self.why == "changed" else "It is a project's"
        )
        return f"{what} and would run: {trust_summary(self.version)}."


class TrustJudge:
    """Decides, from rules and from what the user has trusted. Reads files, runs nothing.

    Args:
        registry: The engines.
        store: What the user has trusted.
        rules: What whoever runs the server says.
    """

    def __init__(
        self,
        registry: EngineRegistry,
        store: TrustStore | None = None,
        rules: TrustRules | None = None,
    ) -> None:
        self.store = store or TrustStore()
        self.rules = rules or TrustRules()
        self._registry = registry

    def look(
        self, definition: PersonaDefinition, folder: Path, *, listing: bool = False
    ) -> Untrusted | None:
        """Return why a persona may not be made, or None if it may; blocking.

        Called for listings, before a persona is made, and before each turn: what it would
        run is read anew each time.

        Args:
            definition: The definition, with what it inherits.
            folder: The chat's folder, where its programs start.
            listing: Whether it is for a listing only, which imports fewer engines.
        """
        version = version_of(definition, folder, self._registry, listing=listing)
        if version is None or self.rules.covers(version):
            return None
        if self.rules.mode == "never":
            return Untrusted(version, "never")
        if self.store.trusts(version):
            return None
        before = self.store.approval(version)
        problem = self.store.problem_for(version.root)
        if not problem and version.problems:
            found = version.problems[0]
            problem = f"{found.path.name}: {found.problem}"
        if before is None:
            return Untrusted(version, "new", (), problem)
        changes = version.differs_from(before.texts, before.hidden)
        return Untrusted(version, "changed", tuple(changes), problem)

    def look_at_all(
        self, definitions: Iterable[PersonaDefinition], folder: Path
    ) -> dict[str, Untrusted]:
        """Return those that may not be made, by short name; blocking."""
        found = ((d.name, self.look(d, folder, listing=True)) for d in definitions)
        return {slug: waiting for slug, waiting in found if waiting is not None}


def trust_summary(version: TrustVersion) -> str:
    """Return what a version would run, one line."""
    parts = []
    for run in version.runs:
        words = " ".join((run.command, *run.args)).strip()
        if run.kind == "python":
            words = run.file.name
        elif run.kind == "option":
            words = f"tools without asking ({run.what.partition(' ')[0]}: {run.setting})"
        parts.append(words if len(words) <= 80 else f"{words[:80]}…")
    told = "; ".join(dict.fromkeys(part for part in parts[:_MOST] if part))
    more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return plain_text(f"{told}{more}") or "programs of its engine"
