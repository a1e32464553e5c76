"""What whoever runs the server allows: personas, engines and models.

What is disabled is not to be seen. What is not allowed is seen, with the reason, and
does not answer; its engine is never made.
"""

from __future__ import annotations

import copy
from ast import literal_eval
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from traitlets import Bool, Enum, List, Unicode
from traitlets.config import Config, LoggingConfigurable
from traitlets.config.loader import LazyConfigValue

from persona.core import (
    Diagnostic,
    EngineError,
    PersonaDefinition,
    Requirement,
    Source,
    TrustMode,
    TrustRules,
)
from persona.jupyter._last_good import LiveView

_MOST = 12
"""How many patterns one sentence lists."""

_Patterns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules as data. By default everything is allowed.

    Patterns are as in a shell, where ``*`` also stands for slashes.

    Attributes:
        disabled_personas: Short names of personas that nobody sees.
        allowed_personas: Short names of those that may answer; None: all.
        allowed_engines: Ids of engines that may be used; None: all.
        allowed_models: Models that may be used, as definitions name them; None: all.
        default_personas: Whether the personas that packages of engines bring are seen.
        trust: Which projects' personas may run programs.
    """

    disabled_personas: _Patterns = ()
    allowed_personas: _Patterns | None = None
    allowed_engines: _Patterns | None = None
    allowed_models: _Patterns | None = None
    default_personas: bool = True
    trust: TrustRules = field(default_factory=TrustRules)

    def removes(self, source: Source | None) -> bool:
        """Whether nobody sees the personas of a file."""
        return not self.default_personas and source is not None and source.is_default

    def hides(self, slug: str) -> bool:
        """Whether nobody sees the persona of that short name."""
        return _fits(slug, _folded(self.disabled_personas))

    def allows_engine(self, engine_id: str) -> bool:
        """Whether personas may use an engine."""
        return self.allowed_engines is None or _fits(engine_id, self.allowed_engines)

    def allows_model(self, model_id: str) -> bool:
        """Whether personas may use a model, named as definitions name it."""
        return self.allowed_models is None or _fits(model_id, self.allowed_models)

    def refusal(self, definition: PersonaDefinition) -> Requirement | None:
        """Return why a persona may not answer, or None if it may.

        Called with each definition when it is read, with what it inherits. One that names
        no model is not asked for one.
        """
        allowed = self.allowed_personas
        if allowed is not None and not _fits(definition.name, _folded(allowed)):
            return _refusal("persona", definition.name, allowed)
        if not self.allows_engine(definition.engine):
            return _refusal("engine", definition.engine, self.allowed_engines or ())
        models = [definition.model] if definition.model else []
        for model in (*models, *definition.models):
            if not self.allows_model(model.model_id):
                return _refusal("model", model.model_id, self.allowed_models or ())
        return None

    def check(self, definition: PersonaDefinition) -> None:
        """Raise if a persona may not answer. Called before its engine is made.

        Raises:
            EngineError: It may not; the message says why.
        """
        refusal = self.refusal(definition)
        if refusal is not None:
            raise EngineError(refusal.what, engine_id=definition.engine, fix=refusal.fix)


class _Names(List[str]):
    """A list of which one entry may be written without brackets on the command line.

    Without this, traitlets takes such an entry for None where that is allowed, which is all.
    """

    def from_string(self, s: str) -> list[str] | None:
        """Return what a single word on the command line means. Called by traitlets."""
        if s == "None" and self.allow_none:
            return None
        try:
            value = literal_eval(s)
        except (ValueError, SyntaxError):
            return [s]
        return list(value) if isinstance(value, list | tuple) else [s]


class AdminRules(LoggingConfigurable):
    """The settings of `PersonaManager` that are for whoever runs the server."""

    disabled_personas = _Names(
        Unicode(),
        help="Short names of personas, or patterns such as `test-*`, that nobody sees.",
    ).tag(config=True)

    allowed_personas = _Names(
        Unicode(),
        default_value=None,
        allow_none=True,
        help="Short names of the only personas, or patterns, that may answer. None: all.",
    ).tag(config=True)

    allowed_engines = _Names(
        Unicode(),
        default_value=None,
        allow_none=True,
        help="Ids of the only engines, or patterns such as `*-acp`, that may be used. None: all.",
    ).tag(config=True)

    allowed_models = _Names(
        Unicode(),
        default_value=None,
        allow_none=True,
        help="The only models, or patterns such as `ollama/*`, that may be used. None: all.",
    ).tag(config=True)

    default_personas = Bool(
        True,
        help="Whether the personas that packages of engines bring, such as @OpenCode, are seen. "
        "Others can build on them in any case.",
    ).tag(config=True)

    trust_projects = Enum(
        ("ask", "always", "never"),
        default_value="ask",
        help="Personas of a project that would run programs: `ask` the user first, trust them "
        "`always`, or `never` let them run.",
    ).tag(config=True)

    trusted_paths = _Names(
        Unicode(),
        help="Folders. The personas of projects in them may run programs without being asked.",
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for section in self.section_names():
            for name in ("allowed_personas", "allowed_engines", "allowed_models"):
                given = self.config[section].get(name)
                # "append" in a configuration file: traitlets adds nothing to None, which is all.
                if isinstance(given, LazyConfigValue):
                    setattr(self, name, given.get_value([]))

    @property
    def policy(self) -> Policy:
        """The rules as data."""
        return Policy(
            tuple(self.disabled_personas),
            _some(self.allowed_personas),
            _some(self.allowed_engines),
            _some(self.allowed_models),
            self.default_personas,
            TrustRules(_mode(self.trust_projects), tuple(self.trusted_paths)),
        )


def _mode(word: str) -> TrustMode:
    return "always" if word == "always" else "never" if word == "never" else "ask"


def policy_of(config: Config) -> Policy:
    """Return the rules that every `PersonaManager` has. Called where no chat is open."""
    section = config["PersonaManager"]
    names = AdminRules.class_trait_names(config=True)
    own = {name: section[name] for name in names if name in section}
    return AdminRules(config=Config({"AdminRules": own})).policy


def restrict(view: LiveView, policy: Policy) -> LiveView:
    """Return ``view`` without what is disabled, and with what is refused marked as such.

    The same object if nothing is. Bases that are disabled can still be built on.
    """
    slugs = {*view.personas, *view.absent, *(broken.slug for broken in view.broken)}
    hidden = {slug for slug in slugs if policy.hides(slug)}
    sources = [(slug, definition.source) for slug, definition in view.personas.items()]
    sources += [(slug, absent.definition.source) for slug, absent in view.absent.items()]
    sources += [(b.slug, b.source) for b in view.broken if b.slug not in view.personas]
    hidden |= {slug for slug, source in sources if policy.removes(source)}
    personas = {slug: d for slug, d in view.personas.items() if slug not in hidden}
    refused = {
        slug: refusal
        for slug, definition in personas.items()
        if (refusal := policy.refusal(definition)) is not None
    }
    if not (hidden or refused):
        return view
    result = copy.copy(view)
    result.refused = refused
    if hidden:
        gone = _findings(view, hidden) - _findings(view, slugs - hidden)
        result.diagnostics = tuple(d for d in view.diagnostics if d not in gone)
        result.personas = personas
        result.absent = {slug: why for slug, why in view.absent.items() if slug not in hidden}
        result.broken = tuple(broken for broken in view.broken if broken.slug not in hidden)
        result.kept = {slug: why for slug, why in view.kept.items() if slug not in hidden}
    return result


def _findings(view: LiveView, slugs: set[str]) -> set[Diagnostic]:
    found = {d for slug in slugs for d in (*view.findings(slug), *view.kept.get(slug, ()))}
    return found | {d for broken in view.broken if broken.slug in slugs for d in broken.errors}


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)


def _folded(patterns: _Patterns) -> _Patterns:
    """Return patterns for short names, which are in lower case."""
    return tuple(pattern.casefold() for pattern in patterns)


def _some(patterns: list[str] | None) -> _Patterns | None:
    return None if patterns is None else tuple(patterns)


def _refusal(kind: str, name: str, allowed: _Patterns) -> Requirement:
    more = f" and {len(allowed) - _MOST} more" if len(allowed) > _MOST else ""
    fix = f"Allowed {kind}s: {', '.join(allowed[:_MOST])}{more}."
    return Requirement(
        f"The {kind} {name!r} is not allowed on this server.",
        fix if allowed else f"This server allows no {kind}s.",
    )
