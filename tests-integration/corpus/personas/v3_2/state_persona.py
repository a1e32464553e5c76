from jupyter_ai_persona_manager import (
    BasePersona,
    CommandOption,
    ModelConfiguration,
    PersonaDefaults,
    Usage,
)


class StatePersona(BasePersona):
    """Writes its state by attribute."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="State", description="Has a state", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        self.state.model = ModelConfiguration(current="m")
        self.state.usage = Usage(total_tokens=7, cost_amount=0.5, cost_currency="USD")
        self.state.slash_commands = [CommandOption(name="/x")]
        self.state.settings = []
        self.send_message(
            f"{self.state.model.current} {self.state.usage.total_tokens} "
            f"{self.state.slash_commands[0].name} {self.state.processing}"
        )
