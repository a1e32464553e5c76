"""What differs between the agents, as the tests see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="opencode",
            engine="opencode-acp",
            write=_call("write", "filePath", "content"),
            echo=_echo("{server}_echo_{server}"),
            rejected=False,
        ),
        Profile(
            name="claude",
            engine="claude-acp",
            provider="anthropic",
            address="root_url",
            write=_call("Write", "file_path", "content"),
            echo=_echo("mcp__{server}__echo_{server}"),
        ),
        Profile(
            name="codex",
            engine="codex-acp",
            write=_shell,
            echo=_echo("mcp__{server}__echo_{server}"),
            rejected=False,
        ),
        Profile(
            name="gemini",
            engine="gemini-acp",
            provider="gemini",
            models=("gemini-2.5-flash", "gemini-2.5-pro"),
            address="root_url",
            write=_call("write_file", "file_path", "content"),
            echo=_echo("mcp_{server}_echo_{server}"),
        ),
        Profile(
            name="goose",
            engine="goose-acp",
            write=_call("write", "path", "content"),
            echo=_echo("{server}__echo_{server}"),
        ),
        Profile(
            name="copilot",
            engine="copilot-acp",
            write=_call("create", "path", "file_text"),
            echo=_echo("{server}-echo_{server}"),
            rejected=False,
        ),
        Profile(
            name="qwen",
            engine="qwen-acp",
            write=_call("write_file", "file_path", "content"),
            echo=_echo("mcp__{server}__echo_{server}", search="tool_search"),
        ),
        Profile(
            name="kilo",
            engine="kilo-acp",
            write=_call("write", "filePath", "content"),
            echo=_echo("{server}_echo_{server}"),
            rejected=False,
        ),
        Profile(
            name="kiro",
            engine="kiro-acp",
            write=_call("fs_write", "path", "content"),
            echo=_echo("{server}_echo_{server}"),
        ),
        Profile(
            name="vibe",
            engine="mistral-vibe-acp",
            write=_call("write_file", "path", "content"),
            echo=_program,
        ),
    )
}
