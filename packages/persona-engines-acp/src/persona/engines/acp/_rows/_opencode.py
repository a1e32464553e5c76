"""opencode, and Kilo, which is made from it: all is in a private configuration folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona.core import KEY_VARIABLES, PersonaModel
from persona.engines.acp._options import Permissions
from persona.engines.acp._plan import HOME, Blocks, ConfigChoice, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    as_json,
    delivery,
    folder_of,
    ignored_sampling,
    launch,
    merged,
    prompt_of,
    user_json,
)
from persona.engines.acp._rows._endpoints import Endpoint, endpoint, key_variables, keyed
from persona.engines.acp._rows._skills import skill_folders

_KEY = "PERSONA_MODEL_KEY"
_PROVIDER = "persona"
_PACKAGES = {
    "anthropic": "@ai-sdk/anthropic",
    "gemini": "@ai-sdk/google",
    "openai": "@ai-sdk/openai-compatible",
}
_NAMES = {
    "azure": "azure",
    "bedrock": "amazon-bedrock",
    "fireworks_ai": "fireworks-ai",
    "gemini": "google",
    "github": "github-models",
    "github_copilot": "github-copilot",
    "nvidia_nim": "nvidia",
    "together_ai": "togetherai",
    "vertex_ai": "google-vertex",
}
_CLOUDS = {
    "azure": ("AZURE_*",),
    "bedrock": ("AWS_*",),
    "vertex_ai": ("GOOGLE_*", "VERTEX_*"),
}
_READING = ("glob", "grep", "list", "lsp", "skill", "task", "todoread", "todowrite")
_OF_THE_USER = ("conda", "gh", "git", "glab-cli", "matplotlib", "pip", "uv")

_MODELS = ("model", "small_model")
_PROVIDERS = ("disabled_providers", "enabled_providers", "provider")
_VARIABLE = re.compile(r"\{env:([^}\s]+)\}")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between the two."""

    id: str
    prefix: str
    folder: str
    agents: tuple[str, ...]
    plugin: str
    settings: tuple[tuple[str, Any], ...] = ()


