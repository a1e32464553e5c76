"""Stands in for the package of this name: personas that are an agent's program."""

from persona.loaders.upstream.jupyter_ai_acp_client.base_acp_persona import BaseAcpPersona
from persona.loaders.upstream.jupyter_ai_acp_client.default_acp_client import JaiAcpClient

__version__ = "0.3.0+personas"

__all__ = ["BaseAcpPersona", "JaiAcpClient"]
