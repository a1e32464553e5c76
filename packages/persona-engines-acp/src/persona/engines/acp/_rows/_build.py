"""What all rows have in common."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from persona.core import EngineSupport, Level, PersonaModel, Requirement
from persona.engines.acp._options import Permissions
from persona.engines.acp._plan import Blocks, Delivery, Launch, SessionPlan
from persona.engines.acp._rows._environment import COMMON, passed
from persona.engines.acp._rows._skills import skill_folders, skill_links

_STRING = r'(?P<string>"(?:[^"\\\\\n]|\\\\.)*")'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])")


def launch(
    agent: str,
    blocks: Blocks,
    command: tuple[str, ...],
    *,
    names: Iterable[str] = (),
    env: Mapping[str, str | None] | None = None,
    files: Mapping[str, str] | None = None,
    links: Iterable[tuple[str, str]] = (),
) -> Launch:
    """Return how to start an agent.

    Args:
        agent: The row's id.
        blocks: The blocks; their options' ``env`` wins over all else.
        command: Program and arguments.
        names: Variables of the server's environment to pass on.
        env: Variables of our own; those that are None are left out.
        files: Files in the private home.
        links: Links in the private home.
    """
    ours = {name: value for name, value in (env or {}).items() if value is not None}
    values = {**passed(blocks.environment, (*COMMON, *names)), **ours, **blocks.options.env}
    return Launch(
        agent=agent,
        command=command,
        env=tuple(sorted(values.items())),
        files=tuple(sorted((files or {}).items())),
        links=tuple(sorted(links)),
    )


def delivery(
    how: Launch,
    session: SessionPlan,
    *,
    model: Level = "enforced",
    system_prompt: Level = "enforced",
    mcp_servers: Level = "enforced",
    skills: Level = "enforced",
    options: Level = "enforced",
    missing: Iterable[Requirement] = (),
    ignored: Iterable[str] = (),
) -> Delivery:
    """Put a delivery together."""
    support = EngineSupport(
        model=model,
        system_prompt=system_prompt,
        mcp_servers=mcp_servers,
        skills=skills,
        options=options,
        missing=tuple(missing),
        ignored=tuple(ignored),
    )
    return Delivery(how, session, support)


def deliver_in_home(
    agent: str,
    blocks: Blocks,
    command: tuple[str, ...],
    *,
    prompt_file: str,
    skills_folder: str,
    names: Iterable[str],
    env: Mapping[str, str | None],
    files: Mapping[str, str] | None = None,
    links: Iterable[tuple[str, str]] = (),
    session: SessionPlan | None = None,
    honoured: bool = True,
    missing: Iterable[Requirement] = (),
    sampling: Iterable[str] = (),
) -> Delivery:
    """Put a delivery together for an agent that finds prompt and skills in its private home.

    Args:
        agent: The row's id.
        blocks: The blocks.
        command: Program and arguments.
        prompt_file: The file in the home that the prompt is written to.
        skills_folder: The folder in the home with links to the skills.
        names: Variables of the server's environment to pass on.
        env: Variables of our own.
        files: Further files in the home.
        links: Further links in the home.
        session: What its sessions are opened with.
        honoured: Whether it can use the model.
        missing: What is missing to run.
        sampling: The values of the model block that it honours.
    """
    prompt = prompt_of(blocks)
    skills = skill_folders(blocks.context.skills_paths)
    return delivery(
        launch(
            agent,
            blocks,
            command,
            names=names,
            env=env,
            files={**(files or {}), **({prompt_file: prompt + "\n"} if prompt else {})},
            links=[*links, *skill_links(skills, skills_folder)],
        ),
        session or SessionPlan(),
        model="enforced" if honoured else "ignored",
        missing=missing,
        ignored=ignored_sampling(blocks.model, *sampling),
    )


def in_all(mode: str) -> dict[Permissions, str]:
    """Return the agent's mode for all of our permissions, where one does for all."""
    return dict.fromkeys(get_args(Permissions), mode)


def ignored_sampling(model: PersonaModel | None, *honoured: str) -> tuple[str, ...]:
    """Return the values of the model block that are set and not among ``honoured``."""
    if model is None:
        return ()
    return tuple(
        f"model.{name}"
        for name in ("temperature", "top_p", "max_output_tokens")
        if name not in honoured and getattr(model, name) is not None
    )


def prompt_of(blocks: Blocks) -> str:
    """Return the persona's prompt, empty if there is none."""
    return (blocks.context.system_prompt or "").strip()


def joined(*parts: str) -> str | None:
    """Return the parts that are there as one text, or None."""
    return "\n\n".join(part for part in parts if part) or None


def as_json(data: Mapping[str, Any]) -> str:
    """Return data as the text of a file; equal data is equal text."""
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def home_of(environment: Mapping[str, str]) -> Path:
    """Return the user's home folder."""
    home = environment.get("HOME") or environment.get("USERPROFILE")
    return Path(home) if home else Path.home()


def folder_of(environment: Mapping[str, str], name: str, usual: str) -> Path:
    """Return the folder that a variable names, or ``usual`` below the user's home."""
    given = environment.get(name)
    return Path(given) if given else home_of(environment) / usual


def user_json(file: Path) -> Mapping[str, Any]:
    """Return the user's own settings of an agent, empty if there are none to be read.

    Comments and commas too many are passed over, as the agents do.
    """
    try:
        text = file.read_text(encoding="utf-8")
        data = json.loads(_COMMA.sub(_kept, _COMMENT.sub(_kept, text)))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def user_toml(file: Path) -> Mapping[str, Any]:
    """Return the user's own settings of an agent, empty if there are none to be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _kept(match: re.Match[str]) -> str:
    return match["string"] or ""


def within(data: Mapping[str, Any], *keys: str) -> Any:
    """Return what stands under the keys, or None."""
    found: Any = data
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def merged(data: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``data`` with ``over`` laid on it, table by table."""
    result = dict(data)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result
