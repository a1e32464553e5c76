"""Qwen Code: a private QWEN_HOME with settings, the prompt and skills."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from persona.core import PersonaModel, Requirement, is_loopback
from persona.engines.acp._plan import HOME, Blocks, Delivery
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    as_json,
    deliver_in_home,
    folder_of,
    in_all,
    merged,
    user_json,
    within,
)
from persona.engines.acp._rows._endpoints import Endpoint, endpoint, keyed

_ID = "qwen-acp"
_QWEN = frozenset({"", "qwen", "qwen-oauth"})
_KEPT = ("env", "model", "modelProviders")
_NAMES = ("ANTHROPIC_*", "BAILIAN_*", "DASHSCOPE_*", "GEMINI_*", "GOOGLE_*", "OPENAI_*")
_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy")
_VARIABLES = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GEMINI_MODEL"),
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"),
}

_KEY_NAME = re.compile(r'"envKey": "([A-Za-z_][A-Za-z0-9_]*)"')
_GUARD = "QWEN_CODE_SYSTEM_SETTINGS_PATH"
_SYSTEM = {
    "darwin": "/Library/Application Support/QwenCode/settings.json",
    "win32": "C:/ProgramData/qwen-code/settings.json",
}


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Qwen Code is given. The prompt is the home's ``QWEN.md``."""
    blocks = keyed(blocks)
    user = folder_of(blocks.environment, "QWEN_HOME", ".qwen")
    theirs = user_json(user / "settings.json")
    auth = within(theirs, "security", "auth", "selectedType")
    env = {"QWEN_HOME": HOME, "QWEN_CODE_NO_RELAUNCH": "1"}
    names: list[str] = []
    settings: dict[str, Any] = {
        "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
        "memory": {"enableManagedAutoDream": False, "enableManagedAutoMemory": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }
    missing: tuple[Requirement, ...] = ()
    honoured = True
    honoured_sampling: tuple[str, ...] = ()
    if blocks.model is None:
        settings.update({name: theirs[name] for name in _KEPT if name in theirs})
        names += [*_NAMES, *_KEY_NAME.findall(json.dumps(settings.get("modelProviders", {})))]
        auth = auth or ("openai" if blocks.environment.get("OPENAI_API_KEY") else "qwen-oauth")
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        if where.provider in _QWEN and not where.own:
            auth = "qwen-oauth"
            settings["model"] = {"name": where.model}
        else:
            honoured = where.url is not None
            auth = where.dialect
            honoured_sampling = ("temperature", "top_p", "max_output_tokens")
            _add_endpoint(where, env)
            settings["model"] = {"name": where.model, **_sampling(blocks.model)}
    settings["security"] = {
        "auth": {"selectedType": auth},
        "folderTrust": {"enabled": False},
    }
    files = {"settings.json": as_json(settings)}
    if not blocks.options.trust_project:
        files["system-settings.json"] = _guard(blocks)
        env[_GUARD] = f"{HOME}/system-settings.json"
    return deliver_in_home(
        _ID,
        blocks,
        command,
        prompt_file="QWEN.md",
        skills_folder="skills",
        names=names,
        env=env,
        files=files,
        links=[
            ("installation_id", str(user / "installation_id")),
            ("oauth_creds.json", str(user / "oauth_creds.json")),
        ],
        honoured=honoured,
        missing=missing,
        sampling=honoured_sampling,
    )


def _guard(blocks: Blocks) -> str:
    """Return system settings that keep a project from running programs.

    Without trust in the folder it takes no MCP servers at all. So it is trusted, and these
    settings, which win over the project's, allow the persona's servers only.
    """
    usual = _SYSTEM.get(sys.platform, "/etc/qwen-code/settings.json")
    administrators = user_json(Path(blocks.environment.get(_GUARD) or usual))
    ours = {
        "disableAllHooks": True,
        "mcp": {"allowed": sorted(server.name for server in blocks.context.mcp_servers)},
        "tools": {"allowed": [], "callCommand": "", "discoveryCommand": ""},
    }
    return as_json(merged(ours, administrators))


def _add_endpoint(where: Endpoint, env: dict[str, str]) -> None:
    key, address, model = _VARIABLES[where.dialect]
    env[key] = where.key or "none"
    env[address] = where.openai_url if where.dialect == "openai" else where.root
    env[model] = where.model
    if where.url is not None and is_loopback(where.url):
        # It sends even what is on this machine through a proxy.
        env.update(dict.fromkeys(_PROXIES, ""))


def _sampling(model: PersonaModel) -> dict[str, Any]:
    wanted = {
        "temperature": model.temperature,
        "top_p": model.top_p,
        "max_tokens": model.max_output_tokens,
    }
    chosen = {key: value for key, value in wanted.items() if value is not None}
    return {"generationConfig": {"samplingParams": chosen}} if chosen else {}


QWEN = AgentRow(
    id=_ID,
    name="Qwen Code",
    commands=("qwen",),
    args=("--acp",),
    deliver=deliver,
    minimum=(0, 15),
    install="npm install -g @qwen-code/qwen-code",
    login="Run `qwen` once in a terminal and log in, or set OPENAI_API_KEY and restart the server.",
    # Newer ones start in a mode that writes without asking.
    modes=in_all("default"),
)
