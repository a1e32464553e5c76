import os
from pathlib import Path

from jupyter_ai_jupyternaut.jupyternaut.jupyternaut import (
    JUPYTERNAUT_AVATAR_PATH,
    JupyternautPersona,
)
from jupyter_ai_persona_manager import PersonaDefaults

RULES = Path(__file__).resolve().parent / "course_rules.md"


class CoursePersona(JupyternautPersona):
    """Jupyternaut with the rules of a course."""

    defaults = PersonaDefaults(
        name="Course",
        description="Jupyternaut for a course",
        avatar_path=JUPYTERNAUT_AVATAR_PATH,
        system_prompt="You are the assistant of a course.",
    )

    def _resolve_model(self):
        return "openai/scripted", {"api_base": os.environ["CORPUS_MODEL_URL"], "api_key": "none"}

    def get_system_prompt(self, model_id, message):
        base = super().get_system_prompt(model_id=model_id, message=message)
        return f"{base}\n\n{RULES.read_text(encoding='utf-8')}"
