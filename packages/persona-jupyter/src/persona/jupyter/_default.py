"""Who answers when nobody is mentioned and nobody was addressed before."""

from __future__ import annotations

from dataclasses import dataclass

from persona.core import PersonaDefinition, did_you_mean, escape_markdown, mention_name
from persona.jupyter._last_good import LiveView


@dataclass(frozen=True, slots=True)
class Default:
    """An answer to "who answers by default?".

    Attributes:
        slug: Short name, or None for nobody.
        missing: Why the one who was named for it does not; empty if nothing is wrong.
    """

    slug: str | None
    missing: str = ""


def choose_default(view: LiveView, wanted: str) -> Default:
    """Return the persona that answers by default.

    Args:
        view: What the chat sees.
        wanted: Short name or shown name of the one that was named for it, empty for none.
            If it is not there, the only persona answers as if none was named.
    """
    name = wanted.strip().removeprefix("@").casefold()
    if not name:
        return Default(_only(view))
    for slug, definition in view.personas.items():
        if name in _names(definition):
            return Default(slug)
    for broken in view.broken:  # asked, it says what has to be repaired
        if name == broken.slug:
            return Default(broken.slug)
    if name in view.renamed:
        return Default(view.renamed[name])
    return Default(_only(view), _missing(view, wanted, name))


def _only(view: LiveView) -> str | None:
    """Return the only persona; default ones of packages count only if there is no other."""
    able = [d for slug, d in view.personas.items() if slug not in view.refused]
    own = [d for d in able if d.source is None or not d.source.is_default]
    for some in (own, able, list(view.personas.values())):
        if some:
            return some[0].name if len(some) == 1 else None
    return None


def _missing(view: LiveView, wanted: str, name: str) -> str:
    said = (
        f"{escape_markdown(wanted)} is to answer when nobody is mentioned "
        "(`c.PersonaManager.default_persona`), but"
    )
    for absent in view.absent.values():
        if name in _names(absent.definition):
            return f"{said} cannot run here. {escape_markdown(absent.why.what)} {absent.why.fix}"
    known = {d.name for d in view.personas.values()}
    known |= {d.identity.name for d in view.personas.values()}
    guess = did_you_mean(name, sorted(known))
    hint = f" Did you mean {escape_markdown(guess)}?" if guess else ""
    return f"{said} is not here.{hint}"


def _names(definition: PersonaDefinition) -> tuple[str, ...]:
    shown = definition.identity.name
    return definition.name, shown.casefold(), mention_name(shown).casefold()
