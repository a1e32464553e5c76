"""Copilot, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class CopilotAcpPersona(KnownAcpPersona):
    """Copilot, by our engine ``copilot-acp``."""

    engine = "copilot-acp"
    agent = "Copilot"
    program = ("copilot", "--acp", "--stdio")
