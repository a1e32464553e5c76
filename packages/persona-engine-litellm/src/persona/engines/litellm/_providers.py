"""What is known of well-known providers without importing litellm."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

KEY_VARIABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        "cerebras": ("CEREBRAS_API_KEY",),
        "cohere": ("COHERE_API_KEY",),
        "deepseek": ("DEEPSEEK_API_KEY",),
        "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY"),
        "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "groq": ("GROQ_API_KEY",),
        "huggingface": ("HUGGINGFACE_API_KEY", "HF_TOKEN"),
        "mistral": ("MISTRAL_API_KEY",),
        "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
        "openai": ("OPENAI_API_KEY",),
        "openrouter": ("OPENROUTER_API_KEY",),
        "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
        "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
        "xai": ("XAI_API_KEY",),
    }
)
"""For each provider the variables that may hold its key; one is enough."""

OLLAMA = frozenset({"ollama", "ollama_chat"})
OLLAMA_URL = "http://localhost:11434"


def provider_of(model_id: str) -> str:
    """Return what stands before the first slash, or an empty string."""
    provider, slash, _ = model_id.partition("/")
    return provider if slash else ""


def base_variables(provider: str) -> tuple[str, ...]:
    """Return the variables that give a provider another address."""
    name = provider.upper()
    return (f"{name}_API_BASE", f"{name}_BASE_URL")


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


def is_loopback(url: str) -> bool:
    """Whether ``url`` is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
