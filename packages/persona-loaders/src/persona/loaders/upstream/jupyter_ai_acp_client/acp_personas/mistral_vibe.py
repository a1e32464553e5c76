"""Mistral Vibe, for classes that build on it."""

from persona.loaders.upstream.jupyter_ai_acp_client.acp_personas._known import KnownAcpPersona


class MistralVibeAcpPersona(KnownAcpPersona):
    """Mistral Vibe, by our engine ``mistral-vibe-acp``."""

    engine = "mistral-vibe-acp"
    agent = "Mistral Vibe"
    program = ("vibe-acp",)
