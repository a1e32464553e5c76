import asyncio
import os
from dataclasses import replace

from jupyter_ai_jupyternaut.jupyternaut.jupyternaut import JupyternautPersona
from jupyter_ai_persona_manager import ModelConfiguration, ModelOption, PersonaDefaults


class MentorPersona(JupyternautPersona):
    """Changes the message before Jupyternaut sees it, and offers one model."""

    _hint = None

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Mentor",
            description="Gives hints",
            avatar_path="",
            system_prompt="(built for each message)",
        )

    def _build_model_configuration(self):
        return ModelConfiguration(options=[ModelOption(id="openai/scripted", name="Ours")], settings=[])

    def _resolve_model(self):
        fields = self._read_config_fields().get("openai/scripted", {})
        return "openai/scripted", {
            **fields,
            "api_base": os.environ["CORPUS_MODEL_URL"],
            "api_key": "none",
        }

    async def get_tools(self):
        return []

    def get_system_prompt(self, *args, **kwargs):
        return f"MENTOR-PROMPT hint={self._hint}"

    async def process_message(self, message):
        self._hint = await asyncio.to_thread(lambda: "look at the plot")
        await super().process_message(replace(message, body="a better question"))
