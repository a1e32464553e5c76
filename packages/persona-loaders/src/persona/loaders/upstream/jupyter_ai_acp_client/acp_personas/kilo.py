"""Kilo, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class KiloAcpPersona(KnownAcpPersona):
    """Kilo, by our engine ``kilo-acp``."""

    engine = "kilo-acp"
    agent = "Kilo"
    program = ("kilo", "acp")
