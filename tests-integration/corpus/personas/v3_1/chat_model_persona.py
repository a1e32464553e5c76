import re

from jupyter_ai_jupyternaut.jupyternaut.chat_models import ChatLiteLLM
from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from langchain_core.messages import HumanMessage, SystemMessage


class ChatModelPersona(BasePersona):
    """Commands first; else the model of Jupyternaut's settings, through LangChain's interface."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Chat-Model",
            description="Commands and a model",
            avatar_path="",
            system_prompt="You are a tutor.",
            model_uid="openai/scripted",
        )

    async def process_message(self, message):
        body = re.sub(r"^(?:\s*@[\w-]+)+\s*", "", message.body or "")
        try:
            if body == "help":
                self.send_message("There is no help.")
                return
            cfg = self.parent.serverapp.web_app.settings.get("jupyternaut.config_manager")
            model_id = getattr(cfg, "chat_model", None)
            if not model_id:
                self.send_message("Pick a model first.")
                return
            model = ChatLiteLLM(**cfg.chat_model_args, model=model_id, streaming=True)

            async def chunks():
                asked = [
                    SystemMessage(content=self.system_prompt),
                    HumanMessage(content=f"langchain: {body}"),
                ]
                async for chunk in model.astream(asked):
                    yield chunk.content

            await self.stream_message(chunks())
        except Exception as e:
            self.send_message(f"Error: {e}")
