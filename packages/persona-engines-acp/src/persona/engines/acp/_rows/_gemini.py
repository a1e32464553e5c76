"""Gemini CLI: a private home with settings, the prompt and skills; the model per session."""

from __future__ import annotations

from typing import Any

from persona.core import PersonaModel, Requirement
from persona.engines.acp._plan import HOME, Blocks, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    as_json,
    deliver_in_home,
    folder_of,
    in_all,
    user_json,
    within,
)
from persona.engines.acp._rows._endpoints import endpoint, keyed

_ID = "gemini-acp"
_LOGIN_FILES = (
    "gemini-credentials.json",
    "google_accounts.json",
    "installation_id",
    "oauth_creds.json",
)
_NAMES = (
    "CODE_ASSIST_ENDPOINT",
    "GEMINI_FORCE_ENCRYPTED_FILE_STORAGE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_*",
    "GOOGLE_GENAI_*",
    "GOOGLE_VERTEX_BASE_URL",
)


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Gemini CLI is given.

    The prompt is the home's ``GEMINI.md``, which stands in the system instruction behind the
    agent's own. `GEMINI_SYSTEM_MD` would take the place of all of it, the list of skills too.
    """
    blocks = keyed(blocks)
    user = folder_of(blocks.environment, "GEMINI_CLI_HOME", "") / ".gemini"
    env = {"GEMINI_CLI_HOME": HOME, "GEMINI_CLI_NO_RELAUNCH": "1"}
    names = list(_NAMES)
    auth = within(user_json(user / "settings.json"), "security", "auth", "selectedType")
    settings: dict[str, Any] = {
        "advanced": {"ignoreLocalEnv": not blocks.options.trust_project},
        "hooksConfig": {"enabled": blocks.options.trust_project},
        "general": {"disableAutoUpdate": True, "disableUpdateNag": True, "enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }
    set_model = None
    honoured = True
    missing: tuple[Requirement, ...] = ()
    if blocks.model is None:
        names += ["GEMINI_API_KEY", "GEMINI_MODEL", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"]
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        honoured = where.provider in ("", "gemini", "google", "vertex_ai")
        if where.own and honoured:
            env["GOOGLE_GEMINI_BASE_URL"] = (where.url or "").removesuffix("/v1beta")
            # A login must not be sent to that address.
            auth = "gemini-api-key"
            env["GEMINI_API_KEY"] = where.key or "none"
        else:
            names += ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
            if blocks.options.api_key is not None:
                auth = "gemini-api-key"
        if where.provider == "vertex_ai":
            auth = "vertex-ai"
            env["GOOGLE_GENAI_USE_VERTEXAI"] = "true"
        if honoured:
            set_model = where.model
            sampling = _sampling(blocks.model, where.model)
            if sampling:
                settings["modelConfigs"] = sampling
    # In a folder that is not trusted it takes no MCP servers at all. In one that is, it would
    # start the project's too.
    servers = sorted(server.name for server in blocks.context.mcp_servers)
    trusted = bool(servers) or blocks.options.trust_project
    if servers and not blocks.options.trust_project:
        command = (*command, "--allowed-mcp-server-names", ",".join(servers))
    if auth is None:
        auth = "gemini-api-key" if blocks.environment.get("GEMINI_API_KEY") else "oauth-personal"
    settings["security"] = {
        "auth": {"selectedType": auth},
        "folderTrust": {"enabled": not trusted},
    }
    return deliver_in_home(
        _ID,
        blocks,
        command,
        prompt_file=".gemini/GEMINI.md",
        skills_folder=".gemini/skills",
        names=names,
        env=env,
        files={".gemini/settings.json": as_json(settings)},
        links=[(f".gemini/{name}", str(user / name)) for name in _LOGIN_FILES],
        session=SessionPlan(set_model=set_model),
        honoured=honoured,
        missing=missing,
        sampling=("temperature", "top_p", "max_output_tokens"),
    )


def _sampling(model: PersonaModel, name: str) -> dict[str, Any]:
    """Return the settings that override how a model answers."""
    wanted = {
        "temperature": model.temperature,
        "topP": model.top_p,
        "maxOutputTokens": model.max_output_tokens,
    }
    chosen = {key: value for key, value in wanted.items() if value is not None}
    if not chosen:
        return {}
    return {
        "customOverrides": [
            {"match": {"model": name}, "modelConfig": {"generateContentConfig": chosen}}
        ]
    }


GEMINI = AgentRow(
    id=_ID,
    name="Gemini CLI",
    commands=("gemini",),
    args=("--acp",),
    deliver=deliver,
    minimum=(0, 40),
    install="npm install -g @google/gemini-cli",
    login="Run `gemini` once in a terminal and log in, or set GEMINI_API_KEY and restart the "
    "server.",
    modes=in_all("default"),
)
