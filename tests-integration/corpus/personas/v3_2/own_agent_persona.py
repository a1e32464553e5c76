import os

from jupyter_ai_jupyternaut.jupyternaut.chat_models import ChatLiteLLM
from jupyter_ai_jupyternaut.jupyternaut.jupyternaut import JupyternautPersona
from jupyter_ai_persona_manager import PersonaDefaults
from langchain.agents import create_agent


class OwnAgentPersona(JupyternautPersona):
    """Builds an agent of its own with LangChain, which is not installed here."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Own-Agent", description="Builds its agent", avatar_path="", system_prompt=""
        )

    def _resolve_model(self):
        return "openai/scripted", {"api_base": os.environ["CORPUS_MODEL_URL"], "api_key": "none"}

    async def get_agent(self, model_id, model_args, system_prompt):
        model = ChatLiteLLM(**model_args, model=model_id, streaming=True)
        return create_agent(model, system_prompt=system_prompt, tools=await self.get_tools())
