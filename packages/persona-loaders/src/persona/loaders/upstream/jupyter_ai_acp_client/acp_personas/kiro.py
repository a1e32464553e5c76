"""Kiro, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class KiroAcpPersona(KnownAcpPersona):
    """Kiro, by our engine ``kiro-acp``."""

    engine = "kiro-acp"
    agent = "Kiro"
    program = ("kiro-cli", "acp")
