import os

from jupyter_ai_jupyternaut.jupyternaut.jupyternaut import JupyternautPersona
from jupyter_ai_persona_manager import PersonaDefaults


def word_count(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


async def shout(text: str, marks: int = 1) -> str:
    """Say a text loudly.

    Args:
        text: What to say.
        marks: How many exclamation marks.
    """
    return text.upper() + "!" * marks


class ToolboxPersona(JupyternautPersona):
    """Jupyternaut with tools of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.used = 0

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Toolbox", description="Has two tools", avatar_path="", system_prompt="Use your tools."
        )

    async def get_tools(self):
        return [word_count, shout]

    def _resolve_model(self):
        return "openai/tools", {"api_base": os.environ["CORPUS_MODEL_URL"], "api_key": "none"}
