"""Tools to test personas and persona engines.

What needs an optional package lives in a module of its own, imported by name:
`persona.testing.chat` (jupyterlab-chat) and `persona.testing.mcp_server` (mcp).
"""

from persona.testing._acp import ScriptedAgent
from persona.testing._ask import Ask
from persona.testing._engine import ScriptedEngine
from persona.testing._gate import Gate
from persona.testing._llm import ScriptedLLM
from persona.testing._llm_answer import ToolCall
from persona.testing._llm_request import RecordedRequest
from persona.testing._llm_rule import Rule
from persona.testing._mcp import McpHttpServer, mcp_server_command

__all__ = [
    "Ask",
    "Gate",
    "McpHttpServer",
    "RecordedRequest",
    "Rule",
    "ScriptedAgent",
    "ScriptedEngine",
    "ScriptedLLM",
    "ToolCall",
    "mcp_server_command",
]
