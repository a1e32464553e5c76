"""Find a model for the demo: a key in the environment, or an Ollama that answers."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_BY_KEY = {
    "ANTHROPIC_API_KEY": "anthropic/claude-haiku-4-5",
    "OPENAI_API_KEY": "openai/gpt-4.1-mini",
    "GEMINI_API_KEY": "gemini/gemini-flash-latest",
    "MISTRAL_API_KEY": "mistral/mistral-small-latest",
    "GROQ_API_KEY": "groq/openai/gpt-oss-20b",
    "XAI_API_KEY": "xai/grok-4.3",
    "OPENROUTER_API_KEY": "openrouter/openai/gpt-4.1-mini",
}
_PROBE_SECONDS = 0.5
_OLLAMA_PORT = 11434


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that can be used here.

    Attributes:
        model_id: In LiteLLM's ``provider/model`` form.
        model_url: Address of its server, if it is not the provider's own.
        why: Where it was found, for people.
    """

    model_id: str
    model_url: str | None
    why: str


def find_model(environ: Mapping[str, str] | None = None) -> FoundModel | None:
    """Return a model that is ready to use, or None. Takes at most about a second.

    A key is not tried out: that would cost its owner money.
    """
    env = os.environ if environ is None else environ
    for key, model_id in _BY_KEY.items():
        if env.get(key, "").strip():
            return FoundModel(model_id, None, f"{key} is set")
    url = ollama_url(env.get("OLLAMA_HOST", ""))
    name = _ollama_model(url)
    if name is None:
        return None
    return FoundModel(f"ollama_chat/{name}", url, f"Ollama answers at {url}")


def ollama_url(host: str) -> str:
    """Return the address of Ollama for a value of OLLAMA_HOST, which may lack any part."""
    text = host.strip() or "127.0.0.1"
    parts = urlsplit(text if "://" in text else f"http://{text}")
    name = parts.hostname or "127.0.0.1"
    name = "127.0.0.1" if name in ("0.0.0.0", "::") else name  # noqa: S104 - compared, not bound
    try:
        port = parts.port
    except ValueError:
        port = None
    if port is None:
        port = 443 if parts.scheme == "https" else _OLLAMA_PORT
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}:{port}"


def _ollama_model(url: str) -> str | None:
    """Return the name of an installed model that can chat."""
    parts = urlsplit(url)
    https = parts.scheme == "https"
    kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
    # No proxy: what is asked for is on this machine or named by its owner.
    connection = kind(parts.hostname or "", parts.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/api/tags", headers={"Accept": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            return None
        models = json.loads(answer.read(1_000_000))["models"]
        names = [str(model["name"]) for model in models]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
    # Ollama lists the one used last first; embedding models cannot chat.
    return next((name for name in names if "embed" not in name and "bge" not in name), None)
