import json
import os

from jupyter_ai_acp_client.base_acp_persona import BaseAcpPersona
from jupyter_ai_persona_manager import PersonaDefaults


class EnvAgentPersona(BaseAcpPersona):
    """Gives its agent an environment, and waits for something before that."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, executable=json.loads(os.environ["CORPUS_AGENT"]), **kwargs)
        self.waited = False

    @property
    def defaults(self) -> PersonaDefaults:
        return PersonaDefaults(
            name="Env-Agent", description="Has an environment", avatar_path="", system_prompt="unused"
        )

    async def before_agent_subprocess(self) -> None:
        self.waited = True

    async def _init_agent_subprocess(self, env=None):
        env = {**os.environ, "CORPUS_MARK": f"marked-{self.waited}"}
        return await super()._init_agent_subprocess(env=env)
