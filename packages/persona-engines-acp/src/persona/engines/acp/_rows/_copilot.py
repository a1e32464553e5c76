"""GitHub Copilot CLI: a private COPILOT_HOME; another provider by environment."""

from __future__ import annotations

from persona.core import Requirement
from persona.engines.acp._plan import HOME, Blocks, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import (
    deliver_in_home,
    folder_of,
)
from persona.engines.acp._rows._endpoints import endpoint, keyed

_ID = "copilot-acp"
_LOGIN = ("COPILOT_GH_HOST", "COPILOT_GITHUB_TOKEN", "GH_HOST", "GH_TOKEN", "GITHUB_TOKEN")
_OWN_PROVIDER = ("COPILOT_MODEL", "COPILOT_OFFLINE", "COPILOT_PROVIDER_*")
_COPILOT = frozenset({"", "copilot", "github", "github_copilot"})


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Copilot is given.

    The login is in the system's keyring or in ``config.json``, which is linked. With a model of
    another provider no login is needed and nothing else is contacted.
    """
    blocks = keyed(blocks)
    user = folder_of(blocks.environment, "COPILOT_HOME", ".copilot")
    env: dict[str, str | None] = {"COPILOT_HOME": HOME, "COPILOT_AUTO_UPDATE": "false"}
    names: list[str] = [*_LOGIN]
    honoured = True
    honoured_sampling: tuple[str, ...] = ()
    missing: tuple[Requirement, ...] = ()
    if blocks.model is None:
        names += _OWN_PROVIDER
    else:
        where = endpoint(blocks.model, blocks)
        missing = where.missing
        env["COPILOT_MODEL"] = where.model
        if where.provider not in _COPILOT or where.own:
            names = []
            honoured = where.url is not None
            anthropic = where.dialect == "anthropic"
            env["COPILOT_PROVIDER_TYPE"] = "anthropic" if anthropic else "openai"
            env["COPILOT_PROVIDER_BASE_URL"] = where.root if anthropic else where.openai_url
            env["COPILOT_PROVIDER_API_KEY"] = where.key
            env["COPILOT_OFFLINE"] = "true"
            honoured_sampling = ("max_output_tokens",)
            if blocks.model.max_output_tokens is not None:
                env["COPILOT_PROVIDER_MAX_OUTPUT_TOKENS"] = str(blocks.model.max_output_tokens)
    return deliver_in_home(
        _ID,
        blocks,
        command,
        prompt_file="copilot-instructions.md",
        skills_folder="skills",
        names=names,
        env=env,
        links=[("config.json", str(user / "config.json"))],
        session=SessionPlan(stdio_mcp=False),
        honoured=honoured,
        missing=missing,
        sampling=honoured_sampling,
    )


COPILOT = AgentRow(
    id=_ID,
    name="GitHub Copilot",
    commands=("copilot",),
    args=("--acp",),
    deliver=deliver,
    minimum=(1,),
    install="npm install -g @github/copilot",
    login="Run `copilot login` in a terminal, or set GH_TOKEN and restart the server.",
    noise=(r"Info: [^\n]*", r"Warning: No token count multiplier is known for [^\n]*"),
)
