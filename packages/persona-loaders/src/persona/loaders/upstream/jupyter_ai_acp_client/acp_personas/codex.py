"""Codex, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class CodexAcpPersona(KnownAcpPersona):
    """Codex, by our engine ``codex-acp``."""

    engine = "codex-acp"
    agent = "Codex"
    program = ("codex-acp",)
