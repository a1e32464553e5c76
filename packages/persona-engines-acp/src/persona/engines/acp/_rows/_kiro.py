"""Kiro: its configuration cannot be moved, so prompt and skills come with the first message."""

from __future__ import annotations

from persona.engines.acp._plan import Blocks, ConfigChoice, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import delivery, ignored_sampling, joined, launch, prompt_of
from persona.engines.acp._rows._skills import catalogue, skill_folders

_ID = "kiro-acp"


def deliver(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what Kiro is given. It offers its own models only, at its own address."""
    skills = skill_folders(blocks.context.skills_paths)
    model = blocks.model
    own = model is not None and model.model_url is not None
    chosen: tuple[ConfigChoice, ...] = ()
    if model is not None and not own:
        chosen = (ConfigChoice("model", model.model, also=(model.model_id,)),)
    return delivery(
        launch(_ID, blocks, command, names=["AWS_*", "KIRO_*"]),
        SessionPlan(choices=chosen, preamble=joined(prompt_of(blocks), catalogue(skills))),
        model="ignored" if own else "requested",
        system_prompt="requested",
        mcp_servers="requested",
        skills="requested",
        options="requested",
        ignored=ignored_sampling(model),
    )


KIRO = AgentRow(
    id=_ID,
    name="Kiro",
    commands=("kiro-cli",),
    args=("acp",),
    deliver=deliver,
    install="curl -fsSL https://cli.kiro.dev/install | bash",
    login="Run `kiro-cli login` in a terminal.",
)
