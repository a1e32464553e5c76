"""Where a model is served, in which dialect, with which key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from persona.core import (
    KEY_VARIABLES,
    PersonaModel,
    Requirement,
    base_variables,
    expand_env,
    is_loopback,
)
from persona.engines.acp._plan import Blocks

Dialect = Literal["openai", "anthropic", "gemini"]

_OPENAI_ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "cerebras": "https://api.cerebras.ai/v1",
        "deepseek": "https://api.deepseek.com/v1",
        "fireworks_ai": "https://api.fireworks.ai/inference/v1",
        "groq": "https://api.groq.com/openai/v1",
        "huggingface": "https://router.huggingface.co/v1",
        "lm_studio": "http://localhost:1234/v1",
        "mistral": "https://api.mistral.ai/v1",
        "nvidia_nim": "https://integrate.api.nvidia.com/v1",
        "ollama": "http://localhost:11434/v1",
        "openai": "https://api.openai.com/v1",
        "openrouter": "https://openrouter.ai/api/v1",
        "perplexity": "https://api.perplexity.ai",
        "together_ai": "https://api.together.xyz/v1",
        "xai": "https://api.x.ai/v1",
    }
)
_OWN_ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "anthropic": "https://api.anthropic.com",
        "gemini": "https://generativelanguage.googleapis.com",
    }
)
_OLLAMA = frozenset({"ollama", "ollama_chat"})
_OLLAMA_VARIABLES = ("OLLAMA_API_BASE", "OLLAMA_HOST")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model of a persona is.

    Attributes:
        provider: What stands before the slash of the model's id; empty without one.
        model: What stands behind it.
        dialect: What is spoken there.
        own: Whether an address is given, by the persona or by the environment.
        url: Its address, or None if it is not known here.
        key: The key to send there, or None.
        missing: What is missing to reach it.
    """

    provider: str
    model: str
    dialect: Dialect
    own: bool
    url: str | None
    key: str | None = field(repr=False)
    missing: tuple[Requirement, ...] = ()

    @property
    def root(self) -> str:
        """The address without its ``/v1``, for agents that add it."""
        return (self.url or "").removesuffix("/v1")

    @property
    def openai_url(self) -> str:
        """The address with ``/v1`` where only a host is given, as OpenAI's dialect has it."""
        url = self.url or ""
        return url if urlsplit(url).path.strip("/") else f"{url}/v1"


def keyed(blocks: Blocks) -> Blocks:
    """Return the blocks with ``options.api_key`` where the provider's key is looked for."""
    given = blocks.options.api_key
    if given is None or blocks.model is None:
        return blocks
    key, _ = _expanded(given, "options.api_key", blocks.environment)
    names = KEY_VARIABLES.get(blocks.model.provider or "", ())
    environment = {k: v for k, v in blocks.environment.items() if k not in names}
    if key and names:
        environment[names[0]] = key
    return replace(blocks, environment=environment)


def endpoint(model: PersonaModel, blocks: Blocks) -> Endpoint:
    """Return where ``model`` is served.

    A key belongs to its provider: it is not sent to another address that a persona names,
    unless that is on this machine or the environment names it too. A key that the persona
    names itself goes wherever it says.
    """
    environment = blocks.environment
    provider = model.provider or ""
    given, unset = _expanded(model.model_url, "model_url", environment)
    missing = list(unset)
    given = given.rstrip("/") if given else None
    named = _named(provider, environment)
    url = given or named
    if blocks.options.api_key is not None:
        key, unset = _expanded(blocks.options.api_key, "options.api_key", environment)
        missing += unset
    else:
        key = next(
            (environment[n] for n in KEY_VARIABLES.get(provider, ()) if environment.get(n)), None
        )
        if given is not None and given != named and not is_loopback(given):
            key = None
    if url is not None and provider in _OLLAMA:
        url = url.removesuffix("/v1") + "/v1"
    return Endpoint(
        provider,
        model.model,
        _dialect(provider),
        url is not None or provider in _OLLAMA,
        url or _usual(provider),
        key,
        tuple(missing),
    )


def _expanded(
    text: str | None, where: str, environment: Mapping[str, str]
) -> tuple[str | None, list[Requirement]]:
    """Return a text with ``${NAME}`` filled in, or what is missing for that."""
    if text is None:
        return None, []
    try:
        return expand_env(text, environment), []
    except KeyError as error:
        name = error.args[0]
        return None, [
            Requirement(
                f"The environment variable {name} is not set; {where} needs it.",
                f"Set {name} and restart the server.",
            )
        ]


def key_variables() -> tuple[str, ...]:
    """Return all variables that may hold a provider's key, or name its address."""
    names = {name for group in KEY_VARIABLES.values() for name in group}
    names |= {variable for provider in KEY_VARIABLES for variable in _address_variables(provider)}
    return tuple(sorted(names | set(_OLLAMA_VARIABLES)))


def _address_variables(provider: str) -> tuple[str, ...]:
    if provider in _OLLAMA:
        return _OLLAMA_VARIABLES
    if provider == "gemini":
        return ("GEMINI_API_BASE", "GOOGLE_GEMINI_BASE_URL")
    return base_variables(provider)


def _named(provider: str, environment: Mapping[str, str]) -> str | None:
    """Return the address that the environment names for a provider."""
    if not provider:
        return None
    names = _address_variables(provider)
    found = next((environment[n] for n in names if environment.get(n)), None)
    if found is None:
        return None
    if "://" not in found:
        found = f"http://{found}"
    return found.rstrip("/")


def _usual(provider: str) -> str | None:
    known = "ollama" if provider in _OLLAMA else provider
    return _OPENAI_ADDRESSES.get(known) or _OWN_ADDRESSES.get(known)


def _dialect(provider: str) -> Dialect:
    if provider == "anthropic":
        return "anthropic"
    return "gemini" if provider in ("gemini", "google") else "openai"
