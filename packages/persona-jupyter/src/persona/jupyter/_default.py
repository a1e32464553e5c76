"""Who answers when nobody is mentioned and nobody was addressed before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from persona.core import PersonaDefinition, did_you_mean, escape_markdown, mention_name
from persona.jupyter._last_good import LiveView

Origin = Literal["chat", "settings", "only", "nobody"]
"""Who says it: this chat, the server's settings, or nobody, there being only one."""


@dataclass(frozen=True, slots=True)
class Default:
    """An answer to "who answers by default?".

    Attributes:
        slug: Short name, or None for nobody.
        missing: Why the one who was named for it does not; empty if nothing is wrong.
        origin: Who says it.
    """

    slug: str | None
    missing: str = ""
    origin: Origin = "nobody"


def choose_default(view: LiveView, wanted: str, own: str | None = None) -> Default:
    """Return the persona that answers by default.

    Args:
        view: What the chat sees.
        wanted: Short name or shown name of the one that the settings name, empty for none.
            If it is not there, the only persona answers as if none was named.
        own: Short name of the one that was made the default in this chat; it goes first.
    """
    missing = ""
    for name, origin in ((own or "", "chat"), (wanted, "settings")):
        folded = name.strip().removeprefix("@").casefold()
        if not folded:
            continue
        slug = _find(view, folded)
        if slug is not None:
            return Default(slug, missing, "chat" if origin == "chat" else "settings")
        missing = missing or _missing(view, name, folded, here=origin == "chat")
    only = _only(view)
    return Default(only, missing, "nobody" if only is None else "only")


def _find(view: LiveView, name: str) -> str | None:
    for slug, definition in view.personas.items():
        if name in _names(definition):
            return slug
    for broken in view.broken:  # asked, it says what has to be repaired
        if name == broken.slug:
            return broken.slug
    return view.renamed.get(name)


def _only(view: LiveView) -> str | None:
    """Return the only persona; default ones of packages count only if there is no other."""
    able = [d for slug, d in view.personas.items() if slug not in view.refused]
    own = [d for d in able if d.source is None or not d.source.is_default]
    for some in (own, able, list(view.personas.values())):
        if some:
            return some[0].name if len(some) == 1 else None
    return None


def _missing(view: LiveView, wanted: str, name: str, *, here: bool) -> str:
    by = "as was said in this chat" if here else "`c.PersonaManager.default_persona`"
    said = f"{escape_markdown(wanted)} is to answer when nobody is mentioned ({by}), but"
    if name in view.removed:
        return f"{said} was removed from this chat. `/add @{name}` brings it back."
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
