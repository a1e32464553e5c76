"""Claude Code, by its ACP adapter. Nearly all of it goes with the session."""

from __future__ import annotations

from typing import Any

from persona.core import Requirement
from persona.engines.acp._plan import HOME, Blocks, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    as_json,
    delivery,
    ignored_sampling,
    in_all,
    launch,
    prompt_of,
)
from persona.engines.acp._rows._endpoints import endpoint, keyed
from persona.engines.acp._rows._skills import skill_folders, skill_links

_ID = "claude-acp"
_PLUGIN = "plugin"

_ALWAYS = (
    "CLAUDE_CODE_EXECUTABLE",
    "CLAUDE_CONFIG_DIR",
    "CLOUD_ML_REGION",
    "DISABLE_PROMPT_CACHING",
)
_CLOUDS = (
    "ANTHROPIC_BEDROCK_*",
    "ANTHROPIC_FOUNDRY_*",
    "ANTHROPIC_VERTEX_*",
    "AWS_*",
    "CLAUDE_CODE_SKIP_*",
    "CLAUDE_CODE_USE_*",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "VERTEX_*",
)
_LOGIN = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "CLAUDE_CODE_OAUTH_TOKEN",
)
_MODELS = ("ANTHROPIC_DEFAULT_*", "ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL")
_CLOUD_SWITCHES = {
    "bedrock": "CLAUDE_CODE_USE_BEDROCK",
    "azure_ai": "CLAUDE_CODE_USE_FOUNDRY",
    "vertex_ai": "CLAUDE_CODE_USE_VERTEX",
}
_OURS = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    # What one persona noted about the project must not come back in another's prompt.
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
    # The first turn must know the tools of the persona's servers.
    "MCP_CONNECTION_NONBLOCKING": "0",
    "ENABLE_CLAUDEAI_MCP_SERVERS": "false",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Claude Code is given.

    The prompt is added to Claude Code's own: in that stand the folder, the platform and how to
    use the tools. The user's configuration folder stays (logins are in it), but none of its
    settings, instructions, skills and MCP servers are loaded.
    """
    blocks = keyed(blocks)
    names = [*_ALWAYS, *_CLOUDS]
    env = dict(_OURS)
    options: dict[str, Any] = {
        "settingSources": ["project", "local"] if blocks.options.trust_project else [],
        "strictMcpConfig": not blocks.options.trust_project,
    }
    of_session: dict[str, str] = {}
    honoured = True
    missing: tuple[Requirement, ...] = ()
    if blocks.model is None:
        names += [*_LOGIN, *_MODELS]
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        if blocks.model.model_url is not None:
            names = list(_ALWAYS)
            env["ANTHROPIC_BASE_URL"] = where.root
            # Without any key the user's login would be sent to that address.
            env["ANTHROPIC_API_KEY"] = where.key or "none"
            # Titles and summaries: a gateway need not have the usual small model.
            of_session["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = where.model
            of_session["ANTHROPIC_SMALL_FAST_MODEL"] = where.model
        else:
            names += [*_LOGIN]
            if where.provider in _CLOUD_SWITCHES:
                env[_CLOUD_SWITCHES[where.provider]] = "1"
            honoured = where.provider in ("", "anthropic", "claude", *_CLOUD_SWITCHES)
        if honoured:
            options["model"] = where.model
        if blocks.model.max_output_tokens is not None:
            limit = str(blocks.model.max_output_tokens)
            of_session["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = limit
    if of_session:
        options["env"] = of_session
    files: dict[str, str] = {}
    skills = skill_folders(blocks.context.skills_paths)
    if skills:
        files[f"{_PLUGIN}/.claude-plugin/plugin.json"] = as_json(
            {"name": "persona", "version": "1.0.0", "description": "Skills of the persona."}
        )
        options["plugins"] = [{"type": "local", "path": f"{HOME}/{_PLUGIN}"}]
    meta: dict[str, Any] = {"claudeCode": {"options": options}}
    prompt = prompt_of(blocks)
    if prompt:
        meta["systemPrompt"] = {"append": prompt}
    return delivery(
        launch(
            _ID,
            blocks,
            command,
            names=names,
            env=env,
            files=files,
            links=skill_links(skills, f"{_PLUGIN}/skills"),
        ),
        SessionPlan(extra={"_meta": meta}),
        model="enforced" if honoured else "ignored",
        missing=missing,
        ignored=ignored_sampling(blocks.model, "max_output_tokens"),
    )


CLAUDE = AgentRow(
    id=_ID,
    name="Claude Code",
    commands=("claude-agent-acp", "claude-code-acp"),
    deliver=deliver,
    version_args=(),
    minimum=(0, 40),
    install="npm install -g @agentclientprotocol/claude-agent-acp",
    login="Run `claude /login` in a terminal, or set ANTHROPIC_API_KEY and restart the server.",
    # Everything goes ahead by our own answers: as root the agent refuses to bypass them.
    modes=in_all("default"),
)
