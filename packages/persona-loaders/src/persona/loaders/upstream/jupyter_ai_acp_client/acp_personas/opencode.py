"""OpenCode, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class OpenCodeAcpPersona(KnownAcpPersona):
    """OpenCode, by our engine ``opencode-acp``."""

    engine = "opencode-acp"
    agent = "OpenCode"
    program = ("opencode", "acp")
