"""What differs between the agents, as the tests see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from persona.testing import RecordedRequest, ScriptedLLM, ToolCall

Write = Callable[[Path, str], ToolCall]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One agent.

    Attributes:
        name: Its name in `install.PACKAGES`.
        engine: The engine's id.
        provider: What stands before the slash of a model's id.
        models: Two models that it may be asked for.
        address: Which address of the scripted LLM it is given.
        write: Makes the tool call that writes a text to a file.
        echo: Gives the calls, one after the other, with which its LLM reaches the tool
            `echo_NAME` of the MCP server of that name.
        rejected: Whether the model goes on after somebody rejected a tool.
        env: Variables that only the tests need.
    """

    name: str
    engine: str
    provider: str = "openai"
    models: tuple[str, str] = ("fake-1", "fake-2")
    address: Literal["url", "root_url"] = "url"
    write: Write
    echo: Callable[[str], tuple[ToolCall, ...]]
    rejected: bool = True
    env: Mapping[str, str] | None = None

    def is_turn(self, request: RecordedRequest) -> bool:
        """Whether a request is a turn: agents ask without tools for titles."""
        return len(request.tools) > 3

    def script_echo(self, llm: ScriptedLLM, mark: str, server: str, reply: str) -> None:
        """Let the model call the server's tool when it reads `mark`, then reply."""
        rule = llm.on(text=mark, when=self.is_turn)
        for call in self.echo(server):
            rule.tool_calls([call])
        rule.reply(reply)

    def script_write(self, llm: ScriptedLLM, mark: str, file: Path, reply: str) -> None:
        """Let the model write `mark` to a file when it reads `mark`, then reply."""
        call = self.write(file, mark)
        llm.on(text=mark, when=self.is_turn).tool_calls([call]).reply(reply)


def _call(name: str, path: str, content: str) -> Write:
    return lambda file, text: {"name": name, "arguments": {path: str(file), content: text}}


def _echo(name: str, *, search: str = "") -> Callable[[str], tuple[ToolCall, ...]]:
    def calls(server: str) -> tuple[ToolCall, ...]:
        tool = name.format(server=server)
        call: ToolCall = {"name": tool, "arguments": {"text": f"pong-{server}"}}
        if not search:
            return (call,)
        return ({"name": search, "arguments": {"query": f"select:{tool}"}}, call)

    return calls


def _program(server: str) -> tuple[ToolCall, ...]:
    # Vibe's model writes a program that calls the tools.
    call = f"tools.mcp_{server}.echo_{server}({{text: 'pong-{server}'}})"
    code = f"async function main() {{ return await {call} }}"
    return ({"name": "run_typescript", "arguments": {"code": code}},)


def _shell(file: Path, text: str) -> ToolCall:
    # Codex asks only for what does not fit into its sandbox.
    return {
        "name": "exec_command",
        "arguments": {
            "cmd": f"printf %s {text} > '{file}'",
            "sandbox_permissions": "require_escalated",
            "justification": "to write",
        },
    }


def _profile(
    name: str,
    write: Write,
    echo: Callable[[str], tuple[ToolCall, ...]],
    *,
    engine: str = "",
    **more: Any,
) -> Profile:
    return Profile(name=name, engine=engine or f"{name}-acp", write=write, echo=echo, **more)


GEMINI_MODELS = ("gemini-2.5-flash", "gemini-2.5-pro")
PROFILES = {
    profile.name: profile
    for profile in (
        _profile(
            "opencode",
            _call("write", "filePath", "content"),
            _echo("{server}_echo_{server}"),
            rejected=False,
        ),
        _profile(
            "claude",
            _call("Write", "file_path", "content"),
            _echo("mcp__{server}__echo_{server}"),
            provider="anthropic",
            address="root_url",
        ),
        _profile("codex", _shell, _echo("mcp__{server}__echo_{server}"), rejected=False),
        _profile(
            "gemini",
            _call("write_file", "file_path", "content"),
            _echo("mcp_{server}_echo_{server}"),
            provider="gemini",
            models=GEMINI_MODELS,
            address="root_url",
        ),
        _profile("goose", _call("write", "path", "content"), _echo("{server}__echo_{server}")),
        _profile(
            "copilot",
            _call("create", "path", "file_text"),
            _echo("{server}-echo_{server}"),
            rejected=False,
        ),
        _profile(
            "qwen",
            _call("write_file", "file_path", "content"),
            _echo("mcp__{server}__echo_{server}", search="tool_search"),
        ),
        _profile(
            "kilo",
            _call("write", "filePath", "content"),
            _echo("{server}_echo_{server}"),
            rejected=False,
        ),
        _profile("kiro", _call("fs_write", "path", "content"), _echo("{server}_echo_{server}")),
        _profile(
            "vibe", _call("write_file", "path", "content"), _program, engine="mistral-vibe-acp"
        ),
    )
}
