"""Any other agent: what all agents share, and nothing that only some do."""

from __future__ import annotations

from persona.engines.acp._options import AnyAgentOptions
from persona.engines.acp._plan import Blocks, ConfigChoice, Delivery, SessionPlan
from persona.engines.acp._row import AgentRow
from persona.engines.acp._rows._build import delivery, ignored_sampling, joined, launch, prompt_of
from persona.engines.acp._rows._skills import catalogue, skill_folders

_ID = "acp"


def deliver_any(blocks: Blocks, command: tuple[str, ...]) -> Delivery:
    """Return what an agent of any make is given. A row of your own may begin with it.

    Prompt and skills come with the first message, MCP servers with the session. The model is
    chosen if the agent offers a choice; another address for it can be given by
    ``options.env`` alone, in the agent's own variables.
    """
    options = blocks.options
    if isinstance(options, AnyAgentOptions):
        command = (*(command or (options.command,)), *options.args)
    skills = skill_folders(blocks.context.skills_paths)
    model = blocks.model
    own = model is not None and model.model_url is not None
    chosen: tuple[ConfigChoice, ...] = ()
    if model is not None and not own:
        chosen = (ConfigChoice("model", model.model_id, also=(model.model,)),)
    return delivery(
        launch(_ID, blocks, command),
        SessionPlan(choices=chosen, preamble=joined(prompt_of(blocks), catalogue(skills))),
        model="ignored" if own else "requested",
        system_prompt="requested",
        mcp_servers="requested",
        skills="requested",
        options="requested",
        ignored=ignored_sampling(model),
    )


ANY_AGENT = AgentRow(
    id=_ID,
    name="The agent",
    commands=(),
    deliver=deliver_any,
    version_args=(),
)
