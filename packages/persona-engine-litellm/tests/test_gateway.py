"""litellm beside a version of the MCP SDK that it does not work with."""

import subprocess
import sys

_CALL_WITH_TOOLS = """
import sys
hidden = dict.fromkeys(("mcp", "mcp.types", "mcp_types"))
sys.modules.update(hidden)
from persona.engines.litellm import _client
_client._warm_up(_client._import(), [_client._NO_TOOL])
print("answered")
"""


def test_call_with_tools_is_answered_when_litellm_cannot_use_the_mcp_sdk():
    command = [sys.executable, "-W", "ignore", "-c", _CALL_WITH_TOOLS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == ["answered"], done.stderr
