"""goose: a private root with hints for the prompt; the provider by environment."""

from __future__ import annotations

import re
from pathlib import Path

from persona.core import KEY_VARIABLES, PersonaModel, Requirement
from persona.engines.acp._plan import HOME, Blocks, Delivery
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    deliver_in_home,
    folder_of,
)
from persona.engines.acp._rows._endpoints import Endpoint, endpoint, key_variables, keyed

_ID = "goose-acp"
_SETTING = re.compile(r"^[A-Z][A-Z0-9_]*:[ \t]+[^\s#|>&*!\[{][^\n]*$", re.MULTILINE)
_PROVIDERS = {
    "azure": "azure_openai",
    "bedrock": "aws_bedrock",
    "gemini": "google",
    "github_copilot": "github_copilot",
    "ollama": "ollama",
    "ollama_chat": "ollama",
    "vertex_ai": "gcp_vertex_ai",
}
_OPENAI_LIKE = "openai"
_CLOUDS = ("AWS_*", "AZURE_*", "DATABRICKS_*", "GCP_*", "GOOGLE_*", "SNOWFLAKE_*")
_OURS = {
    "GOOSE_PATH_ROOT": HOME,
    "GOOSE_TELEMETRY_ENABLED": "false",
    "GOOSE_TELEMETRY_OFF": "true",
}


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what goose is given.

    The prompt is a file of hints, which goose puts into its system prompt. Keys lie in the
    system's keyring, or in ``secrets.yaml``, which is linked.
    """
    blocks = keyed(blocks)
    user = folder_of(blocks.environment, "XDG_CONFIG_HOME", ".config") / "goose"
    env: dict[str, str | None] = dict(_OURS)
    names = ["GOOSE_DISABLE_KEYRING", "GOOSE_CA_CERT_PATH"]
    missing: tuple[Requirement, ...] = ()
    honoured = True
    if blocks.model is None:
        names += ["GOOSE_MODEL", "GOOSE_PROVIDER", "OPENAI_*", *key_variables(), *_CLOUDS]
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        honoured = _add_model(blocks.model, where, env, names)
    return deliver_in_home(
        _ID,
        blocks,
        command,
        prompt_file="config/.goosehints",
        skills_folder="config/skills",
        names=names,
        env=env,
        files={"config/config.yaml": _settings(user / "config.yaml", env)},
        links=[
            ("config/secrets.yaml", str(user / "secrets.yaml")),
            ("config/custom_providers", str(user / "custom_providers")),
        ],
        honoured=honoured,
        missing=missing,
        sampling=("temperature", "max_output_tokens"),
    )


def _add_model(
    model: PersonaModel, where: Endpoint, env: dict[str, str | None], names: list[str]
) -> bool:
    """Put the model into the environment. Return whether goose can use it."""
    env["GOOSE_MODEL"] = where.model
    if model.temperature is not None:
        env["GOOSE_TEMPERATURE"] = str(model.temperature)
    if model.max_output_tokens is not None:
        env["GOOSE_MAX_TOKENS"] = str(model.max_output_tokens)
    if where.dialect == "anthropic" and where.url is not None:
        env["GOOSE_PROVIDER"] = "anthropic"
        env["ANTHROPIC_HOST"] = where.root
        env["ANTHROPIC_API_KEY"] = where.key or ("none" if where.own else None)
    elif where.provider in ("ollama", "ollama_chat"):
        env["GOOSE_PROVIDER"] = "ollama"
        env["OLLAMA_HOST"] = where.root
    elif where.provider in _PROVIDERS and not (where.own and where.dialect == "openai"):
        env["GOOSE_PROVIDER"] = _PROVIDERS[where.provider]
        names += [*_CLOUDS]
        if where.provider == "gemini":
            env["GOOGLE_HOST"] = where.url if where.own else None
            env["GOOGLE_API_KEY"] = where.key or ("none" if where.own else None)
    elif where.url is not None:
        env["GOOSE_PROVIDER"] = _OPENAI_LIKE
        host, path = _split(where.openai_url)
        env["OPENAI_HOST"] = host
        env["OPENAI_BASE_PATH"] = f"{path}/chat/completions"
        # An own address, or another company's, must not get the key of the keyring.
        usual = where.provider in ("", "openai") and not where.own
        env["OPENAI_API_KEY"] = where.key or (None if usual else "none")
    else:
        names += [*KEY_VARIABLES.get(where.provider, ())]
        if not where.provider:
            names += ["GOOSE_PROVIDER", "OPENAI_*", *key_variables(), *_CLOUDS]
        else:
            env["GOOSE_PROVIDER"] = where.provider
    return True


def _split(url: str) -> tuple[str, str]:
    """Return scheme and host, and the path without slashes at its ends."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}", path.strip("/")


def _settings(file: Path, env: dict[str, str | None]) -> str:
    """Return the user's plain settings (provider, hosts), without extensions and our values."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return ""
    kept = [
        line
        for line in _SETTING.findall(text)
        if line.partition(":")[0] not in env and not line.startswith("GOOSE_MODE:")
    ]
    return "".join(f"{line}\n" for line in kept)


GOOSE = AgentRow(
    id=_ID,
    name="goose",
    commands=("goose",),
    args=("acp",),
    deliver=deliver,
    minimum=(1, 20),
    install="npm install -g @aaif/goose-binary-linux-x64 (or the package of your system)",
    login="Run `goose configure` in a terminal, or set your provider's key (OPENAI_API_KEY, "
    "ANTHROPIC_API_KEY …) and restart the server.",
    ends_with_input=False,
    modes={"ask": "approve", "allow-reads": "approve", "allow-all": "auto", "deny": "approve"},
)
