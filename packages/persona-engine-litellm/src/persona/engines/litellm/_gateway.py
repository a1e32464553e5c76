"""Lets litellm work beside version 1 of the MCP SDK, which it does not ask for by name."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType

_GATEWAY = "litellm.responses.mcp.litellm_proxy_mcp_handler"


class _NoGateway:
    """Stands in for litellm's own way to MCP servers, which the engine does not use."""

    @staticmethod
    def should_use_litellm_mcp_gateway(tools: object) -> bool:
        return False


def replace_unusable_gateway() -> None:
    """Replace litellm's gateway to MCP servers if it cannot be imported.

    litellm imports it for every call with tools, and from 1.106 on it needs version 2 of the
    SDK. For `Client`, in a thread, once litellm is imported.
    """
    if find_spec("mcp_types") is not None:  # comes with version 2
        return
    try:
        importlib.import_module(_GATEWAY)
    except ImportError:
        module = ModuleType(_GATEWAY)
        vars(module)["LiteLLM_Proxy_MCP_Handler"] = _NoGateway
        sys.modules[_GATEWAY] = module
