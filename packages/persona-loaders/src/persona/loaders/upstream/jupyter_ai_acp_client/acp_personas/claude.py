"""Claude, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class ClaudeAcpPersona(KnownAcpPersona):
    """Claude, by our engine ``claude-acp``."""

    engine = "claude-acp"
    agent = "Claude"
    program = ("claude-agent-acp",)
