"""Codex, by its ACP adapter: the prompt with the session, the rest in a private CODEX_HOME."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from persona.core import KEY_VARIABLES, McpServer, McpServerHttp, McpServerStdio, Requirement
from persona.engines.acp._plan import HOME, Blocks, ConfigChoice, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    delivery,
    folder_of,
    home_of,
    ignored_sampling,
    launch,
    prompt_of,
    user_toml,
    within,
)
from persona.engines.acp._rows._endpoints import endpoint, keyed
from persona.engines.acp._rows._skills import skill_folders, skill_links
from persona.engines.acp._rows._toml import as_toml

_ID = "codex-acp"
_KEY = "PERSONA_MODEL_KEY"
_KEPT = ("model", "model_provider", "model_providers", "model_reasoning_effort", "profile")
_NAMES = ("AZURE_OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_PATH", "NO_BROWSER")


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Codex is given.

    A login stays: Codex writes ``auth.json`` in place, so the link to it survives a refresh of
    its tokens. A model at an address of its own is a provider in the configuration; one of
    OpenAI's is chosen per session.
    """
    blocks = keyed(blocks)
    user = folder_of(blocks.environment, "CODEX_HOME", ".codex")
    config: dict[str, Any] = {"check_for_update_on_startup": False, "analytics": {"enabled": False}}
    env = {"CODEX_HOME": HOME}
    names = list(_NAMES)
    chosen: tuple[ConfigChoice, ...] = ()
    honoured = True
    missing: tuple[Requirement, ...] = ()
    if blocks.model is None:
        settings = user_toml(user / "config.toml")
        config.update({name: settings[name] for name in _KEPT if name in settings})
        names += [name for group in KEY_VARIABLES.values() for name in group]
        names += _variables(settings)
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        plain = where.provider in ("", "openai")
        logged_in = (
            plain
            and not where.own
            and blocks.options.api_key is None
            and (user / "auth.json").is_file()
        )
        if logged_in or (plain and not where.own and not where.key):
            chosen = (ConfigChoice("model", where.model, required=True),)
        elif where.url is not None:
            config["model"] = where.model
            config["model_provider"] = "persona"
            config["model_providers"] = {
                "persona": {
                    "name": where.provider or "persona",
                    "base_url": where.openai_url,
                    "env_key": _KEY,
                    "wire_api": "responses",
                }
            }
            env[_KEY] = where.key or "none"
        else:
            honoured = False
    if blocks.context.mcp_servers:
        config["mcp_servers"] = {s.name: _patient(s) for s in blocks.context.mcp_servers}
        # Else the adapter would leave out the session's entries, which hold the secrets.
        env["DISABLE_MCP_CONFIG_FILTERING"] = "true"
    disabled = skill_folders([str(home_of(blocks.environment) / ".agents" / "skills")])
    if disabled:
        config["skills"] = {
            "config": [
                {"path": str(folder / "SKILL.md"), "enabled": False} for folder in disabled.values()
            ]
        }
    prompt = prompt_of(blocks)
    extra = (
        {"systemPrompt": {"mode": "append", "content": [{"type": "text", "text": prompt}]}}
        if prompt
        else {}
    )
    skills = skill_folders(blocks.context.skills_paths)
    return delivery(
        launch(
            _ID,
            blocks,
            command,
            names=names,
            env=env,
            files={"config.toml": as_toml(config)},
            links=[("auth.json", str(user / "auth.json")), *skill_links(skills, "skills")],
        ),
        SessionPlan(extra=extra, choices=chosen),
        model="enforced" if honoured else "ignored",
        missing=missing,
        ignored=ignored_sampling(blocks.model),
    )


def _variables(settings: Mapping[str, Any]) -> list[str]:
    """Return the variables that the user's own providers of models name."""
    providers = settings.get("model_providers")
    found: list[str] = []
    for provider in providers.values() if isinstance(providers, Mapping) else ():
        headers = within(provider, "env_http_headers")
        found += [name for name in (within(provider, "env_key"),) if isinstance(name, str)]
        found += [str(name) for name in headers.values()] if isinstance(headers, Mapping) else []
    return found


def _patient(server: McpServer) -> dict[str, Any]:
    """Return what the session's entry for a server is laid on.

    Codex would begin without the tools of a server that is slow or fails, and say nothing.
    Required, a server is waited for, and its failure is told.
    """
    patience = {"required": True, "startup_timeout_sec": 45}
    match server:
        case McpServerStdio():
            return {"command": server.command, "args": list(server.args), **patience}
        case McpServerHttp():
            return {"url": server.url, **patience}
        case _:
            raise TypeError(f"{type(server).__name__} is no MCP server")


CODEX = AgentRow(
    id=_ID,
    name="Codex",
    commands=("codex-acp",),
    deliver=deliver,
    minimum=(2,),
    install="npm install -g @agentclientprotocol/codex-acp",
    login="Run `codex-acp cli login` in a terminal, or set OPENAI_API_KEY and restart the server.",
    ends_with_input=False,
    # The other modes write without asking. In this one a reader's rights are all it has until
    # somebody allows more.
    modes={
        "ask": "read-only",
        "allow-reads": "read-only",
        "allow-all": "agent-full-access",
        "deny": "read-only",
    },
    noise=(r"(?:Warning: )?Model metadata for `[^`\n]*` not found\.[^\n]*",),
)
