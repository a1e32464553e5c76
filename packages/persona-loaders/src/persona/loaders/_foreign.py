"""Recognises files that were written for another tool, by their keys."""

from __future__ import annotations

from dataclasses import dataclass

from persona.core import did_you_mean
from persona.loaders._nodes import Node
from persona.loaders._report import Refused, short
from persona.loaders._schema import blocks

_OURS = {"engine", "context", "identity", "options", "enabled", "formerly"}
"""Keys that say that the file was written for us, whatever else stands in it."""

_LOOK_AT = 30
"""Keys that are compared with ours; a file with more is not worth the time."""

_HOW = "Write the name and the description under identity:"
_MODEL = "the model as `model: provider/model`"
_MCP = "MCP servers as mcp_servers under context:"


@dataclass(frozen=True, slots=True)
class _Tool:
    """A kind of file of another tool.

    Attributes:
        name: What to call it.
        sure: Keys that only this tool has, or nearly.
        likely: Keys that it shares with others.
        fix: How to write it as a persona.
        needs: Keys that every such file has.
    """

    name: str
    sure: frozenset[str]
    likely: frozenset[str]
    fix: str
    needs: frozenset[str] = frozenset()


def _tool(name: str, sure: str, likely: str, fix: str, needs: str = "") -> _Tool:
    words = (frozenset(text.split()) for text in (sure, likely, needs))
    sure_, likely_, needs_ = words
    return _Tool(name, sure_, likely_, fix, needs_)


_TOOLS = (
    _tool(
        "a Claude Code agent",
        "permissionMode disallowedTools maxTurns initialPrompt isolation background",
        "name description tools model mcpServers hooks memory skills color effort",
        f"{_HOW}, {_MODEL} and {_MCP}; drop the rest. The text below can stay.",
        "name description",
    ),
    _tool(
        "a VS Code agent",
        "argument-hint handoffs target infer user-invocable user-invokable mcp-servers agents",
        "name description tools model disable-model-invocation mode",
        f"{_HOW}, {_MODEL} and {_MCP}; drop the rest. The text below can stay.",
    ),
    _tool(
        "an OpenCode agent",
        "permission maxSteps",
        "description mode model temperature top_p tools prompt disable hidden steps color variant",
        f"{_HOW}, {_MODEL}, temperature and top_p under model:, {_MCP}. The text below can stay.",
    ),
    _tool(
        "an Agent Skill",
        "allowed-tools compatibility",
        "name description license metadata disable-model-invocation version author",
        "A skill is not a persona: save it as <name>/SKILL.md and name that folder in skills "
        "under context: of a persona.",
        "name description",
    ),
    _tool(
        "a Gemini agent",
        "timeout_mins max_turns kind",
        "name description tools mcpServers model temperature",
        f"{_HOW}, {_MODEL} and {_MCP}. The text below can stay.",
        "name description",
    ),
    _tool(
        "a Roo Code or Kilo Code mode",
        "customModes roleDefinition whenToUse customInstructions",
        "slug name groups source description",
        "Write the name under identity:, and roleDefinition and customInstructions as the text "
        "below the front matter.",
    ),
    _tool(
        "a Goose recipe",
        "sub_recipes activities extensions",
        "title description instructions prompt parameters settings response retry version",
        "Write the title under identity: and the instructions as the text below the front matter.",
    ),
    _tool(
        "a Docker agent",
        "toolsets sub_agents welcome_message add_prompt_files num_history_items",
        "instruction description model commands max_iterations fallback handoffs",
        f"{_HOW}, {_MODEL}, and the instruction as the text below the front matter.",
    ),
    _tool(
        "a Codex agent",
        "developer_instructions nickname_candidates sandbox_mode model_reasoning_effort",
        "name description model mcp_servers web_search",
        f"{_HOW}, {_MODEL}, and the instructions as the text below the front matter.",
    ),
    _tool(
        "a Cursor rule",
        "alwaysApply globs",
        "description",
        "A rule is not a persona; keep its text and give it a model and an identity.",
    ),
    _tool(
        "a persona of another tool (OpenClaw, SOUL.md or alike)",
        "soul skillbase vibe creature openclaw emoji backstory personality system",
        "name description tools version author license tags triggers role tone goals traits",
        f"{_HOW}, {_MODEL}; tone, role and rules as the text below the front matter.",
    ),
)


def foreign(root: Node) -> Refused | None:
    """Return the one finding for a file of another tool, or None for one of ours."""
    members = root.members
    theirs = [key for key in members if key not in blocks()[""]]
    if not theirs or _OURS & members.keys() or _is_our_model(members.get("model")):
        return None
    tool = max(_TOOLS, key=lambda tool: _score(tool, members, theirs))
    if _score(tool, members, theirs) >= 3:
        name, fix = tool.name, tool.fix
    elif len([k for k in theirs[:_LOOK_AT] if not _is_misplaced(k)]) >= 2:
        name = "a file of another tool"
        fix = f"{_HOW}, {_MODEL}; the text below the front matter is the prompt."
    else:
        return None
    line, column = root.place_of(theirs[0])
    return Refused(
        "P204", f"This looks like {name}; {_list(theirs)} not known here.", fix,
        line=line, column=column,
    )  # fmt: skip


def _score(tool: _Tool, members: dict[str, Node], theirs: list[str]) -> int:
    if not tool.needs <= members.keys():
        return 0
    shared = sum(1 for key in members if key in tool.likely)
    score = 3 * sum(1 for key in theirs if key in tool.sure) + shared
    if not any(
        key in tool.sure or key in tool.likely
        for key in theirs[:_LOOK_AT]
        if not _is_misplaced(key)
    ):
        return 0
    tools, model = members.get("tools"), members.get("model")
    if tool.name == "an OpenCode agent" and tools is not None and tools.keys is not None:
        score += 3
    if tool.name == "a Claude Code agent" and model is not None:
        score += 2 if model.data in ("haiku", "sonnet", "opus", "inherit") else 0
    if tool.name == "a VS Code agent" and model is not None:
        score += 2 if isinstance(model.data, list) or "(copilot)" in str(model.data) else 0
    return score


def _is_our_model(model: Node | None) -> bool:
    return model is not None and model.keys is not None


def _is_misplaced(key: str) -> bool:
    """Whether the key is one of ours in the wrong place, or misspelt."""
    known = {name for names in blocks().values() for name in names}
    if key == "tools":  # close to tool_preset, and never meant for it
        return False
    return key in known or (len(key) <= 60 and did_you_mean(key, known) is not None)


def _list(keys: list[str]) -> str:
    shown = [short(key, 30) for key in keys[:6]]
    more = f" and {len(keys) - 6} more" if len(keys) > 6 else ""
    if len(shown) == 1:
        return f"the key {shown[0]} is"
    if more:
        return f"the keys {', '.join(shown)}{more} are"
    return f"the keys {', '.join(shown[:-1])} and {shown[-1]} are"
