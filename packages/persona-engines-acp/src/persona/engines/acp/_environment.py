"""What an agent's process gets of the server's environment: little, and said here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from persona.core import McpServer, McpServerHttp, McpServerStdio, PersonaContext, expand_env
from persona.engines.acp._options import AcpOptions

_NAMES = frozenset(
    {
        "ALL_PROXY", "APPDATA", "COLORTERM", "COMSPEC", "CURL_CA_BUNDLE", "DISPLAY", "HOME",
        "HOMEDRIVE", "HOMEPATH", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LANGUAGE",
        "LD_LIBRARY_PATH", "LOCALAPPDATA", "LOGNAME", "NIX_SSL_CERT_FILE",
        "NODE_EXTRA_CA_CERTS", "NO_PROXY", "PATH", "PATHEXT", "PROGRAMDATA",
        "PROGRAMFILES", "REQUESTS_CA_BUNDLE", "SHELL", "SSH_AUTH_SOCK", "SSL_CERT_DIR",
        "SSL_CERT_FILE", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TERM", "TMP", "TMPDIR", "TZ",
        "USER", "USERNAME", "USERPROFILE", "WAYLAND_DISPLAY", "WINDIR", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
    }
)  # fmt: skip


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of ``environ`` that every agent gets: folders, language, proxies.

    Keys and tokens are not in it; what an agent needs of them its row or the option
    ``env`` names.
    """
    return {
        name: value
        for name, value in environ.items()
        if name.upper() in _NAMES or name.startswith("LC_")
    }


def with_folder_first(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return ``environ`` with ``folder`` at the beginning of its ``PATH``.

    The first line of many agents asks for a program, node for example, that lies beside
    them but not on a server's own ``PATH``.
    """
    parts = environ.get("PATH", os.defpath).split(os.pathsep)
    if str(folder) in parts:
        return dict(environ)
    return {**environ, "PATH": os.pathsep.join((str(folder), *parts))}


def expanded_options(options: AcpOptions, environ: Mapping[str, str]) -> AcpOptions:
    """Return the options with ``${NAME}`` in ``env`` replaced.

    Raises:
        KeyError: A variable is not set; its name is the argument.
    """
    if not options.env:
        return options
    env = {name: expand_env(value, environ) for name, value in options.env.items()}
    return options.model_copy(update={"env": env})


def expanded_context(context: PersonaContext, environ: Mapping[str, str]) -> PersonaContext:
    """Return the context with ``${NAME}`` in the MCP servers replaced.

    Raises:
        KeyError: A variable is not set; its name is the argument.
    """
    if not context.mcp_servers:
        return context
    servers = [_expanded(server, environ) for server in context.mcp_servers]
    return context.model_copy(update={"mcp_servers": servers})


def _expanded(server: McpServer, environ: Mapping[str, str]) -> McpServer:
    match server:
        case McpServerStdio():
            env = {name: expand_env(value, environ) for name, value in server.env.items()}
            args = [expand_env(arg, environ) for arg in server.args]
            command = expand_env(server.command, environ)
            return server.model_copy(update={"command": command, "args": args, "env": env})
        case McpServerHttp():
            headers = {name: expand_env(value, environ) for name, value in server.headers.items()}
            url = expand_env(server.url, environ)
            return server.model_copy(update={"url": url, "headers": headers})
        case _:
            return server
