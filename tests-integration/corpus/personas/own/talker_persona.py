from persona.loaders.python import BasePersona, PersonaDefaults


class TalkerPersona(BasePersona):
    """Only says what it is; its model answers."""

    defaults = PersonaDefaults(
        name="Talker", description="Talks", system_prompt="TALKER-PROMPT"
    )
    model = "openai/scripted"
