"""Goose, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class GooseAcpPersona(KnownAcpPersona):
    """Goose, by our engine ``goose-acp``."""

    engine = "goose-acp"
    agent = "Goose"
    program = ("goose", "acp")
