"""Gemini, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class GeminiAcpPersona(KnownAcpPersona):
    """Gemini, by our engine ``gemini-acp``."""

    engine = "gemini-acp"
    agent = "Gemini"
    program = ("gemini", "--experimental-acp")
