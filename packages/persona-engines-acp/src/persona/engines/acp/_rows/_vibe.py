"""Mistral Vibe: a private VIBE_HOME with its configuration, the prompt and skills."""

from __future__ import annotations

from typing import Any

from persona.core import PersonaModel, Requirement
from persona.engines.acp._plan import HOME, Blocks, Delivery
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    deliver_in_home,
    folder_of,
    home_of,
    user_toml,
    within,
)
from persona.engines.acp._rows._endpoints import Endpoint, endpoint, keyed
from persona.engines.acp._rows._skills import skill_folders
from persona.engines.acp._rows._toml import as_toml

_ID = "mistral-vibe-acp"
_KEY = "PERSONA_MODEL_KEY"
_KEPT = ("active_model", "models", "providers")


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Vibe is given.

    The model stands in the configuration and is never chosen in a session: Vibe would write that
    choice into the file that all of its sessions share.
    """
    blocks = keyed(blocks)
    user = folder_of(blocks.environment, "VIBE_HOME", ".vibe")
    config: dict[str, Any] = {
        "enable_auto_update": False,
        "enable_notifications": False,
        "enable_telemetry": False,
        "enable_update_checks": False,
    }
    env = {"VIBE_HOME": HOME}
    names = ["MISTRAL_API_KEY"]
    honoured = True
    missing: tuple[Requirement, ...] = ()
    if blocks.model is None:
        theirs = user_toml(user / "config.toml")
        config.update({name: theirs[name] for name in _KEPT if name in theirs})
        names += [
            name
            for provider in theirs.get("providers", ())
            if isinstance(name := within(provider, "api_key_env_var"), str)
        ]
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        if where.url is None and where.provider in ("", "vibe"):
            config["active_model"] = where.model
        elif where.url is None:
            honoured = False
        elif where.provider == "mistral" and not where.own:
            config.update(_model(blocks.model, where, "mistral"))
        else:
            config.update(_model(blocks.model, where, "generic"))
            env[_KEY] = where.key or "none"
    skills = skill_folders(blocks.context.skills_paths)
    # These are loaded wherever its home is; the user's are not the persona's.
    users = skill_folders([str(home_of(blocks.environment) / ".agents" / "skills")])
    config["disabled_skills"] = [name for name in users if name not in skills]
    files = {"config.toml": as_toml(config)}
    if blocks.options.trust_project:
        files["trusted_folders.toml"] = as_toml({"trusted": [str(blocks.cwd)], "untrusted": []})
    return deliver_in_home(
        _ID,
        blocks,
        command,
        prompt_file="AGENTS.md",
        skills_folder="skills",
        names=names,
        env=env,
        files=files,
        links=[(".env", str(user / ".env"))],
        honoured=honoured,
        missing=missing,
        sampling=("temperature",),
    )


def _model(model: PersonaModel, where: Endpoint, backend: str) -> dict[str, Any]:
    generic = backend == "generic"
    provider = {
        "name": "persona",
        "api_base": where.openai_url,
        "api_key_env_var": _KEY if generic else "MISTRAL_API_KEY",
        "api_style": "openai",
        "backend": backend,
    }
    entry = {
        "name": where.model,
        "provider": "persona",
        "alias": where.model,
        "temperature": model.temperature,
    }
    return {"active_model": where.model, "providers": [provider], "models": [entry]}


VIBE = AgentRow(
    id=_ID,
    name="Mistral Vibe",
    commands=("vibe-acp",),
    deliver=deliver,
    minimum=(2,),
    install="uv tool install mistral-vibe",
    login="Run `vibe --setup` in a terminal, or set MISTRAL_API_KEY and restart the server.",
    # It starts in a mode that accepts edits.
    modes={"ask": "ask", "allow-reads": "ask", "allow-all": "auto-approve", "deny": "ask"},
)
