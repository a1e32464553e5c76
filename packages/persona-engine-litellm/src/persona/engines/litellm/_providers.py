"""What a model's id says about its provider and its key, without importing litellm."""

from __future__ import annotations

from collections.abc import Mapping

from persona.core import KEY_VARIABLES, base_variables, is_loopback

OLLAMA = frozenset({"ollama", "ollama_chat"})
OLLAMA_URL = "http://localhost:11434"


def provider_of(model_id: str) -> str:
    """Return what stands before the first slash, or an empty string."""
    provider, slash, _ = model_id.partition("/")
    return provider if slash else ""


def missing_key(model_id: str, environ: Mapping[str, str]) -> str | None:
    """Return the variable that should hold the key and does not, or None.

    None too if the provider is not known here or the environment names another address.
    """
    provider = provider_of(model_id)
    names = KEY_VARIABLES.get(provider, ())
    if not names or any(environ.get(n) for n in (*names, *base_variables(provider))):
        return None
    return names[0]


def key_stays_home(model_id: str, url: str, environ: Mapping[str, str]) -> bool:
    """Whether the provider's key in the environment must not be sent to ``url``.

    A key belongs to its provider. A persona file that names another address must not
    collect it. The own machine, and an address that the environment names, are trusted.
    """
    provider = provider_of(model_id)
    if provider not in KEY_VARIABLES or is_loopback(url):
        return False
    named = {environ.get(name, "").rstrip("/") for name in base_variables(provider)}
    return url.rstrip("/") not in named
