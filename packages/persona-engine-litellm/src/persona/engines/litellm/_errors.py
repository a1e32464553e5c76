"""Every failure of a model call as a `TurnError`: what happened and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from persona.core import KEY_VARIABLES, TurnError
from persona.engines.litellm._providers import OLLAMA
from persona.engines.litellm._settings import Settings, no_key

_SECRET = re.compile(
    r"""(?ix)
    (?P<label> (?:api[-_ ]?key|x-api-key|authorization|token|password|secret)
       ["']? \s* [:=] \s* ["']? (?:bearer\s+|basic\s+)? | bearer\s+ )
    (?P<value> [^\s"',;}\]&]{6,} )
    | (?P<key> \b (?:sk|pk|gsk|xai|hf|AIza|ghp|nvapi)[-_A-Za-z0-9*.]{8,} )
    """
)
_DETAILS = 4_000
_CONNECTION = (
    "connection error",
    "cannot connect to host",
    "connect call failed",
    "all connection",
)
_LONG = ("context length", "context window", "maximum context", "too many tokens")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` with known secrets and what looks like one blanked out."""
    for secret in secrets:
        text = text.replace(secret, "•••")
    return _SECRET.sub(lambda m: (m.group("label") or "") + "•••", text)


def explain(exc: BaseException, settings: Settings, *, text_came: bool) -> TurnError:
    """Return the error to show for what litellm raised.

    Decides by status and class name: the class alone is not reliable (a 401 arrives as
    a bad request from some providers), and litellm must not be imported here.

    Args:
        exc: What was raised.
        settings: How the model was called.
        text_came: Whether a part of the answer had arrived.
    """
    names = {cls.__name__ for cls in type(exc).__mro__}
    if "MidStreamFallbackError" in names:
        inner = getattr(exc, "original_exception", None)
        if text_came or not isinstance(inner, Exception):
            return _cut(exc, settings)
        return explain(inner, settings, text_came=False)
    status = getattr(exc, "status_code", None)
    said = str(exc)
    error = _by_meaning(names, said, settings) or _by_status(status, names, said, settings)
    if text_came and error.kind in {"unreachable", "timeout", "server-error", "model"}:
        return _cut(exc, settings)
    error.details = _details(exc, settings)
    return error


def empty(settings: Settings, finish: str | None) -> TurnError:
    """Return the error of a call that succeeded and brought nothing."""
    if finish == "length":
        return TurnError(
            f"{settings.model_id} used up its tokens before it answered.",
            fix="Raise max_output_tokens in the persona file.",
            kind="empty",
        )
    fix = "Ask again, or try another model."
    if settings.own_server:
        fix = (
            f"Check the address: {settings.url} may be a web page or a login instead of a model's "
            "server. OpenAI-compatible ones mostly end in /v1."
        )
    return TurnError(f"{settings.model_id} sent an empty answer.", fix=fix, kind="empty")


def filtered(settings: Settings) -> TurnError:
    """Return the error of an answer that the provider's content filter ended."""
    return TurnError(
        f"The content filter of {settings.model_id} stopped the answer.",
        fix="Put the question differently, or use another model.",
        kind="content-filter",
    )


def _cut(exc: BaseException, settings: Settings) -> TurnError:
    return TurnError(
        f"The answer of {settings.model_id} broke off.",
        fix="The text so far is kept. Ask it to go on.",
        details=_details(exc, settings),
        kind="cut",
    )


def _details(exc: BaseException, settings: Settings) -> str:
    text = redact(str(exc), settings.secrets)
    # The next call's advice and the trace help developers of litellm, not the reader.
    return text.split("\nTraceback", 1)[0].strip()[:_DETAILS]


def _by_meaning(names: set[str], said: str, settings: Settings) -> TurnError | None:
    """Decide by what was said, where the status says less."""
    low = said.lower()
    model = settings.model_id
    if "LLM Provider NOT provided" in said:
        return TurnError(
            f"The model {model!r} has no provider that LiteLLM knows.",
            fix="Write provider/model, for example openai/gpt-4o or ollama/llama3.1.",
            kind="no-provider",
        )
    if "Missing credentials" in said or re.search(r"Missing \w+ API Key", said):
        return no_key(model, KEY_VARIABLES.get(settings.provider, ("the provider's key",))[0])
    if "UnsupportedParamsError" in names:
        return TurnError(
            f"{model} does not take one of the settings.",
            fix="Remove it from the persona file, or set `options: {drop_params: true}`.",
            kind="unsupported",
        )
    if "ContextWindowExceededError" in names or any(words in low for words in _LONG):
        return TurnError(
            f"The conversation is too long for {model}.",
            fix="Start a new chat, send fewer or smaller files, or use a model with a longer "
            "context. `history: isolated` sends only this persona's part of the chat.",
            kind="context-length",
        )
    if "ContentPolicyViolationError" in names:
        return filtered(settings)
    if "does not support tools" in low or "tool use is not supported" in low:
        return TurnError(
            f"{model} cannot use tools.",
            fix="Use a model that can, or remove mcp_servers and skills from the persona file.",
            kind="no-tools",
        )
    return None


def _by_status(status: object, names: set[str], said: str, settings: Settings) -> TurnError:
    model, low = settings.model_id, said.lower()
    at = f" at {settings.url}" if settings.own_server else ""
    if status in (401, 403):
        return _auth(settings, at)
    if status == 404:
        return _unknown_model(settings, at)
    if status in (408, 504) or "Timeout" in names or _is_time_limit(names):
        return TurnError(
            f"{model}{at} did not answer within {settings.timeout:g} s.",
            fix="Ask again, or raise `options: {timeout: …}` in the persona file.",
            kind="timeout",
        )
    if status == 429:
        quota = "quota" in low or "billing" in low
        return TurnError(
            f"{model}{at} takes no more requests now"
            + (": the quota is used up." if quota else ": too many in a short time."),
            fix="Check the account's plan and billing." if quota else "Wait a little, ask again.",
            kind="rate-limit",
        )
    if "APIConnectionError" in names or any(words in low for words in _CONNECTION):
        return _unreachable(settings)
    if isinstance(status, int) and status >= 500:
        return TurnError(
            f"The server of {model}{at} failed with status {status}.",
            fix="It is not your question. Ask again in a while.",
            kind="server-error",
        )
    if isinstance(status, int) and status >= 400:
        return TurnError(
            f"The provider of {model}{at} refused the request (status {status}).",
            fix="The details say why; mostly a setting in the persona file is wrong.",
            kind="bad-request",
        )
    return TurnError(f"{model} could not be called.", fix="The details say why.", kind="model")


def _is_time_limit(names: set[str]) -> bool:
    return any(name in names for name in ("TimeoutError", "APITimeoutError", "TimeoutException"))


def _auth(settings: Settings, at: str) -> TurnError:
    variables = KEY_VARIABLES.get(settings.provider)
    key = f"`{variables[0]}`" if variables else "the key"
    fix = f"Check {key} and restart the server if you change it."
    if settings.own_server:
        fix = (
            "Give this server's key in the persona file: `options: {api_key: ${NAME}}`, where "
            "NAME is the environment variable that holds it."
        )
    return TurnError(
        f"The provider of {settings.model_id}{at} did not accept the key.", fix=fix, kind="auth"
    )


def _unknown_model(settings: Settings, at: str) -> TurnError:
    name = settings.model_id.partition("/")[2]
    fix = "Check the name after the slash, and that your account may use it."
    if settings.provider in OLLAMA:
        fix = f"Get it with `ollama pull {name}`, or see `ollama list`."
    elif settings.own_server:
        fix = f"Check the name {name!r} and the address {settings.url}."
    return TurnError(f"There is no model {name!r}{at}.", fix=fix, kind="unknown-model")


def _unreachable(settings: Settings) -> TurnError:
    where = settings.url or f"the provider of {settings.model_id}"
    if settings.provider in OLLAMA:
        fix = "Start Ollama with `ollama serve`, or correct model_url in the persona file."
    elif settings.own_server:
        fix = "Start the server, or correct model_url in the persona file."
    else:
        fix = "Check the network connection, then ask again."
    return TurnError(f"Nothing answers at {where}.", fix=fix, kind="unreachable")
