from jupyter_ai_jupyternaut.jupyternaut.jupyternaut import JupyternautPersona
from jupyter_ai_jupyternaut.jupyternaut.toolkits.notebook import toolkit as nb_toolkit
from jupyter_ai_persona_manager import PersonaDefaults


class ToolkitsPersona(JupyternautPersona):
    """Uses Jupyternaut's own toolkits, which are not here."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Toolkits", description="Edits notebooks", avatar_path="", system_prompt=""
        )

    async def get_tools(self):
        return list(nb_toolkit)
