"""Engine ``litellm``: any model that LiteLLM speaks to, with MCP tools and Agent Skills."""

from persona.engines.litellm._engine import LiteLLMEngine
from persona.engines.litellm._options import LiteLLMOptions

__all__ = ["LiteLLMEngine", "LiteLLMOptions"]
