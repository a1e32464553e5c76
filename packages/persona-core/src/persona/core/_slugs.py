"""Short names of personas: what they may be, and from and to shown names and ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""What the name of a definition may be."""


def persona_id(slug: str) -> str:
    """Return the id that a persona has in chats, for its short name."""
    return f"persona::{slug}"


def slugify(text: str) -> str:
    """Return a short name made from any text, or an empty string if nothing is left."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")
    return slug[:64].rstrip("-._")


def slug_of(name: str) -> str:
    """Return a short name for any shown name; one without Latin letters gets its digest."""
    return slugify(name) or f"persona-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def title_of(slug: str) -> str:
    """Return a name to show for a short name: ``data-sage`` becomes ``Data Sage``."""
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[-_.]+", slug) if word)
