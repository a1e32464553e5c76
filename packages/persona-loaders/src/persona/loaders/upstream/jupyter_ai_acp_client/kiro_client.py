"""The client of Jupyter AI for Kiro, for classes that name it."""

from __future__ import annotations

from persona.loaders.upstream.jupyter_ai_acp_client.default_acp_client import JaiAcpClient


class KiroAcpClient(JaiAcpClient):
    """Stands in for the client; the engine ``kiro-acp`` reads what only Kiro says."""