def _deliver(kind: _Kind, blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what it is given.

    The prompt takes the place of the agent's base prompt; the folder, the platform and the list
    of skills are added to it by the agent. Logins lie in the user's data folder, which stays.
    """
    blocks = keyed(blocks)
    skills = skill_folders(blocks.context.skills_paths)
    user = folder_of(blocks.environment, "XDG_CONFIG_HOME", ".config")
    env: dict[str, str | None] = {
        # The user's settings, instructions and skills are not the persona's.
        "XDG_CONFIG_HOME": f"{HOME}/config",
        f"{kind.prefix}_TEST_HOME": f"{HOME}/home",
        f"{kind.prefix}_CONFIG_DIR": f"{HOME}/persona",
        f"{kind.prefix}_DISABLE_AUTOUPDATE": "1",
        f"{kind.prefix}_DISABLE_CLAUDE_CODE": "1",
        f"{kind.prefix}_DISABLE_EXTERNAL_SKILLS": "1",
        f"{kind.prefix}_DISABLE_LSP_DOWNLOAD": "1",
        f"{kind.prefix}_DISABLE_PROJECT_CONFIG": None if blocks.options.trust_project else "1",
    }
    config: dict[str, Any] = {
        "autoupdate": False,
        "share": "disabled",
        "permission": _permission(blocks.options.permissions, skills),
        **dict(kind.settings),
    }
    if skills:
        config["skills"] = {"paths": [str(folder) for folder in skills.values()]}
    agent, name = _agent(blocks), _agent_name(kind, blocks)
    if agent and name is not None:
        config["agent"] = {name: agent}
    where = None if blocks.model is None else endpoint(blocks.model, blocks)
    theirs = _theirs(user / kind.folder, kind.folder)
    names: list[str] = []
    chosen: tuple[ConfigChoice, ...] = ()
    honoured_sampling: tuple[str, ...] = ("temperature", "top_p")
    if where is None or not where.own:
        config.update({name: theirs[name] for name in _PROVIDERS if name in theirs})
        names += _VARIABLE.findall(json.dumps(config.get("provider", {})))
    if blocks.model is None or where is None:
        config.update({name: theirs[name] for name in _MODELS if name in theirs})
        names += [*key_variables(), "AWS_*", "AZURE_*", "GOOGLE_*", f"{kind.prefix}_API_KEY"]
    elif where.own and where.url is not None:
        config.update(_own_provider(blocks.model, where))
        honoured_sampling = ("temperature", "top_p", "max_output_tokens")
        env[_KEY] = where.key or "none"
        env[f"{kind.prefix}_DISABLE_MODELS_FETCH"] = "1"
        env[f"{kind.prefix}_DISABLE_DEFAULT_PLUGINS"] = "1"  # logins of providers
    else:
        names += [*KEY_VARIABLES.get(where.provider, ()), *_CLOUDS.get(where.provider, ())]
        names.append(f"{kind.prefix}_API_KEY")
        if where.provider == "gemini" and where.key:
            env["GOOGLE_GENERATIVE_AI_API_KEY"] = where.key
        provider = _NAMES.get(where.provider, where.provider)
        value = f"{provider}/{where.model}" if provider else where.model
        chosen = (ConfigChoice("model", value, required=True),)
    return delivery(
        launch(
            kind.id,
            blocks,
            command,
            names=names,
            env=env,
            files={f"persona/{kind.folder}.json": as_json(config), **_no_plugins(kind)},
            links=[(f"config/{name}", str(user / name)) for name in _OF_THE_USER],
        ),
        SessionPlan(choices=chosen),
        missing=() if where is None else where.missing,
        ignored=ignored_sampling(blocks.model, *honoured_sampling),
    )


def _no_plugins(kind: _Kind) -> dict[str, str]:
    """Return the files with which no package for writing plugins is fetched at each start.

    It is fetched into every folder with configuration that does not seem to have it, with
    npm, and only plugins need it; the private folders hold none.
    """
    lock = as_json({"packages": {"": {"dependencies": {kind.plugin: "*"}}}})
    files: dict[str, str] = {}
    for folder in ("persona", f"config/{kind.folder}"):
        files[f"{folder}/package-lock.json"] = lock
        files[f"{folder}/node_modules/README"] = "Left empty: there are no plugins here.\n"
    return files


def _theirs(folder: Path, name: str) -> dict[str, Any]:
    """Return the user's own settings: all the files that it would read, the last one wins."""
    found: dict[str, Any] = {}
    for file in ("config.json", f"{name}.json", f"{name}.jsonc"):
        found = merged(found, user_json(folder / file))
    return found


def _agent(blocks: Blocks) -> dict[str, Any]:
    """Return the settings of the agent (opencode's word for a mode) that answers."""
    agent: dict[str, Any] = {}
    prompt = prompt_of(blocks)
    if prompt:
        agent["prompt"] = prompt
    if blocks.model is not None:
        if blocks.model.temperature is not None:
            agent["temperature"] = blocks.model.temperature
        if blocks.model.top_p is not None:
            agent["top_p"] = blocks.model.top_p
    return agent


def _agent_name(kind: _Kind, blocks: Blocks) -> str | None:
    """Return which agent answers; None if there is none of that name.

    Settings for one that is not there would make it: a slip in ``mode`` must be told.
    """
    mode = blocks.options.mode
    if mode is None:
        return kind.agents[0]
    known = next((name for name in kind.agents if name == mode.casefold()), None)
    # The project may have agents of its own.
    return known or (mode if blocks.options.trust_project else None)


def _own_provider(model: PersonaModel, where: Endpoint) -> dict[str, Any]:
    """Return the settings for a model at an address that the catalogue does not know."""
    # 0 means: not known. Then nothing is compacted before the provider complains.
    limit = {"context": 0, "output": model.max_output_tokens} if model.max_output_tokens else None
    entry: dict[str, Any] = {
        "name": where.model,
        "attachment": True,
        "temperature": True,
        "tool_call": True,
    }
    if limit:
        entry["limit"] = limit
    name = f"{_PROVIDER}/{where.model}"
    # The variable is named, not its value: the file is on the disk.
    options = {"baseURL": _address(where), "apiKey": f"{{env:{_KEY}}}"}
    return {
        "model": name,
        "small_model": name,
        "provider": {
            _PROVIDER: {
                "npm": _PACKAGES[where.dialect],
                "name": where.provider or "Persona",
                "options": options,
                "models": {where.model: entry},
            }
        },
    }


def _address(where: Endpoint) -> str:
    if where.dialect == "anthropic":
        return f"{where.root}/v1"
    if where.dialect == "gemini":
        root = where.url or ""
        return root if root.endswith("/v1beta") else f"{root.removesuffix('/v1')}/v1beta"
    return where.openai_url


def _permission(permissions: Permissions, skills: Mapping[str, Path]) -> Any:
    """Return what it may do: the last rule that fits counts, and ``*`` is sorted first."""
    if permissions == "allow-all":
        return {"*": "allow"}
    other = "deny" if permissions == "deny" else "ask"
    # The agent would ask for reading its own skills, which lie outside of the project.
    outside = {"*": other, **{f"{folder}/*": "allow" for folder in skills.values()}}
    return {
        "*": other,
        "doom_loop": other,
        "external_directory": outside,
        "read": {"*": "allow", "*.env": other, "*.env.*": other, "*.env.example": "allow"},
        **dict.fromkeys(_READING, "allow"),
    }


_OPENCODE = _Kind("opencode-acp", "OPENCODE", "opencode", ("build", "plan"), "@opencode-ai/plugin")
_KILO = _Kind(
    "kilo-acp",
    "KILO",
    "kilo",
    ("code", "ask", "debug", "orchestrator", "plan"),
    "@kilocode/plugin",
    # If its first copy of the folder takes more than ten seconds it asks whether to go on, in a
    # way that no client hears of, and waits for ever. The copies are for undoing in its own window.
    (("snapshot", False),),
)


def deliver_opencode(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what opencode is given."""
    return _deliver(_OPENCODE, blocks, command)


def deliver_kilo(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Kilo is given."""
    return _deliver(_KILO, blocks, command)


OPENCODE = AgentRow(
    id=_OPENCODE.id,
    name="opencode",
    commands=("opencode",),
    args=("acp",),
    deliver=deliver_opencode,
    minimum=(1, 1),
    install="npm install -g opencode-ai",
    login="Run `opencode auth login` in a terminal, or set your provider's key (OPENAI_API_KEY, "
    "ANTHROPIC_API_KEY …) and restart the server.",
)
KILO = AgentRow(
    id=_KILO.id,
    name="Kilo Code",
    commands=("kilo", "kilocode"),
    args=("acp",),
    deliver=deliver_kilo,
    minimum=(7,),
    install="npm install -g @kilocode/cli",
    login="Run `kilo auth login` in a terminal, or set your provider's key (OPENAI_API_KEY, "
    "ANTHROPIC_API_KEY …) and restart the server.",
)
