"""The web application of a stdio MCP server, with the MCP SDK before 2.0."""

from __future__ import annotations

import importlib
from typing import Any


def load_sdk() -> None:
    """Import what is used here of it and of what comes with it."""
    importlib.import_module("mcp.server.streamable_http_manager")
    importlib.import_module("starlette.applications")


def application(session: Any, started: Any, path: str) -> Any:
    """Return an ASGI application that answers with what ``session`` is answered.

    Args:
        session: A client session with the server.
        started: What the server said of itself.
        path: Path at which it is served.
    """
    http: Any = importlib.import_module("mcp.server.streamable_http_manager")
    security: Any = importlib.import_module("mcp.server.transport_security")
    starlette: Any = importlib.import_module("starlette.applications")
    routing: Any = importlib.import_module("starlette.routing")
    manager = http.StreamableHTTPSessionManager(
        app=_server(session, started),
        security_settings=security.TransportSecuritySettings(
            allowed_hosts=["127.0.0.1:*"], allowed_origins=["http://127.0.0.1:*"]
        ),
    )
    return starlette.Starlette(
        routes=[routing.Route(path, endpoint=_Endpoint(manager))],
        lifespan=lambda _: manager.run(),
    )


class _Endpoint:
    """An ASGI application of its own: a route would take a function for another kind."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._manager.handle_request(scope, receive, send)


def _server(session: Any, started: Any) -> Any:
    lowlevel: Any = importlib.import_module("mcp.server.lowlevel")
    types: Any = importlib.import_module("mcp.types")
    info, offered = started.serverInfo, started.capabilities
    server = lowlevel.Server(info.name, version=info.version, instructions=started.instructions)

    def pass_on(asked: Any, answered: Any) -> None:
        # Not with the decorators: they check and rebuild what others have checked and built.
        async def handler(request: Any) -> Any:
            params = request.params
            if params is not None:
                # What this holds is between the agent and the bridge: a token for progress.
                params = params.model_copy(update={"meta": None})
            # Not the same again: it holds the number that the agent gave it.
            anew = types.ClientRequest(asked(method=request.method, params=params))
            return types.ServerResult(await session.send_request(anew, answered))

        server.request_handlers[asked] = handler

    if offered.tools is not None:
        pass_on(types.ListToolsRequest, types.ListToolsResult)
        pass_on(types.CallToolRequest, types.CallToolResult)
    if offered.prompts is not None:
        pass_on(types.ListPromptsRequest, types.ListPromptsResult)
        pass_on(types.GetPromptRequest, types.GetPromptResult)
    if offered.resources is not None:
        pass_on(types.ListResourcesRequest, types.ListResourcesResult)
        pass_on(types.ListResourceTemplatesRequest, types.ListResourceTemplatesResult)
        pass_on(types.ReadResourceRequest, types.ReadResourceResult)
    return server
