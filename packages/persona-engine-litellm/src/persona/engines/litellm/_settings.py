"""From the model block and the options to the arguments of one litellm call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from persona.core import KEY_VARIABLES, PersonaModel, TurnError, expand_env
from persona.engines.litellm._options import LiteLLMOptions
from persona.engines.litellm._providers import (
    OLLAMA,
    OLLAMA_URL,
    key_stays_home,
    missing_key,
    provider_of,
)

NO_MODEL_FIX = (
    "Name one in the persona file, for example `model: {model_id: ollama/llama3.1}`, "
    "or `openai/…`, `anthropic/…`, `gemini/…` with a key."
)
_OWN_ARGUMENTS = frozenset({"model", "messages", "tools", "functions", "stream_options"})
_EXPANDED = frozenset({"extra_headers", "headers"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How the model of one turn is called.

    Attributes:
        model_id: The model as the definition names it; for the user.
        model: The model as litellm gets it.
        provider: What stands before the slash.
        url: Address of the server if it is known, else None; without logins and keys in it.
        arguments: Arguments of the call, without messages and tools.
        secrets: Values that must not appear in any message.
        own_server: Whether the definition gives an address.
        timeout: Seconds of silence that end the turn.
    """

    model_id: str
    model: str
    provider: str
    url: str | None
    arguments: Mapping[str, Any]
    secrets: tuple[str, ...]
    own_server: bool
    timeout: float


def read_settings(model: PersonaModel | None, options: LiteLLMOptions) -> Settings:
    """Return how to call the model.

    Raises:
        TurnError: No model, an unset variable, or a key that is known to be missing.
    """
    if model is None:
        raise no_model()
    provider = provider_of(model.model_id)
    base = _expand(model.model_url or options.api_base, "model_url")
    if base is not None:
        base = base.rstrip("/")
        if provider in OLLAMA:
            base = base.removesuffix("/v1")
    extras = {k: v for k, v in options.passed_on.items() if k not in _OWN_ARGUMENTS}
    for name in _EXPANDED & extras.keys():
        extras[name] = _expand_all(extras[name], f"options.{name}")
    key = _api_key(model.model_id, options, base, mocked="mock_response" in extras)
    arguments: dict[str, Any] = {
        "num_retries": 0,
        "max_retries": 0,
        **extras,
        "timeout": options.timeout,
        "stream": options.stream,
        "drop_params": options.drop_params,
        "api_base": base,
        "api_key": key,
        "temperature": _first(model.temperature, options.temperature),
        "top_p": _first(model.top_p, options.top_p),
        "max_tokens": _first(
            model.max_output_tokens, options.max_output_tokens, extras.get("max_tokens")
        ),
    }
    return Settings(
        model_id=model.model_id,
        # Ollama's chat endpoint takes tools and roles; its older one has neither.
        model="ollama_chat/" + model.model_id.partition("/")[2]
        if provider == "ollama"
        else model.model_id,
        provider=provider,
        url=_shown(base) if base else (OLLAMA_URL if provider in OLLAMA else None),
        arguments={k: v for k, v in arguments.items() if v is not None},
        secrets=_secrets(provider, options, key, extras) + _secrets_in(base),
        own_server=base is not None,
        timeout=options.timeout,
    )


def no_model() -> TurnError:
    """Return the error of a persona that has no model."""
    return TurnError("This persona has no model.", fix=NO_MODEL_FIX, kind="no-model")


def no_key(model_id: str, variable: str) -> TurnError:
    """Return the error of a model whose key is not set."""
    return TurnError(
        f"There is no key for {model_id}: {variable} is not set.",
        fix=f"Set {variable} and restart the server, or write `options: {{api_key: ${{NAME}}}}` "
        "with the variable that holds the key.",
        kind="no-key",
    )


def _api_key(
    model_id: str, options: LiteLLMOptions, base: str | None, *, mocked: bool
) -> str | None:
    if options.api_key is not None:
        return _expand(options.api_key, "options.api_key")
    if mocked:
        return None
    missing = missing_key(model_id, os.environ)
    if base is None:
        if missing is not None:
            raise no_key(model_id, missing)
        return None
    # Own servers often need no key, but the libraries refuse to call without one.
    if missing is not None or key_stays_home(model_id, base, os.environ):
        return "none"
    return None


def _expand(text: str | None, where: str) -> str | None:
    if text is None:
        return None
    try:
        return expand_env(text)
    except KeyError as exc:
        name = exc.args[0]
        raise TurnError(
            f"The environment variable {name} is not set; {where} needs it.",
            fix=f"Set {name} and restart the server.",
            kind="no-key",
        ) from exc


def _expand_all(value: object, where: str) -> object:
    if isinstance(value, str):
        return _expand(value, where)
    if isinstance(value, Mapping):
        return {k: _expand_all(v, where) for k, v in value.items()}
    return value


def _secrets(
    provider: str, options: LiteLLMOptions, key: str | None, extras: Mapping[str, Any]
) -> tuple[str, ...]:
    found = [key or "", options.api_key or ""]
    found += [os.environ.get(name, "") for name in KEY_VARIABLES.get(provider, ())]
    for name in _EXPANDED & extras.keys():
        if isinstance(extras[name], Mapping):
            found += [str(v) for v in extras[name].values()]
    return tuple({value for value in found if len(value) > 5})


def _shown(address: str) -> str:
    """Return an address as it may stand in a message."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _secrets_in(address: str | None) -> tuple[str, ...]:
    """Return what an address holds that must not be shown: a login, the values of its query."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return ()
    found = [parts.netloc.rpartition("@")[0], parts.password or "", parts.query]
    found += [value for _, value in parse_qsl(parts.query)]
    return tuple({value for value in found if len(value) > 5})


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
